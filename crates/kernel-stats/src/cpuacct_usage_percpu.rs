//! CPU time of a cgroup by CPU, from cpuacct.usage_percpu of cgroup v1: one number for each CPU that could be there, in
//! their order.
//!
//! ```text
//! 12403832114 2463705393
//! ```

use crate::ParseError;
use crate::fields::Line;

/// The nanoseconds used on each CPU, from CPU 0 on. An empty file gives nothing.
///
/// # Errors
/// When a field is not an unsigned number.
pub fn parse(bytes: &[u8]) -> Result<Vec<u64>, ParseError> {
    nanos(bytes).collect()
}

/// The same one by one, for files that are read in numbers.
pub fn nanos(bytes: &[u8]) -> impl Iterator<Item = Result<u64, ParseError>> {
    let mut fields = Line::whole(bytes).fields("numbers of nanoseconds");
    std::iter::from_fn(move || fields.optional_number().transpose())
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn numbers_keep_their_order() {
        let expected = vec![12_403_832_114, 2_463_705_393];
        assert_eq!(parse(include_bytes!("../fixtures/cpuacct_usage_percpu")), Ok(expected));
        assert_eq!(parse(b"\n"), Ok(vec![]));
    }

    #[test]
    fn other_fields_are_errors() {
        let error = parse(b"1 x 3\n").unwrap_err().to_string();
        assert_eq!(error, r#"expected numbers of nanoseconds, found "x""#);
    }
}
