//! Files of a name and a number a line, flat keyed in the kernel's words: /proc/vmstat, /proc/net/xfrm_stat, numastat of a
//! NUMA node, memory.stat and cpu.stat of cgroups. Names change between kernels, and units differ by name.
//!
//! ```text
//! numa_hit 144698815
//! numa_miss 0
//! ```

use crate::ParseError;
use crate::fields::{lines, unsigned};

/// Parses names and numbers, in the file's order. An empty file gives nothing.
///
/// # Errors
/// When a line is not a name and an unsigned number.
pub fn parse(bytes: &[u8]) -> Result<Vec<(&str, u64)>, ParseError> {
    fields(bytes).collect()
}

/// The same one by one, for files that are read in numbers. Each line that is not a name and an unsigned number is an
/// error of its own.
pub fn fields(bytes: &[u8]) -> impl Iterator<Item = Result<(&str, u64), ParseError>> {
    lines(bytes).map(|line| {
        plain(line.text).map_or_else(
            || {
                let mut fields = line.fields("a name and a number");
                Ok((fields.text()?, fields.number()?))
            },
            Ok,
        )
    })
}

/// A line as all kernels write it: a name, one space, a number and nothing else.
fn plain(line: &[u8]) -> Option<(&str, u64)> {
    let space = line.iter().position(|&byte| byte == b' ')?;
    let (name, digits) = line.split_at(space);
    // None of it is white space: it would be no digit, or no part of a name.
    let number = unsigned(digits.get(1..)?)?;
    let is_name = !name.is_empty() && name.iter().all(u8::is_ascii_graphic);
    Some((std::str::from_utf8(name).ok().filter(|_| is_name)?, number))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn names_keep_their_order() {
        let expected = vec![
            ("XfrmInError", 3),
            ("XfrmInStateProtoError", 40),
            ("XfrmFwdHdrError", 6),
        ];
        assert_eq!(parse(include_bytes!("../fixtures/flat_keyed")), Ok(expected));
        let of_vmstat = parse(include_bytes!("../fixtures/vmstat")).unwrap();
        assert_eq!(of_vmstat.first(), Some(&("nr_free_pages", 981_804)));
        assert_eq!(of_vmstat.last(), Some(&("oom_kill", 0)));
        assert_eq!(parse(b""), Ok(vec![]));
    }

    #[test]
    fn malformed_lines_are_errors() {
        for (line, found) in [("numa_hit", "numa_hit"), ("numa_hit -1", "-1"), ("numa_hit 1.5", "1.5")] {
            let text = format!("line 1: expected a name and a number, found {found:?}");
            assert_eq!(parse(line.as_bytes()).unwrap_err().to_string(), text);
        }
    }
}
