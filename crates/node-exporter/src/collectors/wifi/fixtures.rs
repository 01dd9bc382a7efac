//! Answers of nl80211 from a folder of JSON files, as node_exporter takes them for its tests: `interfaces.json`, and
//! `<interface>/bss.json` and `<interface>/stationinfo.json`, which may be absent. Names of fields are those of the Go
//! package wifi in any case, durations are nanoseconds, bytes are Base64; what is absent is 0 or empty.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use exporter_toolkit::collector::CollectError;
use kernel_stats::nl80211::{Bss, Interface, Station};
use serde_json::Value;

use super::Wireless;

/// All interfaces with a name.
///
/// # Errors
/// `NoData` without `interfaces.json`; the path of a file that is no JSON or has a field of another kind.
pub(super) fn read(folder: &Path) -> Result<Vec<Wireless>, CollectError> {
    let path = folder.join("interfaces.json");
    let Some(interfaces) = read_file(&path, interfaces)? else {
        return Err(CollectError::NoData(format!("no {}", path.display()).into()));
    };
    let mut all = Vec::new();
    for interface in interfaces {
        if interface.name.is_empty() {
            continue;
        }
        let folder = folder.join(&interface.name);
        all.push(Wireless {
            interface,
            bss: read_file(&folder.join("bss.json"), bss)?,
            stations: read_file(&folder.join("stationinfo.json"), stations)?.unwrap_or_default(),
        });
    }
    Ok(all)
}

/// What a file holds; `None` if there is none.
fn read_file<T>(path: &Path, parse: impl FnOnce(&[u8]) -> Result<T, String>) -> Result<Option<T>, CollectError> {
    match fs::read(path) {
        Ok(bytes) => {
            let parsed = parse(&bytes).map_err(|error| format!("parsing {}: {error}", path.display()));
            Ok(Some(parsed.map_err(CollectError::failed)?))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(CollectError::failed(format!("reading {}: {error}", path.display()))),
    }
}

fn interfaces(bytes: &[u8]) -> Result<Vec<Interface>, String> {
    let interface = |object: &Object| {
        Ok(Interface {
            index: 0,
            name: object.text("name")?,
            frequency_mhz: object.number("frequency")?,
        })
    };
    list(bytes)?.iter().map(interface).collect()
}

fn bss(bytes: &[u8]) -> Result<Bss, String> {
    let object = Object(serde_json::from_slice(bytes).map_err(|error| error.to_string())?);
    Ok(Bss {
        ssid: object.text("ssid")?,
        bssid: object.bytes("bssid")?,
        status: object.number("status")?,
    })
}

fn stations(bytes: &[u8]) -> Result<Vec<Station>, String> {
    let station = |object: &Object| {
        Ok(Station {
            address: object.bytes("hardwareaddr")?,
            connected: Duration::from_nanos(object.number("connected")?),
            inactive: Duration::from_nanos(object.number("inactive")?),
            received_bytes: object.number("receivedbytes")?,
            transmitted_bytes: object.number("transmittedbytes")?,
            received_packets: object.number("receivedpackets")?,
            transmitted_packets: object.number("transmittedpackets")?,
            receive_bitrate: object.number("receivebitrate")?,
            transmit_bitrate: object.number("transmitbitrate")?,
            signal_dbm: object.number("signal")?,
            transmit_retries: object.number("transmitretries")?,
            transmit_failed: object.number("transmitfailed")?,
            beacon_loss: object.number("beaconloss")?,
        })
    };
    list(bytes)?.iter().map(station).collect()
}

fn list(bytes: &[u8]) -> Result<Vec<Object>, String> {
    let values: Vec<Value> = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    Ok(values.into_iter().map(Object).collect())
}

/// A JSON object whose fields are found in any case.
struct Object(Value);

impl Object {
    fn field<T: Default>(&self, name: &str, read: impl FnOnce(&Value) -> Option<T>) -> Result<T, String> {
        let mut fields = self.0.as_object().into_iter().flatten();
        match fields.find(|(field, _)| field.eq_ignore_ascii_case(name)) {
            Some((_, value)) => read(value).ok_or_else(|| format!("field {name}: unexpected {value}")),
            None => Ok(T::default()),
        }
    }

    fn text(&self, name: &str) -> Result<String, String> {
        self.field(name, |value| value.as_str().map(str::to_owned))
    }

    fn number<T: Default + TryFrom<i64>>(&self, name: &str) -> Result<T, String> {
        self.field(name, |value| value.as_i64()?.try_into().ok())
    }

    fn bytes(&self, name: &str) -> Result<Vec<u8>, String> {
        self.field(name, |value| base64(value.as_str()?))
    }
}

/// The bytes of a text in the standard alphabet of Base64, RFC 4648.
fn base64(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0);
    for letter in text.trim_end_matches('=').bytes() {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::root;

    #[test]
    fn files_of_an_interface_may_be_absent_and_names_of_fields_have_any_case() {
        let folder = root(&[
            (
                "interfaces.json",
                r#"[{"Name": "wlan1", "Frequency": 5180}, {"Type": 10}]"#,
            ),
            (
                "wlan1/stationinfo.json",
                r#"[{"HardwareAddr": "AQID", "Inactive": 400000000}]"#,
            ),
        ]);
        let expected = Wireless {
            interface: Interface {
                index: 0,
                name: "wlan1".to_owned(),
                frequency_mhz: 5180,
            },
            bss: None,
            stations: vec![Station {
                address: vec![1, 2, 3],
                inactive: Duration::from_millis(400),
                ..Station::default()
            }],
        };
        assert_eq!(read(folder.path()).unwrap(), [expected]);
    }

    #[test]
    fn what_is_odd_names_its_file() {
        for (file, text, part) in [
            ("interfaces.json", "[", "EOF"),
            ("interfaces.json", r#"[{"name": 1}]"#, "field name: unexpected 1"),
            ("wlan0/bss.json", r#"{"bssid": "?"}"#, "field bssid: unexpected \"?\""),
            (
                "wlan0/stationinfo.json",
                r#"[{"connected": -1}]"#,
                "field connected: unexpected -1",
            ),
        ] {
            let interfaces = ("interfaces.json", r#"[{"name": "wlan0"}]"#);
            let folder = root(&[interfaces, (file, text)]);
            let error = read(folder.path()).unwrap_err();
            assert!(matches!(error, CollectError::Failed(_)));
            let error = error.to_string();
            assert!(
                error.starts_with("parsing ") && error.contains(file) && error.contains(part),
                "{error}"
            );
        }
    }

    #[test]
    fn base64_is_decoded() {
        for (text, bytes) in [
            ("", &b""[..]),
            ("ABEiM0RV", &[0, 0x11, 0x22, 0x33, 0x44, 0x55]),
            ("+/8=", &[0xfb, 0xff]),
            ("AQ==", &[1]),
        ] {
            assert_eq!(base64(text).as_deref(), Some(bytes), "{text}");
        }
        assert_eq!(base64("A?"), None);
    }
}
