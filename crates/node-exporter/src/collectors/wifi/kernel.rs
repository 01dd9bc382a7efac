//! What nl80211 answers. It is there once a driver of a wireless device is loaded.

use std::io;

use exporter_toolkit::collector::CollectError;
use kernel_stats::ParseError;
use kernel_stats::nl80211::{parse_bss, parse_interfaces, parse_stations};
use rustix::io::Errno;
use rustix::net::netlink::GENERIC;

use super::Wireless;
use crate::netlink::{attribute, dump_from, failed, family, generic};

const GET_INTERFACE: u8 = 5;
const GET_STATION: u8 = 17;
const GET_SCAN: u8 = 32;
const ATTR_IFINDEX: u16 = 3;

/// All wireless interfaces that are network devices.
///
/// # Errors
/// `NoData` when no wireless driver is loaded.
pub(super) fn read() -> Result<Vec<Wireless>, CollectError> {
    let mut answer = Vec::new();
    let family = family("nl80211", &mut answer).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => CollectError::NoData("no wireless driver is loaded".into()),
        _ => failed("nl80211", &error),
    })?;
    let interfaces = ask(family, GET_INTERFACE, None, &mut answer, parse_interfaces)?;
    let mut all = Vec::new();
    for interface in interfaces.unwrap_or_default() {
        if interface.name.is_empty() {
            continue;
        }
        let index = Some(interface.index);
        all.push(Wireless {
            bss: ask(family, GET_SCAN, index, &mut answer, parse_bss)?.flatten(),
            stations: ask(family, GET_STATION, index, &mut answer, parse_stations)?.unwrap_or_default(),
            interface,
        });
    }
    Ok(all)
}

/// The whole answer to one command, of one interface or of all; `None` when there is none to have: the interface has
/// gone, or its driver does not tell.
fn ask<T>(
    family: u16,
    command: u8,
    interface: Option<u32>,
    answer: &mut Vec<u8>,
    parse: impl FnOnce(&[u8]) -> Result<T, ParseError>,
) -> Result<Option<T>, CollectError> {
    let of_interface = interface.map(|index| attribute(ATTR_IFINDEX, &index.to_ne_bytes()));
    let question = generic(command, &of_interface.unwrap_or_default());
    match dump_from(Some(GENERIC), family, &question, answer) {
        Ok(()) => match parse(answer) {
            Ok(parsed) => Ok(Some(parsed)),
            Err(error) => Err(CollectError::failed(format!("parsing an answer of nl80211: {error}"))),
        },
        Err(error) if is_usual(&error) => Ok(None),
        Err(error) => Err(failed("wireless interfaces", &error)),
    }
}

fn is_usual(error: &io::Error) -> bool {
    const USUAL: [Errno; 6] = [
        Errno::AFNOSUPPORT,
        Errno::NETDOWN,
        Errno::NODEV,
        Errno::NOENT,
        Errno::OPNOTSUPP,
        Errno::PROTONOSUPPORT,
    ];
    Errno::from_io_error(error).is_some_and(|error| USUAL.contains(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_without_wireless_drivers_has_no_data() {
        match read() {
            Ok(found) => assert!(found.iter().all(|wireless| !wireless.interface.name.is_empty())),
            Err(error) => assert!(matches!(error, CollectError::NoData(_)), "{error}"),
        }
    }
}
