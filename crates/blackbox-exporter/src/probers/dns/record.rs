//! One record of an answer, as text: `name`, TTL, class, type and data, separated by tabs.

use super::wire::{Wire, WireError};
use super::{edns, layout, rdata, registry};

/// A record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    /// Its type.
    pub(crate) kind: u16,
    /// Seconds that it may be kept; of OPT, flags.
    pub(crate) ttl: u32,
    /// The serial number of a zone, for SOA.
    pub(crate) serial: Option<u32>,
    /// How it is written.
    pub(crate) text: String,
}

struct Head {
    name: String,
    kind: u16,
    class: u16,
    ttl: u32,
}

impl Record {
    /// Reads the next record of a message.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn parse(wire: &mut Wire<'_>) -> Result<Self, WireError> {
        let mut name = String::new();
        wire.name(&mut name)?;
        let (kind, class, ttl) = (wire.u16()?, wire.u16()?, wire.u32()?);
        let length = wire.u16()?;
        let mut data = wire.part(usize::from(length))?;
        let head = Head { name, kind, class, ttl };
        let serial = match kind {
            registry::SOA => Some(serial(data)),
            _ => None,
        };
        let text = head.write(&mut data)?;
        match data.is_empty() {
            true => Ok(Self {
                kind,
                ttl,
                serial,
                text,
            }),
            false => Err(WireError::Rdata),
        }
    }
}

/// The serial number in the data of an SOA record; 0 if it is missing.
fn serial(mut data: Wire<'_>) -> u32 {
    let mut name = String::new();
    let mut number = || {
        data.name(&mut name)?;
        data.name(&mut name)?;
        data.u32()
    };
    number().unwrap_or(0)
}

impl Head {
    fn write(&self, data: &mut Wire<'_>) -> Result<String, WireError> {
        let Self { name, kind, class, ttl } = self;
        if *kind == registry::OPT {
            return edns::write(*class, *ttl, data);
        }
        let Some(fields) = layout::layout(*kind) else {
            let rest = data.rest();
            let hex = data_encoding::HEXLOWER.encode(rest);
            return Ok(format!(
                "{name}\t{ttl}\tCLASS{class}\tTYPE{kind}\t\\# {} {hex}",
                rest.len()
            ));
        };
        let before = layout::before(*kind);
        let (class, kind) = (registry::class_name(*class), registry::type_name(*kind));
        let head = format!("{before}{name}\t{ttl}\t{class}\t{kind}\t");
        rdata::write(fields, data, head)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Records on the wire, and what upstream's program makes of them; see the head of the file.
    const CAPTURED: &str = include_str!("../../../fixtures/dns_records.txt");

    #[test]
    fn every_type_is_written_as_upstream_writes_it() {
        let mut wrong = Vec::new();
        let lines = CAPTURED.lines().filter(|line| !line.starts_with('#'));
        for line in lines.clone() {
            let mut parts = line.splitn(3, " | ");
            let (label, wire) = (parts.next().expect("label"), parts.next().expect("wire"));
            let expected = parts.next().expect("text");
            let wire = data_encoding::HEXLOWER.decode(wire.as_bytes()).expect("hex");
            let found = match Record::parse(&mut Wire::new(&wire)) {
                Ok(record) => format!("{:?}", record.text),
                Err(_) => "error".to_owned(),
            };
            if found != expected {
                wrong.push(format!("{label}:\n  expected {expected}\n  found    {found}"));
            }
        }
        assert!(lines.count() > 250, "the fixture is incomplete");
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn no_cut_or_changed_record_panics() {
        for line in CAPTURED.lines().filter(|line| !line.starts_with('#')) {
            let wire = line.split(" | ").nth(1).expect("wire");
            let wire = data_encoding::HEXLOWER.decode(wire.as_bytes()).expect("hex");
            for place in 0..wire.len() {
                // What comes of it does not matter.
                drop(Record::parse(&mut Wire::new(wire.get(..place).expect("shorter"))));
                for value in [0, 1, 0x3f, 0x7f, 0x80, 0xc0, 0xff] {
                    let mut changed = wire.clone();
                    *changed.get_mut(place).expect("a place") = value;
                    drop(Record::parse(&mut Wire::new(&changed)));
                }
            }
        }
    }

    #[test]
    fn a_zone_has_a_serial_number() {
        let soa = b"\0\0\x06\0\x01\0\0\0\0\0\x16\0\0\x78\xa3\xb4\xc1\0\0\0\x01\0\0\0\x02\0\0\0\x03\0\0\0\x04";
        let record = Record::parse(&mut Wire::new(soa)).expect("an SOA record");
        assert_eq!(record.serial, Some(0x78a3_b4c1));
        let empty = b"\0\0\x06\0\x01\0\0\0\0\0\0";
        assert_eq!(
            Record::parse(&mut Wire::new(empty)).map(|record| record.serial),
            Ok(Some(0))
        );
    }
}
