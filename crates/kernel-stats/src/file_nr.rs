//! File handles of the whole system, from /proc/sys/fs/file-nr.
//!
//! ```text
//! 383 0       2466170
//! ```

use crate::ParseError;
use crate::fields::Line;

/// How many file handles there are and may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileNr {
    /// File handles in use. Source: the first number.
    pub allocated: u64,
    /// The most that the kernel gives out. Source: the third number; the second has been 0 since Linux 2.6.
    pub maximum: u64,
}

/// Parses /proc/sys/fs/file-nr.
///
/// # Errors
/// When the file does not hold three numbers, as when it is empty.
pub fn parse(bytes: &[u8]) -> Result<FileNr, ParseError> {
    let [allocated, _free, maximum] = Line::whole(bytes).fields("3 numbers").numbers()?;
    Ok(FileNr { allocated, maximum })
}

#[cfg(test)]
mod tests {
    use super::{FileNr, parse};

    #[test]
    fn first_and_third_number_count() {
        assert_eq!(
            parse(include_bytes!("../fixtures/file_nr")),
            Ok(FileNr {
                allocated: 383,
                maximum: 2_466_170
            })
        );
    }

    #[test]
    fn fewer_than_three_numbers_are_an_error() {
        assert_eq!(
            parse(b"8\t0\n").unwrap_err().to_string(),
            r#"expected 3 numbers, found "8\t0""#
        );
        assert_eq!(parse(b"").unwrap_err().to_string(), r#"expected 3 numbers, found """#);
    }
}
