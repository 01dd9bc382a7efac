//! Processes of a cgroup, from cgroup.procs: a number a line.
//!
//! ```text
//! 4021
//! 4077
//! ```

use crate::ParseError;
use crate::fields::{lines, unsigned_32};

/// Parses cgroup.procs, in its order. A process that the reader's PID namespace lacks is 0; an empty file gives nothing.
///
/// # Errors
/// When a line is not a number.
pub fn parse(bytes: &[u8]) -> Result<Vec<u32>, ParseError> {
    pids(bytes).collect()
}

/// The same one by one, for files that are read in numbers. Each line of another shape is an error of its own.
pub fn pids(bytes: &[u8]) -> impl Iterator<Item = Result<u32, ParseError>> {
    lines(bytes).map(|line| line.fields("a process number").parsed(unsigned_32))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn processes_keep_their_order() {
        assert_eq!(
            parse(include_bytes!("../fixtures/cgroup_procs")),
            Ok(vec![4021, 4077, 0])
        );
        assert_eq!(parse(b""), Ok(vec![]));
    }

    #[test]
    fn malformed_lines_are_errors() {
        let error = parse(b"1\n-2\n").unwrap_err();
        assert_eq!(error.to_string(), r#"line 2: expected a process number, found "-2""#);
    }
}
