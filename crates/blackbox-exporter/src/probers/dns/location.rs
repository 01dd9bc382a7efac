//! LOC records (RFC 1876): where on earth.

use super::wire::{Wire, WireError};

/// Thousandths of a second of arc in a degree.
const DEGREE: u32 = 3_600_000;
const MINUTE: u32 = 60_000;
/// Equator and prime meridian.
const ORIGIN: u32 = 1 << 31;
/// Metres below the zero of altitudes.
const DEPTH: f64 = 100_000.0;

/// Writes a place: latitude, longitude, altitude, size and precisions. Fields that are missing are zero.
///
/// # Errors
/// When the data end in the middle of a field.
pub(crate) fn write(data: &mut Wire<'_>) -> Result<String, WireError> {
    let (_version, size) = (byte(data)?, byte(data)?);
    let (horizontal, vertical) = (byte(data)?, byte(data)?);
    let (latitude, longitude, altitude) = (number(data)?, number(data)?, number(data)?);
    Ok(format!(
        "{} {} {}m {}m {}m {}m",
        angle(latitude, "N", "S"),
        angle(longitude, "E", "W"),
        metres(altitude),
        length(size),
        length(horizontal),
        length(vertical)
    ))
}

fn byte(data: &mut Wire<'_>) -> Result<u8, WireError> {
    if data.is_empty() { Ok(0) } else { data.u8() }
}

fn number(data: &mut Wire<'_>) -> Result<u32, WireError> {
    if data.is_empty() { Ok(0) } else { data.u32() }
}

fn angle(value: u32, above: &str, below: &str) -> String {
    let (side, arc) = match value > ORIGIN {
        true => (above, value - ORIGIN),
        false => (below, ORIGIN - value),
    };
    let seconds = f64::from(arc % MINUTE) / 1000.0;
    format!("{:02} {:02} {seconds:.3} {side}", arc / DEGREE, arc % DEGREE / MINUTE)
}

fn metres(altitude: u32) -> String {
    let metres = f64::from(altitude) / 100.0 - DEPTH;
    match altitude % 100 {
        0 => format!("{metres:.0}"),
        _ => format!("{metres:.2}"),
    }
}

/// A power of ten centimetres with its factor, in metres.
fn length(byte: u8) -> String {
    let (factor, power) = (byte >> 4, byte & 0xf);
    match power {
        0 => format!("0.{factor:02}"),
        1 => format!("0.{:02}", factor * 10),
        _ => format!("{factor}{}", "0".repeat(usize::from(power) - 2)),
    }
}
