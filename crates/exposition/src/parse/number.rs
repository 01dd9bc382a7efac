//! Numbers as Go's `strconv.ParseFloat` reads them.

/// A sample's value. `None` for what is no number, and for numbers that an `f64` cannot hold.
pub(super) fn parse_f64(text: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(text).ok()?;
    let number: f64 = text.parse().ok()?;
    let named = !text.bytes().any(|byte| byte.is_ascii_digit());
    let signed_nan = number.is_nan() && text.len() > 3;
    (!signed_nan && (number.is_finite() || named)).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_go() {
        for (text, expected) in [
            ("1", Some(1.0)),
            ("+1.5e3", Some(1500.0)),
            (".5", Some(0.5)),
            ("1.", Some(1.0)),
            ("-Inf", Some(f64::NEG_INFINITY)),
            ("infinity", Some(f64::INFINITY)),
            ("1e400", None),
            ("+nan", None),
            ("0x10", None),
            ("0x1p4", None),
            ("1_0", None),
            ("", None),
            (".", None),
            ("1e", None),
            ("1\r", None),
        ] {
            assert_eq!(parse_f64(text.as_bytes()), expected, "{text}");
        }
        assert!(parse_f64(b"NaN").is_some_and(f64::is_nan));
        assert_eq!(parse_f64(b"\xff"), None);
    }
}
