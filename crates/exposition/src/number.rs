//! Numbers in the words of Go's `strconv.FormatFloat(v, 'g', -1, 64)`, which is what Prometheus' users know: the
//! shortest digits that read back equal, and an exponent of at least two digits from 1e+06 on and below 1e-04.

use crate::escape::push_short;

/// Integers below this are exact in an `f64` and fit an `i64`.
const EXACT_INTEGERS: f64 = 9_007_199_254_740_992.0;

/// Appends `value` as Go would write it: `329204`, `1.04448e+06`, `1.305e-06`, `NaN`, `+Inf`.
pub fn push_f64(out: &mut Vec<u8>, value: f64) {
    // The cast saturates and makes NaN 0, so that only exact integers compare equal; `trunc` would be a call.
    if value as i64 as f64 == value && value.abs() < EXACT_INTEGERS {
        push_integer(out, value);
    } else if value.is_finite() {
        push_fraction(out, value);
    } else {
        out.extend_from_slice(if value.is_nan() {
            b"NaN"
        } else if value > 0.0 {
            b"+Inf"
        } else {
            b"-Inf"
        });
    }
}

/// Appends `value` with a decimal point or an exponent, as OpenMetrics wants `le` and `quantile`.
pub(crate) fn push_canonical_f64(out: &mut Vec<u8>, value: f64) {
    let start = out.len();
    push_f64(out, value);
    let plain = out
        .iter()
        .skip(start)
        .all(|byte| byte.is_ascii_digit() || *byte == b'-');
    if plain {
        out.extend_from_slice(b".0");
    }
}

/// Appends a count in full digits.
pub(crate) fn push_u64(out: &mut Vec<u8>, value: u64) {
    push_short(out, itoa::Buffer::new().format(value).as_bytes());
}

fn push_integer(out: &mut Vec<u8>, value: f64) {
    if value.is_sign_negative() {
        out.push(b'-');
    }
    let magnitude = value.abs() as u64;
    let mut buffer = itoa::Buffer::new();
    let digits = buffer.format(magnitude).as_bytes();
    if magnitude < 1_000_000 {
        push_short(out, digits);
    } else {
        push_exponent_form(out, digits, digits.len() as i32 - 1);
    }
}

fn push_fraction(out: &mut Vec<u8>, value: f64) {
    let mut buffer = zmij::Buffer::new();
    let text = buffer.format_finite(value).as_bytes();
    if (1e-4..1e6).contains(&value.abs()) {
        // In this range zmij, too, writes plain decimals.
        push_short(out, text);
        return;
    }
    let (sign, text) = match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        _ => (false, text),
    };
    if sign {
        out.push(b'-');
    }
    let (digits, exponent) = scientific(text);
    push_exponent_form(out, digits.as_slice(), exponent);
}

/// The significant digits of zmij's text and the decimal exponent of the first of them.
fn scientific(text: &[u8]) -> (Digits, i32) {
    let mut digits = Digits::default();
    let (mut point, mut exponent, mut leading_zeros) = (None, 0, 0);
    for (index, &byte) in text.iter().enumerate() {
        match byte {
            b'.' => point = Some(digits.len as i32 + leading_zeros),
            b'e' => {
                exponent = parse_exponent(text.get(index + 1..).unwrap_or_default());
                break;
            }
            b'0' if digits.len == 0 => leading_zeros += 1,
            digit => digits.push(digit),
        }
    }
    let before_point = point.unwrap_or(digits.len as i32 + leading_zeros);
    (digits, exponent + before_point - leading_zeros - 1)
}

fn parse_exponent(text: &[u8]) -> i32 {
    let (negative, digits) = match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, text),
    };
    let magnitude = digits.iter().fold(0, |sum, digit| sum * 10 + i32::from(digit - b'0'));
    if negative { -magnitude } else { magnitude }
}

/// Up to 17 significant digits, which is what an `f64` has, and the zeros that zmij may add.
#[derive(Default)]
struct Digits {
    bytes: [u8; 24],
    len: usize,
}

impl Digits {
    fn push(&mut self, digit: u8) {
        if let Some(place) = self.bytes.get_mut(self.len) {
            *place = digit;
            self.len += 1;
        }
    }

    fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

/// Appends `d.ddde+XX`, trailing zeros dropped.
fn push_exponent_form(out: &mut Vec<u8>, digits: &[u8], exponent: i32) {
    let significant = digits
        .iter()
        .rposition(|digit| *digit != b'0')
        .map_or(1, |last| last + 1);
    let Some((first, rest)) = digits.get(..significant).and_then(<[u8]>::split_first) else {
        return;
    };
    out.push(*first);
    if !rest.is_empty() {
        out.push(b'.');
        push_short(out, rest);
    }
    let (sign, magnitude) = (if exponent < 0 { b'-' } else { b'+' }, exponent.unsigned_abs());
    let (tens, ones) = ((magnitude / 10 % 10) as u8, (magnitude % 10) as u8);
    match magnitude {
        0..100 => out.extend_from_slice(&[b'e', sign, b'0' + tens, b'0' + ones]),
        // No f64 has an exponent of more than three digits.
        _ => out.extend_from_slice(&[b'e', sign, b'0' + (magnitude / 100) as u8, b'0' + tens, b'0' + ones]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(value: f64) -> String {
        let mut out = Vec::new();
        push_f64(&mut out, value);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn numbers_are_written_as_go_writes_them() {
        for (value, expected) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.0, "1"),
            (-125_000.0, "-125000"),
            (329_204.0, "329204"),
            (999_999.0, "999999"),
            (1e6, "1e+06"),
            (1_044_480.0, "1.04448e+06"),
            (1.305e-6, "1.305e-06"),
            (0.0001, "0.0001"),
            (0.000_099_9, "9.99e-05"),
            (0.21, "0.21"),
            (304.21, "304.21"),
            (1_234_567.5, "1.2345675e+06"),
            (999_999.5, "999999.5"),
            (1_795_310_971.863_518_7, "1.7953109718635187e+09"),
            (9_223_372_036_854_775_807.0, "9.223372036854776e+18"),
            (18_446_744_073_709_551_615.0, "1.8446744073709552e+19"),
            (18_446_744_073_709_537_000.0, "1.8446744073709537e+19"),
            (1e21, "1e+21"),
            (-1e100, "-1e+100"),
            (5e-324, "5e-324"),
            (f64::MAX, "1.7976931348623157e+308"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
        ] {
            assert_eq!(text(value), expected);
        }
    }

    #[test]
    fn bounds_of_buckets_always_look_like_floats() {
        for (value, expected) in [
            (1.0, "1.0"),
            (-5.0, "-5.0"),
            (0.5, "0.5"),
            (1e6, "1e+06"),
            (f64::INFINITY, "+Inf"),
        ] {
            let mut out = Vec::new();
            push_canonical_f64(&mut out, value);
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }

    proptest! {
        #[test]
        fn every_number_reads_back_equal(bits: u64) {
            let value = f64::from_bits(bits);
            let back: f64 = text(value).parse().unwrap();
            prop_assert!(back.to_bits() == bits || (value.is_nan() && back.is_nan()));
        }

        #[test]
        fn the_exponent_form_starts_where_go_starts_it(value in -1e9..1e9f64) {
            let magnitude = value.abs();
            prop_assert_eq!(text(value).contains('e'), magnitude != 0.0 && !(1e-4..1e6).contains(&magnitude));
        }
    }
}
