//! Commits of a btrfs file system, from /sys/fs/btrfs/UUID/commit_stats. Linux 6.1 and later.
//!
//! ```text
//! commits 3
//! cur_commit_ms 0
//! last_commit_ms 27
//! max_commit_ms 31
//! total_commit_ms 60
//! ```

use crate::ParseError;
use crate::fields::lines;

/// How many commits there were and how long they took, in milliseconds; `None` for a line that is absent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CommitStats {
    /// Commits since the file system was mounted. Source: `commits`.
    pub commits: Option<u64>,
    /// Duration of the most recent commit. Source: `last_commit_ms`.
    pub last_millis: Option<u64>,
    /// Duration of the longest commit since the file system was mounted or somebody set this to 0. Source:
    /// `max_commit_ms`.
    pub max_millis: Option<u64>,
    /// Duration of all commits since the file system was mounted. Source: `total_commit_ms`.
    pub total_millis: Option<u64>,
}

/// Parses /sys/fs/btrfs/UUID/commit_stats. Lines of other names are passed over.
///
/// # Errors
/// When a line is other than a name and a number.
pub fn parse(bytes: &[u8]) -> Result<CommitStats, ParseError> {
    let mut stats = CommitStats::default();
    for line in lines(bytes) {
        let mut fields = line.fields("a name and a number");
        let (name, value) = (fields.word()?, fields.number()?);
        match name {
            b"commits" => stats.commits = Some(value),
            b"last_commit_ms" => stats.last_millis = Some(value),
            b"max_commit_ms" => stats.max_millis = Some(value),
            b"total_commit_ms" => stats.total_millis = Some(value),
            _ => {}
        }
    }
    Ok(stats)
}

#[cfg(test)]
mod tests {
    use super::{CommitStats, parse};

    #[test]
    fn each_line_is_found_by_its_name() {
        let expected = CommitStats {
            commits: Some(3),
            last_millis: Some(27),
            max_millis: Some(31),
            total_millis: Some(60),
        };
        assert_eq!(parse(include_bytes!("../fixtures/btrfs_commit_stats")), Ok(expected));
    }

    #[test]
    fn absent_lines_are_none() {
        let expected = CommitStats {
            max_millis: Some(1),
            ..CommitStats::default()
        };
        assert_eq!(parse(b"max_commit_ms 1\nnew 2\n"), Ok(expected));
        assert_eq!(parse(b""), Ok(CommitStats::default()));
    }

    #[test]
    fn malformed_lines_are_errors() {
        for (line, found) in [("commits", "commits"), ("commits x", "x"), ("new -1", "-1")] {
            let text = format!("line 1: expected a name and a number, found {found:?}");
            assert_eq!(parse(line.as_bytes()).unwrap_err().to_string(), text);
        }
    }
}
