//! Lists of CPUs, from `online`, `isolated` and their like in /sys/devices/system/cpu.
//!
//! ```text
//! 0-3,5
//! ```

use std::ops::RangeInclusive;

use crate::ParseError;
use crate::fields::{split_once, unsigned_32};

/// Parses a list into its ranges, in the file's order; `flatten` makes them CPU numbers. An empty file, as `isolated`
/// is on most systems, gives nothing. Ranges are not expanded here, so that the size of the answer is that of the file.
///
/// # Errors
/// When a part between commas is neither a number nor a rising range.
pub fn parse(bytes: &[u8]) -> Result<Vec<RangeInclusive<u32>>, ParseError> {
    match bytes.trim_ascii() {
        b"" => Ok(Vec::new()),
        list => list.split(|&byte| byte == b',').map(range).collect(),
    }
}

fn range(part: &[u8]) -> Result<RangeInclusive<u32>, ParseError> {
    let (first, last) = split_once(part, b'-').unwrap_or((part, part));
    match (unsigned_32(first), unsigned_32(last)) {
        (Some(first), Some(last)) if first <= last => Ok(first..=last),
        _ => Err(ParseError::new(0, "a CPU number or a range of them", part)),
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn lists_are_ranges() {
        let cases: [(&[u8], &[u32]); 5] = [
            (include_bytes!("../fixtures/cpu_list"), &[0, 1, 2, 3, 5]),
            (b"0-1\n", &[0, 1]),
            (b"7", &[7]),
            (b"\n", &[]),
            (b"", &[]),
        ];
        for (bytes, cpus) in cases {
            let found: Vec<u32> = parse(bytes).unwrap().into_iter().flatten().collect();
            assert_eq!(found, cpus);
        }
    }

    #[test]
    fn other_parts_are_errors() {
        for (list, part) in [
            ("0,,2", ""),
            ("3-1", "3-1"),
            ("0-", "0-"),
            ("a", "a"),
            ("0-4294967296", "0-4294967296"),
        ] {
            let text = format!("expected a CPU number or a range of them, found {part:?}");
            assert_eq!(parse(list.as_bytes()).unwrap_err().to_string(), text);
        }
    }
}
