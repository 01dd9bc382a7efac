//! The parameters of SVCB and HTTPS records (RFC 9460), as `key="value"`.

use std::fmt::Display;
use std::net::{Ipv4Addr, Ipv6Addr};

use data_encoding::BASE64;

use super::rdata::{Text, push_parameter_byte};
use super::wire::{Wire, WireError, push_printable};

/// A key that must not be used.
const INVALID: u16 = 65535;

/// Appends all parameters. Keys must ascend.
///
/// # Errors
/// When they do not, or a value is none of its key's.
pub(crate) fn write(data: &mut Wire<'_>, text: &mut Text) -> Result<(), WireError> {
    let mut last = None;
    while !data.is_empty() {
        let (key, length) = (data.u16()?, data.u16()?);
        let mut value = data.part(usize::from(length))?;
        if key == INVALID || last >= Some(key) {
            return Err(WireError::Rdata);
        }
        last = Some(key);
        text.item(format_args!("{}=\"{}\"", key_name(key), parameter(key, &mut value)?));
    }
    Ok(())
}

fn key_name(key: u16) -> String {
    let name = match key {
        0 => "mandatory",
        1 => "alpn",
        2 => "no-default-alpn",
        3 => "port",
        4 => "ipv4hint",
        5 => "ech",
        6 => "ipv6hint",
        7 => "dohpath",
        8 => "ohttp",
        INVALID => "",
        _ => return format!("key{key}"),
    };
    name.to_owned()
}

fn parameter(key: u16, value: &mut Wire<'_>) -> Result<String, WireError> {
    Ok(match key {
        0 => list(value, |value| Ok(key_name(value.u16()?)))?,
        1 => list(value, |value| Ok(protocol(value.string()?)))?,
        2 | 8 if value.is_empty() => String::new(),
        2 | 8 => return Err(WireError::Rdata),
        3 => {
            let port = value.u16()?;
            match value.is_empty() {
                true => port.to_string(),
                false => return Err(WireError::Rdata),
            }
        }
        4 | 6 if value.is_empty() => return Err(WireError::Rdata),
        4 => list(value, |value| Ok(Ipv4Addr::from(value.u32()?)))?,
        6 => list(value, ipv6)?,
        5 => BASE64.encode(value.rest()),
        _ => {
            let mut text = String::new();
            value
                .rest()
                .iter()
                .for_each(|byte| push_parameter_byte(&mut text, *byte));
            text
        }
    })
}

fn list<T: Display>(
    value: &mut Wire<'_>,
    mut next: impl FnMut(&mut Wire<'_>) -> Result<T, WireError>,
) -> Result<String, WireError> {
    let mut text = String::new();
    let mut separator = "";
    while !value.is_empty() {
        text.push_str(separator);
        text.push_str(&next(value)?.to_string());
        separator = ",";
    }
    Ok(text)
}

fn ipv6(value: &mut Wire<'_>) -> Result<Ipv6Addr, WireError> {
    let octets: [u8; 16] = value.bytes(16)?.try_into().map_err(|_| WireError::Short)?;
    let address = Ipv6Addr::from(octets);
    // An IPv4 address in disguise has no place here (RFC 9460 §7.3), and upstream refuses it.
    match address.to_ipv4_mapped() {
        Some(_) => Err(WireError::Rdata),
        None => Ok(address),
    }
}

/// A name of a protocol in a list (RFC 9460 §7.1.1): commas and backslashes are escaped twice.
fn protocol(name: &[u8]) -> String {
    let mut text = String::new();
    for byte in name {
        match byte {
            b',' => text.push_str(r"\\\044"),
            b'\\' => text.push_str(r"\\\092"),
            b'"' | b';' | b' ' => push_parameter_byte(&mut text, *byte),
            _ => push_printable(&mut text, *byte),
        }
    }
    text
}
