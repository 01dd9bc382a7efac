//! Where a bus listens: `unix:path=/run/dbus/system_bus_socket`, several of them with `;` between.
//! <https://dbus.freedesktop.org/doc/dbus-specification.html#addresses>

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use rustix::net::SocketAddrUnix;

/// A socket that may be a bus's, with its address as written.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) name: String,
    pub(super) socket: SocketAddrUnix,
}

/// The places of an address, in the order in which they are to be tried.
///
/// # Errors
/// When one of them is no socket of this machine.
pub(super) fn parse(address: &str) -> Result<Vec<Place>, String> {
    let one = |text: &str| {
        let socket = socket(text).ok_or_else(|| {
            format!("D-Bus address {address:?}: expected unix:path=… or unix:abstract=…, found {text:?}")
        })?;
        Ok(Place {
            name: text.to_owned(),
            socket,
        })
    };
    address.split(';').filter(|text| !text.is_empty()).map(one).collect()
}

fn socket(text: &str) -> Option<SocketAddrUnix> {
    let mut pairs = text.strip_prefix("unix:")?.split(',');
    // Other keys, such as guid, do not say where.
    let (key, value) = pairs.find_map(|pair| {
        pair.split_once('=')
            .filter(|(key, _)| ["path", "abstract"].contains(key))
    })?;
    let value = unescape(value)?;
    match key {
        "path" => SocketAddrUnix::new(OsStr::from_bytes(&value)).ok(),
        _ => SocketAddrUnix::new_abstract_name(&value).ok(),
    }
}

/// `%2d` stands for the byte 0x2d.
fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut parts = text.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_paths_and_abstract_names() {
        let places = parse("unix:path=/run/a%20b,guid=12;unix:guid=1,abstract=/tmp/x;").unwrap();
        assert_eq!(places.len(), 2);
        assert_eq!(places[0].socket.path_bytes(), Some(&b"/run/a b"[..]));
        assert_eq!(places[1].socket.abstract_name(), Some(&b"/tmp/x"[..]));
        assert_eq!(places[1].name, "unix:guid=1,abstract=/tmp/x");
    }

    #[test]
    fn other_addresses_are_named() {
        for address in [
            "tcp:host=a,port=1",
            "unix:",
            "unix:tmpdir=/tmp",
            "/run/dbus",
            "unix:path=%2",
            "unix:path=%é",
        ] {
            let error = parse(address).unwrap_err();
            assert!(error.ends_with(&format!("found {address:?}")), "{error}");
        }
        assert!(parse(&format!("unix:path=/{}", "x".repeat(200))).is_err());
    }
}
