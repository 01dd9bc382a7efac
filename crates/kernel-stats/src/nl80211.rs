//! Wireless interfaces, the stations that they talk to and the network that they are part of, as nl80211 tells them over
//! generic netlink: the answers to dumps of `NL80211_CMD_GET_{INTERFACE,STATION,SCAN}`.
//! Source: include/uapi/linux/nl80211.h.

use std::time::Duration;

use crate::ParseError;
use crate::netlink::{Block, attributes, error, messages};

const CMD_NEW_INTERFACE: u8 = 7;
const CMD_NEW_STATION: u8 = 19;
const CMD_NEW_SCAN_RESULTS: u8 = 34;

const ATTR_IFINDEX: u16 = 3;
const ATTR_IFNAME: u16 = 4;
const ATTR_MAC: u16 = 6;
const ATTR_STA_INFO: u16 = 21;
const ATTR_WIPHY_FREQ: u16 = 38;
const ATTR_BSS: u16 = 47;

const STA_INFO_INACTIVE_TIME: u16 = 1;
const STA_INFO_RX_BYTES: u16 = 2;
const STA_INFO_TX_BYTES: u16 = 3;
const STA_INFO_SIGNAL: u16 = 7;
const STA_INFO_TX_BITRATE: u16 = 8;
const STA_INFO_RX_PACKETS: u16 = 9;
const STA_INFO_TX_PACKETS: u16 = 10;
const STA_INFO_TX_RETRIES: u16 = 11;
const STA_INFO_TX_FAILED: u16 = 12;
const STA_INFO_RX_BITRATE: u16 = 14;
const STA_INFO_CONNECTED_TIME: u16 = 16;
const STA_INFO_BEACON_LOSS: u16 = 18;
const STA_INFO_RX_BYTES64: u16 = 23;
const STA_INFO_TX_BYTES64: u16 = 24;

const RATE_INFO_BITRATE: u16 = 1;
const RATE_INFO_BITRATE32: u16 = 5;
/// The unit of rates, in bits a second.
const RATE_UNIT: u64 = 100_000;

const BSS_BSSID: u16 = 1;
const BSS_INFORMATION_ELEMENTS: u16 = 6;
const BSS_STATUS: u16 = 9;
/// The information element of IEEE 802.11 that holds the network's name.
const ELEMENT_SSID: u8 = 0;

/// One wireless interface.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Interface {
    /// The interface's number, by which the kernel is asked for more. Source: `NL80211_ATTR_IFINDEX`.
    pub index: u32,
    /// Its name; empty for those that are no network devices, such as P2P devices. Source: `NL80211_ATTR_IFNAME`.
    pub name: String,
    /// What its channel is tuned to, in MHz; 0 while it has none. Source: `NL80211_ATTR_WIPHY_FREQ`.
    pub frequency_mhz: u32,
}

/// A station that an interface talks to: a client's access point, or an access point's client. What a driver does not
/// tell is 0.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Station {
    /// Its hardware address. Source: `NL80211_ATTR_MAC`.
    pub address: Vec<u8>,
    /// Time since it connected, in whole seconds. Source: `NL80211_STA_INFO_CONNECTED_TIME`.
    pub connected: Duration,
    /// Time since it was last active, in milliseconds. Source: `NL80211_STA_INFO_INACTIVE_TIME`.
    pub inactive: Duration,
    /// Bytes received from it. Source: `NL80211_STA_INFO_RX_BYTES64`, else `…_RX_BYTES`.
    pub received_bytes: u64,
    /// Bytes sent to it. Source: `NL80211_STA_INFO_TX_BYTES64`, else `…_TX_BYTES`.
    pub transmitted_bytes: u64,
    /// Packets received from it. Source: `NL80211_STA_INFO_RX_PACKETS`.
    pub received_packets: u64,
    /// Packets sent to it. Source: `NL80211_STA_INFO_TX_PACKETS`.
    pub transmitted_packets: u64,
    /// The rate of what it sends, in bits a second. Source: `NL80211_STA_INFO_RX_BITRATE`.
    pub receive_bitrate: u64,
    /// The rate of what it is sent, in bits a second. Source: `NL80211_STA_INFO_TX_BITRATE`.
    pub transmit_bitrate: u64,
    /// Strength of the last signal from it, in dBm. Source: `NL80211_STA_INFO_SIGNAL`.
    pub signal_dbm: i64,
    /// Packets that were sent to it again. Source: `NL80211_STA_INFO_TX_RETRIES`.
    pub transmit_retries: u64,
    /// Packets that could not be sent to it. Source: `NL80211_STA_INFO_TX_FAILED`.
    pub transmit_failed: u64,
    /// How often its beacons were lost. Source: `NL80211_STA_INFO_BEACON_LOSS`.
    pub beacon_loss: u64,
}

/// The network, or basic service set, that an interface is part of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bss {
    /// The network's name. Source: the first element of `NL80211_BSS_INFORMATION_ELEMENTS` that holds it.
    pub ssid: String,
    /// The access point's hardware address. Source: `NL80211_BSS_BSSID`.
    pub bssid: Vec<u8>,
    /// A number of `enum nl80211_bss_status`. Source: `NL80211_BSS_STATUS`.
    pub status: u32,
}

/// Parses the answer to a dump of `NL80211_CMD_GET_INTERFACE`, in the kernel's order.
///
/// # Errors
/// When the bytes are not whole messages of whole attributes, or a name is not UTF-8.
pub fn parse_interfaces(bytes: &[u8]) -> Result<Vec<Interface>, ParseError> {
    parse(bytes, CMD_NEW_INTERFACE, |body| interface(body).map(Some))
}

/// Parses the answer to a dump of `NL80211_CMD_GET_STATION` for one interface, in the kernel's order.
///
/// # Errors
/// When the bytes are not whole messages of whole attributes.
pub fn parse_stations(bytes: &[u8]) -> Result<Vec<Station>, ParseError> {
    parse(bytes, CMD_NEW_STATION, station)
}

/// Parses the answer to a dump of `NL80211_CMD_GET_SCAN` for one interface: of the networks that it saw the one that it
/// is part of, `None` when there is none.
///
/// # Errors
/// When the bytes are not whole messages of whole attributes and information elements.
pub fn parse_bss(bytes: &[u8]) -> Result<Option<Bss>, ParseError> {
    Ok(parse(bytes, CMD_NEW_SCAN_RESULTS, bss)?.into_iter().next())
}

fn parse<T>(
    bytes: &[u8],
    wanted: u8,
    what: impl Fn(&[u8]) -> Result<Option<T>, ParseError>,
) -> Result<Vec<T>, ParseError> {
    let mut found = Vec::new();
    for message in messages(bytes) {
        match message?.command()? {
            Some((command, body)) if command == wanted => found.extend(what(body)?),
            _ => {}
        }
    }
    Ok(found)
}

fn interface(body: &[u8]) -> Result<Interface, ParseError> {
    let mut interface = Interface::default();
    for attribute in attributes(body) {
        let attribute = attribute?;
        match attribute.kind {
            ATTR_IFINDEX => interface.index = number(&attribute)?,
            ATTR_IFNAME => attribute.text()?.clone_into(&mut interface.name),
            ATTR_WIPHY_FREQ => interface.frequency_mhz = number(&attribute)?,
            _ => {}
        }
    }
    Ok(interface)
}

/// `None` for a message that tells no more than that the station is there.
fn station(body: &[u8]) -> Result<Option<Station>, ParseError> {
    let mut station = Station::default();
    let mut is_told = false;
    for attribute in attributes(body) {
        let attribute = attribute?;
        match attribute.kind {
            ATTR_MAC => station.address = attribute.body.to_vec(),
            ATTR_STA_INFO => {
                is_told = true;
                station.read(attribute.body)?;
            }
            _ => {}
        }
    }
    Ok(is_told.then_some(station))
}

impl Station {
    fn read(&mut self, info: &[u8]) -> Result<(), ParseError> {
        let (mut received_bytes, mut transmitted_bytes) = (None, None);
        for attribute in attributes(info) {
            let attribute = attribute?;
            let number = || number(&attribute).map(u64::from);
            match attribute.kind {
                STA_INFO_INACTIVE_TIME => self.inactive = Duration::from_millis(number()?),
                STA_INFO_CONNECTED_TIME => self.connected = Duration::from_secs(number()?),
                STA_INFO_RX_BYTES => self.received_bytes = number()?,
                STA_INFO_TX_BYTES => self.transmitted_bytes = number()?,
                STA_INFO_RX_BYTES64 => received_bytes = attribute.u64(),
                STA_INFO_TX_BYTES64 => transmitted_bytes = attribute.u64(),
                STA_INFO_RX_PACKETS => self.received_packets = number()?,
                STA_INFO_TX_PACKETS => self.transmitted_packets = number()?,
                STA_INFO_RX_BITRATE => self.receive_bitrate = bitrate(attribute.body)?,
                STA_INFO_TX_BITRATE => self.transmit_bitrate = bitrate(attribute.body)?,
                STA_INFO_TX_RETRIES => self.transmit_retries = number()?,
                STA_INFO_TX_FAILED => self.transmit_failed = number()?,
                STA_INFO_BEACON_LOSS => self.beacon_loss = number()?,
                // The kernel's `u8` stands for a signed number.
                STA_INFO_SIGNAL => self.signal_dbm = attribute.body.first().map_or(0, |dbm| dbm.cast_signed().into()),
                _ => {}
            }
        }
        self.received_bytes = received_bytes.unwrap_or(self.received_bytes);
        self.transmitted_bytes = transmitted_bytes.unwrap_or(self.transmitted_bytes);
        Ok(())
    }
}

/// The rate in bits a second, of the attribute of 32 bits where the kernel has it: that of 16 bits ends at 6.5 Gbit/s.
fn bitrate(rate: &[u8]) -> Result<u64, ParseError> {
    let (mut short, mut long) = (None, None);
    for attribute in attributes(rate) {
        let attribute = attribute?;
        match attribute.kind {
            RATE_INFO_BITRATE => short = attribute.u16().map(u64::from),
            RATE_INFO_BITRATE32 => long = attribute.u32().map(u64::from),
            _ => {}
        }
    }
    Ok(long.or(short).unwrap_or(0) * RATE_UNIT)
}

/// `None` for a network that was only seen: just the interface's own has a status.
fn bss(body: &[u8]) -> Result<Option<Bss>, ParseError> {
    let mut bss = Bss::default();
    let mut status = None;
    for attribute in attributes(body) {
        let attribute = attribute?;
        if attribute.kind != ATTR_BSS {
            continue;
        }
        for attribute in attributes(attribute.body) {
            let attribute = attribute?;
            match attribute.kind {
                BSS_BSSID => bss.bssid = attribute.body.to_vec(),
                BSS_STATUS => status = Some(number(&attribute)?),
                BSS_INFORMATION_ELEMENTS => bss.ssid = ssid(attribute.body)?,
                _ => {}
            }
        }
    }
    Ok(status.map(|status| Bss { status, ..bss }))
}

/// The name in a row of information elements, each of which has a number, a length and so many bytes. Names may be any
/// bytes; what is not UTF-8 becomes U+FFFD.
fn ssid(elements: &[u8]) -> Result<String, ParseError> {
    let mut rest = elements;
    while let [element, length, behind @ ..] = rest {
        let Some((value, next)) = behind.split_at_checked((*length).into()) else {
            return Err(error("whole information elements", rest));
        };
        if *element == ELEMENT_SSID {
            return Ok(String::from_utf8_lossy(value).into_owned());
        }
        rest = next;
    }
    Ok(String::new())
}

fn number(attribute: &Block<'_>) -> Result<u32, ParseError> {
    attribute
        .u32()
        .ok_or_else(|| error("a number of 32 bits", attribute.body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netlink::testing::{attribute, message};

    const FAMILY: u16 = 0x1c;

    fn number(kind: u16, number: u32) -> Vec<u8> {
        attribute(kind, &number.to_ne_bytes())
    }

    fn answer(command: u8, body: &[u8]) -> Vec<u8> {
        message(FAMILY, &[&[command, 1, 0, 0][..], body].concat())
    }

    #[test]
    fn interfaces_have_names_or_none() {
        let wlan0 = [number(3, 4), attribute(4, b"wlan0\0"), number(5, 2), number(38, 2412)].concat();
        let p2p = [number(5, 10), attribute(6, &[2, 0, 0, 0, 0, 1])].concat();
        let bytes = [answer(7, &wlan0), answer(7, &p2p), message(3, &[0; 4])].concat();
        let expected = Interface {
            index: 4,
            name: "wlan0".to_owned(),
            frequency_mhz: 2412,
        };
        assert_eq!(parse_interfaces(&bytes), Ok(vec![expected, Interface::default()]));
    }

    #[test]
    fn a_station_tells_what_was_exchanged_with_it() {
        let rate = |mbit: u32| attribute(1, &(mbit * 10).to_ne_bytes()[..2]);
        let info = [
            number(1, 400),
            number(2, u32::MAX),
            number(3, 2),
            attribute(7, &[0xcc]),
            attribute(0x8000 | 8, &[rate(164), number(5, 70_000)].concat()),
            number(9, 9),
            number(10, 10),
            number(11, 11),
            number(12, 12),
            attribute(0x8000 | 14, &rate(128)),
            number(16, 30),
            number(18, 18),
            attribute(23, &23_000_000_000_u64.to_ne_bytes()),
        ]
        .concat();
        let body = [attribute(6, &[1, 2, 3, 4, 5, 6]), attribute(0x8000 | 21, &info)].concat();
        let expected = Station {
            address: vec![1, 2, 3, 4, 5, 6],
            connected: Duration::from_secs(30),
            inactive: Duration::from_millis(400),
            received_bytes: 23_000_000_000,
            transmitted_bytes: 2,
            received_packets: 9,
            transmitted_packets: 10,
            receive_bitrate: 128_000_000,
            transmit_bitrate: 7_000_000_000,
            signal_dbm: -52,
            transmit_retries: 11,
            transmit_failed: 12,
            beacon_loss: 18,
        };
        let untold = answer(19, &attribute(6, &[7; 6]));
        let bytes = [answer(19, &body), untold, answer(20, &body)].concat();
        assert_eq!(parse_stations(&bytes), Ok(vec![expected]));
    }

    fn seen(bssid: u8, status: Option<u32>, elements: &[u8]) -> Vec<u8> {
        let mut bss = [attribute(1, &[bssid; 6]), attribute(6, elements)].concat();
        bss.extend(status.map(|status| number(9, status)).unwrap_or_default());
        answer(34, &attribute(0x8000 | 47, &bss))
    }

    #[test]
    fn of_the_networks_seen_the_own_one_is_told() {
        let bytes = [
            seen(1, None, b"\0\x05other"),
            seen(2, Some(1), b"\x01\x02\x82\x84\0\x04home\0\x01x"),
            seen(3, Some(2), b"\0\x05later"),
        ]
        .concat();
        let expected = Bss {
            ssid: "home".to_owned(),
            bssid: vec![2; 6],
            status: 1,
        };
        assert_eq!(parse_bss(&bytes), Ok(Some(expected)));
        assert_eq!(parse_bss(&seen(1, None, b"\0\x05other")), Ok(None));
    }

    #[test]
    fn network_names_may_be_any_bytes_or_hidden() {
        for (elements, name) in [
            (&b"\0\x02\xffa"[..], "\u{fffd}a"),
            (b"\0\0", ""),
            (b"", ""),
            (b"\x01\x01\x82", ""),
        ] {
            assert_eq!(parse_bss(&seen(1, Some(0), elements)).unwrap().unwrap().ssid, name);
        }
    }

    #[test]
    fn cut_numbers_and_elements_are_errors() {
        let error = parse_bss(&seen(1, Some(0), b"\x01\x05ab")).unwrap_err();
        assert_eq!(
            error.to_string(),
            r#"expected whole information elements, found "\u{1}\u{5}ab""#
        );
        let error = parse_interfaces(&answer(7, &attribute(38, b"ab"))).unwrap_err();
        assert_eq!(error.to_string(), r#"expected a number of 32 bits, found "ab""#);
    }

    #[test]
    fn the_fixture_has_every_kind_of_answer() {
        let bytes = include_bytes!("../fixtures/nl80211");
        assert_eq!(parse_interfaces(bytes).unwrap()[0].name, "wlan0");
        assert_eq!(parse_stations(bytes).unwrap()[0].signal_dbm, -52);
        assert_eq!(parse_bss(bytes).unwrap().unwrap().ssid, "Example");
    }
}
