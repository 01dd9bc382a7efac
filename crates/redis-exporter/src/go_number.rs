//! Numbers as Go's `strconv.ParseFloat` reads them, which decides whether a value is a number or a text.

/// Reads a number; `None` for a text. Hexadecimal ones are texts here.
pub(crate) fn parse(text: &str) -> Option<f64> {
    let number: f64 = if text.contains('_') {
        without_underscores(text)?.parse().ok()?
    } else {
        text.parse().ok()?
    };
    let is_word = text.bytes().all(|byte| !byte.is_ascii_digit());
    // Go has no signed NaN, and what is too large for it is no number.
    let is_known = !number.is_nan() || text.len() == 3;
    (is_known && (number.is_finite() || is_word)).then_some(number)
}

/// `1_000` as `1000`: each underscore stands between two digits.
fn without_underscores(text: &str) -> Option<String> {
    let is_digit = |part: Option<char>| part.is_some_and(|c| c.is_ascii_digit());
    let mut parts = text.split('_').peekable();
    while let Some(part) = parts.next() {
        if parts
            .peek()
            .is_some_and(|next| !is_digit(part.chars().last()) || !is_digit(next.chars().next()))
        {
            return None;
        }
    }
    Some(text.replace('_', ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_what_go_takes_for_numbers() {
        for (text, number) in [
            ("42.5", Some(42.5)),
            ("+5", Some(5.0)),
            (".5", Some(0.5)),
            ("5.", Some(5.0)),
            ("-1e3", Some(-1000.0)),
            ("1_000", Some(1000.0)),
            ("1e-400", Some(0.0)),
            ("Inf", Some(f64::INFINITY)),
            ("-infinity", Some(f64::NEG_INFINITY)),
            ("1e400", None),
            ("", None),
            (" 7 ", None),
            ("0x10", None),
            ("+nan", None),
            ("_1", None),
            ("1__0", None),
            ("1_", None),
            ("1_.5", None),
            ("five", None),
        ] {
            assert_eq!(parse(text), number, "{text}");
        }
        assert!(parse("NaN").is_some_and(f64::is_nan));
    }
}
