//! The data of records, written as upstream's library writes them, field by field. Data that end between two fields are
//! well-formed: the fields that are missing are zero, or empty.

use std::net::{Ipv4Addr, Ipv6Addr};

use data_encoding::{BASE32HEX_NOPAD, BASE64, HEXLOWER, HEXUPPER};

use super::layout::Field;
use super::wire::{Byte, Wire, WireError, next_byte, push_printable, push_text_byte};
use super::{location, registry, service};

/// Appends the fields to the head of a record.
///
/// # Errors
/// When the data are of another form.
pub(crate) fn write(layout: &[Field], data: &mut Wire<'_>, head: String) -> Result<String, WireError> {
    let mut text = Text {
        out: head,
        begun: false,
    };
    // Of comments the data begin with a space, but for the one that has nothing but its bytes.
    if text.out.starts_with([';', '\n']) && layout.len() > 1 {
        text.out.push(' ');
    }
    for field in layout {
        text.field(*field, data)?;
    }
    Ok(text.out)
}

/// The text of a record while it is written.
pub(crate) struct Text {
    out: String,
    /// Whether there is an item, perhaps an empty one, which the next is set off from.
    begun: bool,
}

/// A number, or zero where the data have ended.
macro_rules! number {
    ($data:expr, $read:ident) => {
        if $data.is_empty() { 0 } else { $data.$read()? }
    };
}

impl Text {
    /// Begins the next item.
    fn next(&mut self) -> &mut String {
        if self.begun {
            self.out.push(' ');
        }
        self.begun = true;
        &mut self.out
    }

    /// Appends an item.
    pub(crate) fn item(&mut self, item: impl std::fmt::Display) {
        self.next().push_str(&item.to_string());
    }

    /// Appends a name, or nothing but the space where the data have ended.
    fn name(&mut self, data: &mut Wire<'_>) -> Result<(), WireError> {
        let out = self.next();
        match data.is_empty() {
            true => Ok(()),
            false => data.name(out),
        }
    }

    fn quoted(&mut self, text: &[u8]) {
        self.next().push('"');
        text.iter().for_each(|byte| push_text_byte(&mut self.out, *byte));
        self.out.push('"');
    }

    fn field(&mut self, field: Field, data: &mut Wire<'_>) -> Result<(), WireError> {
        match field {
            Field::U8 => self.item(number!(data, u8)),
            Field::U16 => self.item(number!(data, u16)),
            Field::U32 => self.item(number!(data, u32)),
            Field::Name => self.name(data)?,
            Field::Text => self.quoted(string(data)?),
            Field::Bare => {
                let out = self.next();
                string(data)?.iter().for_each(|byte| push_text_byte(out, *byte));
            }
            Field::Texts => {
                while !data.is_empty() {
                    self.quoted(data.string()?);
                }
            }
            Field::Octets => self.octets(data.rest()),
            Field::Raw => self.item(String::from_utf8_lossy(data.rest())),
            Field::Type => self.item(registry::type_name(number!(data, u16))),
            Field::Types => self.types(data)?,
            Field::Date => self.item(date(u64::from(number!(data, u32)))),
            Field::LongDate => self.item(date(number!(data, u48))),
            Field::CertificateKind => self.item(certificate_kind(number!(data, u16))),
            Field::Algorithm => self.item(algorithm(number!(data, u8))),
            _ => return self.other(field, data),
        }
        Ok(())
    }

    fn other(&mut self, field: Field, data: &mut Wire<'_>) -> Result<(), WireError> {
        match field {
            Field::HexUpper => self.item(HEXUPPER.encode(data.rest())),
            Field::HexLower => self.item(HEXLOWER.encode(data.rest())),
            Field::HexChunks => self.chunks(data.rest()),
            Field::Base64 => self.item(BASE64.encode(data.rest())),
            Field::Ipv4 if !data.is_empty() => self.item(Ipv4Addr::from(data.u32()?)),
            Field::Ipv6 if !data.is_empty() => self.item(ipv6(data)?),
            Field::NodeId => self.item(groups(number!(data, u64))),
            Field::Locator => self.item(groups(number!(data, u64)).to_uppercase()),
            Field::Eui48 => self.item(dashed(&number!(data, u48).to_be_bytes()[2..])),
            Field::Eui64 => self.item(dashed(&number!(data, u64).to_be_bytes())),
            Field::Salt => match sized(data)? {
                [] => self.item("-"),
                salt => self.item(HEXUPPER.encode(salt)),
            },
            Field::Hash => {
                let hash = sized(data)?;
                self.item(BASE32HEX_NOPAD.encode(hash));
            }
            Field::SizedHexUpper => self.sized_hex(data, &HEXUPPER)?,
            Field::SizedHexLower => self.sized_hex(data, &HEXLOWER)?,
            Field::Prefixes => self.prefixes(data)?,
            Field::Location => self.item(location::write(data)?),
            Field::Service => service::write(data, self)?,
            Field::Hip => self.hip(data)?,
            Field::Gateway => self.gateway(data)?,
            Field::Relay => self.relay(data)?,
            _ => {}
        }
        Ok(())
    }

    fn names(&mut self, data: &mut Wire<'_>) -> Result<(), WireError> {
        while !data.is_empty() {
            self.name(data)?;
        }
        Ok(())
    }

    /// Escapes in it are read before it is written, as upstream does.
    fn octets(&mut self, mut octets: &[u8]) {
        self.next().push('"');
        while let Some((byte, rest)) = next_byte(octets) {
            match byte {
                Byte::Escaped(b'.') if octets.get(1) == Some(&b'.') => self.out.push_str("\\."),
                Byte::Plain(byte) | Byte::Escaped(byte) => push_text_byte(&mut self.out, byte),
            }
            octets = rest;
        }
        self.out.push('"');
    }

    fn chunks(&mut self, data: &[u8]) {
        match data {
            [] => self.item(""),
            _ => data.chunks(512).for_each(|chunk| self.item(HEXLOWER.encode(chunk))),
        }
    }

    fn sized_hex(&mut self, data: &mut Wire<'_>, base: &data_encoding::Encoding) -> Result<(), WireError> {
        let size = number!(data, u16);
        self.item(size);
        let bytes = if data.is_empty() {
            &[]
        } else {
            data.bytes(usize::from(size))?
        };
        self.item(base.encode(bytes));
        Ok(())
    }

    /// RFC 4034 §4.1.2: blocks of 256 types, each with its number, its length, and a bit for each type.
    fn types(&mut self, data: &mut Wire<'_>) -> Result<(), WireError> {
        let mut last = None;
        while !data.is_empty() {
            let (window, bits) = (data.u8()?, data.string()?);
            if last >= Some(window) || bits.is_empty() || bits.len() > 32 {
                return Err(WireError::Rdata);
            }
            last = Some(window);
            let set = |bit: &u16| {
                bits.get(usize::from(bit / 8))
                    .is_some_and(|byte| byte & (0x80 >> (bit % 8)) != 0)
            };
            for bit in (0..256).filter(set) {
                self.item(registry::type_name(u16::from(window) << 8 | bit));
            }
        }
        Ok(())
    }

    /// RFC 3123: family, prefix length, a bit for «not», and the address without the zeros at its end.
    fn prefixes(&mut self, data: &mut Wire<'_>) -> Result<(), WireError> {
        while !data.is_empty() {
            let (family, prefix, length) = (data.u16()?, data.u8()?, data.u8()?);
            let not = if length & 0x80 != 0 { "!" } else { "" };
            let part = data.bytes(usize::from(length & 0x7f))?;
            let (mut v4, mut v6) = ([0; 4], [0; 16]);
            let (address, most): (&mut [u8], u8) = match family {
                1 => (&mut v4, 32),
                2 => (&mut v6, 128),
                _ => return Err(WireError::Rdata),
            };
            // Zeros at the end are left out (RFC 3123 §4); where they are not, the record is malformed.
            if prefix > most || part.last() == Some(&0) {
                return Err(WireError::Rdata);
            }
            address
                .get_mut(..part.len())
                .ok_or(WireError::Rdata)?
                .copy_from_slice(part);
            match family {
                1 => self.item(format_args!("{not}1:{}/{prefix}", Ipv4Addr::from(v4))),
                _ => self.item(format_args!("{not}2:{}/{prefix}", Ipv6Addr::from(v6))),
            }
        }
        Ok(())
    }

    /// RFC 8005: the lengths come first, and are not written.
    fn hip(&mut self, data: &mut Wire<'_>) -> Result<(), WireError> {
        let tag = usize::from(number!(data, u8));
        self.item(number!(data, u8));
        let key = usize::from(number!(data, u16));
        let mut take = |count| {
            if data.is_empty() {
                Ok(&[][..])
            } else {
                data.bytes(count)
            }
        };
        self.item(HEXLOWER.encode(take(tag)?));
        self.item(BASE64.encode(take(key)?));
        self.names(data)
    }

    /// RFC 4025: precedence, kind of the gateway, algorithm, gateway, key.
    fn gateway(&mut self, data: &mut Wire<'_>) -> Result<(), WireError> {
        self.item(number!(data, u8));
        let kind = number!(data, u8);
        self.item(kind);
        self.item(number!(data, u8));
        self.host(kind, data)?;
        self.item(BASE64.encode(data.rest()));
        Ok(())
    }

    /// RFC 8777: precedence, a bit, kind of the relay, relay.
    fn relay(&mut self, data: &mut Wire<'_>) -> Result<(), WireError> {
        self.item(number!(data, u8));
        let kind = number!(data, u8);
        self.item(kind >> 7);
        self.item(kind & 0x7f);
        self.host(kind & 0x7f, data)
    }

    fn host(&mut self, kind: u8, data: &mut Wire<'_>) -> Result<(), WireError> {
        match kind {
            1 if !data.is_empty() => self.item(Ipv4Addr::from(data.u32()?)),
            2 if !data.is_empty() => self.item(ipv6(data)?),
            3 => self.name(data)?,
            1 | 2 => self.item(""),
            _ => self.item("."),
        }
        Ok(())
    }
}

fn string<'m>(data: &mut Wire<'m>) -> Result<&'m [u8], WireError> {
    if data.is_empty() { Ok(&[]) } else { data.string() }
}

/// Bytes with their count before them; none where the data have ended.
fn sized<'m>(data: &mut Wire<'m>) -> Result<&'m [u8], WireError> {
    let size = number!(data, u8);
    if data.is_empty() {
        Ok(&[])
    } else {
        data.bytes(usize::from(size))
    }
}

fn ipv6(data: &mut Wire<'_>) -> Result<Ipv6Addr, WireError> {
    let octets: [u8; 16] = data.bytes(16)?.try_into().map_err(|_| WireError::Short)?;
    Ok(Ipv6Addr::from(octets))
}

fn groups(number: u64) -> String {
    let group = |shift: u32| (number >> shift) & 0xffff;
    format!("{:04x}:{:04x}:{:04x}:{:04x}", group(48), group(32), group(16), group(0))
}

fn dashed(bytes: &[u8]) -> String {
    let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.join("-")
}

/// The civil date and time of a number of seconds since 1970.
fn date(seconds: u64) -> String {
    let (days, rest) = (seconds / 86400, seconds % 86400);
    // Years that begin in March, so that the leap day is their last; eras of 400 years. Day 0 is 0000-03-01.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = era * 400 + year + u64::from(month <= 2);
    format!(
        "{year:04}{month:02}{day:02}{:02}{:02}{:02}",
        rest / 3600,
        rest / 60 % 60,
        rest % 60
    )
}

/// RFC 4398 §2.1.
fn certificate_kind(kind: u16) -> String {
    let name = match kind {
        1 => "PKIX",
        2 => "SPKI",
        3 => "PGP",
        4 => "IPIX",
        5 => "ISPKI",
        6 => "IPGP",
        7 => "ACPKIX",
        8 => "IACPKIX",
        253 => "URI",
        254 => "OID",
        _ => return kind.to_string(),
    };
    name.to_owned()
}

fn algorithm(number: u8) -> String {
    algorithm_name(number).map_or_else(|| number.to_string(), str::to_owned)
}

/// Algorithms of DNSSEC.
pub(crate) fn algorithm_name(number: u8) -> Option<&'static str> {
    Some(match number {
        1 => "RSAMD5",
        2 => "DH",
        3 => "DSA",
        5 => "RSASHA1",
        6 => "DSA-NSEC3-SHA1",
        7 => "RSASHA1-NSEC3-SHA1",
        8 => "RSASHA256",
        10 => "RSASHA512",
        12 => "ECC-GOST",
        13 => "ECDSAP256SHA256",
        14 => "ECDSAP384SHA384",
        15 => "ED25519",
        16 => "ED448",
        252 => "INDIRECT",
        253 => "PRIVATEDNS",
        254 => "PRIVATEOID",
        _ => return None,
    })
}

/// A value of a service's parameter, or of EDNS: what a zone file would mistake is escaped.
pub(crate) fn push_parameter_byte(out: &mut String, byte: u8) {
    if matches!(byte, b'"' | b';' | b' ' | b'\\') {
        out.push('\\');
    }
    push_printable(out, byte);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_civil() {
        let cases = [
            (0, "19700101000000"),
            (951_782_400, "20000229000000"),
            (1_700_000_000, "20231114221320"),
            (4_294_967_295, "21060207062815"),
            (253_402_300_800, "100000101000000"),
        ];
        for (seconds, text) in cases {
            assert_eq!(date(seconds), text);
        }
    }
}
