//! EDNS (RFC 6891): what a message says about itself in a record of type OPT, as upstream writes it.

use std::net::{Ipv4Addr, Ipv6Addr};

use data_encoding::HEXLOWER;

use super::rdata::algorithm_name;
use super::wire::{Wire, WireError};

/// The higher bits of the response code, in the TTL's place.
pub(crate) fn rcode(ttl: u32) -> u16 {
    u16::try_from(ttl >> 24).unwrap_or_default() << 4
}

/// Writes an OPT record: in the class' place is how large a message may be, in the TTL's are version and flags.
///
/// # Errors
/// When an option is cut.
pub(crate) fn write(class: u16, ttl: u32, data: &mut Wire<'_>) -> Result<String, WireError> {
    let version = (ttl >> 16) & 0xff;
    let mut text = format!("\n;; OPT PSEUDOSECTION:\n; EDNS: version {version}; flags:");
    for (bit, flag) in [(0x8000, " do"), (0x4000, " co")] {
        if ttl & bit != 0 {
            text.push_str(flag);
        }
    }
    text.push_str("; ");
    let rest = ttl & 0x3fff;
    if rest != 0 {
        text.push_str(&format!("MBZ: 0x{rest:04x}, "));
    }
    text.push_str(&format!("udp: {class}"));
    while !data.is_empty() {
        let (code, length) = (data.u16()?, data.u16()?);
        let mut value = data.part(usize::from(length))?;
        text.push_str("\n; ");
        text.push_str(&option(code, &mut value)?);
    }
    Ok(text)
}

fn option(code: u16, value: &mut Wire<'_>) -> Result<String, WireError> {
    Ok(match code {
        2 => lease(value)?,
        3 => identifier(value.rest()),
        4 => format!("ESU: {}", String::from_utf8_lossy(value.rest())),
        5 => format!("DNSSEC ALGORITHM UNDERSTOOD: {}", algorithms(value.rest())),
        8 => subnet(value)?,
        9 if value.is_empty() => "EXPIRE: ".to_owned(),
        9 => format!("EXPIRE: {}", value.u32()?),
        10 => format!("COOKIE: {}", HEXLOWER.encode(value.rest())),
        11 if value.is_empty() => "KEEPALIVE: use tcp keep-alive, timeout omitted".to_owned(),
        11 => format!(
            "KEEPALIVE: use tcp keep-alive, timeout {}ms",
            u32::from(value.u16()?) * 100
        ),
        12 => format!("PADDING: {}", HEXLOWER.encode(value.rest())),
        15 => error(value)?,
        _ => format!("LOCAL OPT: {code}:0x{}", HEXLOWER.encode(value.rest())),
    })
}

fn lease(value: &mut Wire<'_>) -> Result<String, WireError> {
    let lease = value.u32()?;
    let key = if value.is_empty() { 0 } else { value.u32()? };
    Ok(format!("UPDATE LEASE: {lease} {key}"))
}

fn identifier(value: &[u8]) -> String {
    let mut text = format!("NSID: {}  ", HEXLOWER.encode(value));
    for byte in value {
        text.extend(['(', char::from(*byte), ')']);
    }
    text
}

fn algorithms(value: &[u8]) -> String {
    let mut text = String::new();
    for byte in value {
        text.push(' ');
        match algorithm_name(*byte) {
            Some(name) => text.push_str(name),
            None => text.push_str(&byte.to_string()),
        }
    }
    text
}

/// RFC 7871: family, prefix length, scope, and as many bytes of the address as the prefix has.
fn subnet(value: &mut Wire<'_>) -> Result<String, WireError> {
    let (family, prefix, scope) = (value.u16()?, value.u8()?, value.u8()?);
    let bytes = value.rest();
    let mut octets = [0; 16];
    octets
        .get_mut(..bytes.len())
        .ok_or(WireError::Rdata)?
        .copy_from_slice(bytes);
    let [a, b, c, d, ..] = octets;
    let address = match family {
        0 => String::new(),
        1 => Ipv4Addr::from([a, b, c, d]).to_string(),
        2 => format!("[{}]", Ipv6Addr::from(octets)),
        _ => return Err(WireError::Rdata),
    };
    Ok(format!("SUBNET: {address}/{prefix}/{scope}"))
}

/// RFC 8914: a number, and words.
fn error(value: &mut Wire<'_>) -> Result<String, WireError> {
    let code = value.u16()?;
    let words = String::from_utf8_lossy(value.rest()).into_owned();
    Ok(match error_name(code) {
        Some(name) => format!("EDE: {code} ({name}): ({words})"),
        None => format!("EDE: {code}: ({words})"),
    })
}

fn error_name(code: u16) -> Option<&'static str> {
    const NAMES: [&str; 25] = [
        "Other",
        "Unsupported DNSKEY Algorithm",
        "Unsupported DS Digest Type",
        "Stale Answer",
        "Forged Answer",
        "DNSSEC Indeterminate",
        "DNSSEC Bogus",
        "Signature Expired",
        "Signature Not Yet Valid",
        "DNSKEY Missing",
        "RRSIGs Missing",
        "No Zone Key Bit Set",
        "NSEC Missing",
        "Cached Error",
        "Not Ready",
        "Blocked",
        "Censored",
        "Filtered",
        "Prohibited",
        "Stale NXDOMAIN Answer",
        "Not Authoritative",
        "Not Supported",
        "No Reachable Authority",
        "Network Error",
        "Invalid Data",
    ];
    NAMES.get(usize::from(code)).copied()
}
