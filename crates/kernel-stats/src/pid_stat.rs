//! A process or thread, from /proc/PID/stat and /proc/PID/task/TID/stat.
//!
//! ```text
//! 4378 (cat) R 4322 4322 3274 0 -1 4194304 119 0 0 0 0 0 0 0 20 0 1 0 110709 3133440 410 18446744073709551615
//! ```

use std::borrow::Cow;

use crate::ParseError;
use crate::fields::Line;

const SHAPE: &str = "a number, a name in parentheses and 22 fields";

/// What the kernel says of a process or thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PidStat<'a> {
    /// The name, which may hold any bytes, spaces and parentheses among them, and is cut to 15. What is not UTF-8 in it
    /// is replaced by U+FFFD. Source: field 2.
    pub comm: Cow<'a, str>,
    /// The state: `R` running, `S` sleeping, `D` waiting for I/O, `Z` zombie, and others. Source: field 3.
    pub state: char,
    /// Time in programs, in ticks of `USER_HZ`: hundredths of a second. Source: field 14.
    pub utime_ticks: u64,
    /// Time in the kernel, in ticks of `USER_HZ`. Source: field 15.
    pub stime_ticks: u64,
    /// Threads of the process. Source: field 20.
    pub num_threads: u64,
    /// When it started, in ticks of `USER_HZ` after boot. Source: field 22.
    pub start_time_ticks: u64,
    /// Virtual memory, in bytes. Source: field 23.
    pub vsize_bytes: u64,
    /// Resident memory, in pages. Source: field 24.
    pub rss_pages: u64,
}

/// Parses /proc/PID/stat.
///
/// # Errors
/// When there is no name in parentheses, or fewer than 24 fields, or other than numbers where numbers belong.
pub fn parse(bytes: &[u8]) -> Result<PidStat<'_>, ParseError> {
    let line = Line::whole(bytes);
    let (comm, rest) = split_comm(bytes).ok_or_else(|| line.error(SHAPE))?;
    let mut fields = line.fields_of(rest, SHAPE);
    let state = fields.parsed(single_letter)?;
    // Fields 4 to 13, of which some can be negative.
    for _ in 4..14 {
        fields.word()?;
    }
    let [utime_ticks, stime_ticks] = fields.numbers()?;
    for _ in 16..20 {
        fields.word()?;
    }
    let [num_threads, _interval_timer, start_time_ticks, vsize_bytes, rss_pages] = fields.numbers()?;
    Ok(PidStat {
        comm: String::from_utf8_lossy(comm),
        state,
        utime_ticks,
        stime_ticks,
        num_threads,
        start_time_ticks,
        vsize_bytes,
        rss_pages,
    })
}

/// The name and what follows it. A name may hold parentheses, but nothing after it does: it ends at the last one.
fn split_comm(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (before, rest) = bytes.split_at(memchr::memrchr(b')', bytes)?);
    let comm = before.get(memchr::memchr(b'(', before)?..)?;
    Some((comm.strip_prefix(b"(")?, rest.strip_prefix(b")")?))
}

fn single_letter(word: &[u8]) -> Option<char> {
    match word {
        [letter] if letter.is_ascii_graphic() => Some(char::from(*letter)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{PidStat, parse};

    #[test]
    fn fields_are_read() {
        let expected = PidStat {
            comm: "cat".into(),
            state: 'R',
            utime_ticks: 3,
            stime_ticks: 4,
            num_threads: 1,
            start_time_ticks: 110_709,
            vsize_bytes: 3_133_440,
            rss_pages: 410,
        };
        assert_eq!(parse(include_bytes!("../fixtures/pid_stat")), Ok(expected));
    }

    #[test]
    fn names_hold_anything() {
        let rest = ") S 1 1 1 0 -1 0 0 0 0 0 5 6 0 0 -2 0 7 0 8 9 10";
        for comm in ["a b", "(sd-pam)", ") R 1 1 (", "", "a\nb"] {
            let expected = PidStat {
                comm: comm.into(),
                state: 'S',
                utime_ticks: 5,
                stime_ticks: 6,
                num_threads: 7,
                start_time_ticks: 8,
                vsize_bytes: 9,
                rss_pages: 10,
            };
            assert_eq!(parse(format!("1 ({comm}{rest}").as_bytes()), Ok(expected), "{comm:?}");
        }
    }

    #[test]
    fn names_cut_within_a_character_are_replaced() {
        let stat = parse(b"1 (\xd0\xb0\xd0) S 1 1 1 0 -1 0 0 0 0 0 5 6 0 0 20 0 7 0 8 9 10").unwrap();
        assert_eq!(stat.comm, "а\u{fffd}");
    }

    #[test]
    fn malformed_files_are_errors() {
        for (bytes, found) in [
            ("", ""),
            ("1 cat R 1", "1 cat R 1"),
            (")(", ")("),
            ("1 (cat) R 1", "1 (cat) R 1"),
            ("1 (cat) RS 1", "RS"),
            ("1 (cat) S 1 1 1 0 -1 0 0 0 0 0 x", "x"),
        ] {
            let text = format!("expected a number, a name in parentheses and 22 fields, found {found:?}");
            assert_eq!(parse(bytes.as_bytes()).unwrap_err().to_string(), text);
        }
    }
}
