//! Files of an InfiniBand port that say a number and its meaning: `state`, `phys_state` and `rate`, in
//! /sys/class/infiniband/DEVICE/ports/PORT.
//!
//! ```text
//! 4: ACTIVE
//! ```
//!
//! ```text
//! 100 Gb/sec (4X EDR)
//! ```

use crate::ParseError;
use crate::fields::{Line, fraction, split_once, unsigned_32};

/// The number of a state, as in `state` and `phys_state`.
///
/// # Errors
/// When the file does not begin with a number and a colon.
pub fn parse_state(bytes: &[u8]) -> Result<u32, ParseError> {
    let state = bytes.trim_ascii();
    split_once(state, b':')
        .and_then(|(number, _name)| unsigned_32(number))
        .ok_or_else(|| ParseError::new(0, "a number, a colon and a name", state))
}

/// How much the port can carry, in gigabits per second, as in `rate`.
///
/// # Errors
/// When the file does not begin with a number and its unit.
pub fn parse_rate(bytes: &[u8]) -> Result<f64, ParseError> {
    let line = Line::whole(bytes.trim_ascii());
    let mut fields = line.fields("a number and Gb/sec");
    let rate = fields.parsed(fraction)?;
    match fields.word()? {
        b"Gb/sec" => Ok(rate),
        unit => Err(fields.error_at(unit)),
    }
}

#[cfg(test)]
mod tests {
    use super::{parse_rate, parse_state};

    #[test]
    fn a_state_is_the_number_before_the_colon() {
        assert_eq!(parse_state(b"4: ACTIVE\n"), Ok(4));
        assert_eq!(parse_state(b"7: Phy Test"), Ok(7));
        for (bytes, error) in [
            (
                &b"ACTIVE\n"[..],
                r#"expected a number, a colon and a name, found "ACTIVE""#,
            ),
            (b"-1: X", r#"expected a number, a colon and a name, found "-1: X""#),
            (b"", r#"expected a number, a colon and a name, found """#),
        ] {
            assert_eq!(parse_state(bytes).unwrap_err().to_string(), error);
        }
    }

    #[test]
    fn a_rate_is_the_number_before_its_unit() {
        assert_eq!(parse_rate(include_bytes!("../fixtures/infiniband_port")), Ok(100.0));
        assert_eq!(parse_rate(b"2.5 Gb/sec (1X SDR)\n"), Ok(2.5));
        for (bytes, error) in [
            (&b"fast\n"[..], r#"expected a number and Gb/sec, found "fast""#),
            (b"100\n", r#"expected a number and Gb/sec, found "100""#),
            (b"100 Mb/sec", r#"expected a number and Gb/sec, found "Mb/sec""#),
        ] {
            assert_eq!(parse_rate(bytes).unwrap_err().to_string(), error);
        }
    }
}
