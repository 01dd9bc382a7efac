//! What the CPUs are, from /proc/cpuinfo of x86 and arm64.
//!
//! ```text
//! processor   : 0
//! vendor_id   : GenuineIntel
//! model name  : Intel(R) Xeon(R) Processor
//! cpu MHz     : 2000.000
//! flags       : fpu vme de pse
//! ```

use crate::ParseError;
use crate::fields::{Line, fraction, lines, split_once, unsigned_32};

/// One CPU that is online. A text that the file does not have is empty, as most of them are on arm64.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Processor<'a> {
    /// The kernel's number of this CPU. Source: `processor`.
    pub number: u32,
    /// Source: `vendor_id`, as in `GenuineIntel`.
    pub vendor_id: &'a str,
    /// Source: `cpu family`.
    pub cpu_family: &'a str,
    /// Source: `model`.
    pub model: &'a str,
    /// Source: `model name`.
    pub model_name: &'a str,
    /// Source: `stepping`.
    pub stepping: &'a str,
    /// Source: `microcode`.
    pub microcode: &'a str,
    /// The clock in MHz. `None` where the file has none or says `Unknown`. Source: `cpu MHz`.
    pub mhz: Option<f64>,
    /// Source: `cache size`, as in `107520 KB`.
    pub cache_size: &'a str,
    /// The number of the package. Source: `physical id`.
    pub physical_id: &'a str,
    /// The number of the core within its package. Source: `core id`.
    pub core_id: &'a str,
    /// Names with spaces between them. Source: `flags`, on arm64 `Features`.
    pub flags: &'a str,
    /// Names with spaces between them. Source: `bugs`.
    pub bugs: &'a str,
}

/// Parses /proc/cpuinfo. Lines before the first `processor` and unknown ones are passed over.
///
/// # Errors
/// When there is no `processor`, as in an empty file, or a known line does not hold what it must.
pub fn parse(bytes: &[u8]) -> Result<Vec<Processor<'_>>, ParseError> {
    let mut processors: Vec<Processor<'_>> = Vec::new();
    for line in lines(bytes) {
        let Some((key, value)) = split_once(line.text, b':') else {
            continue;
        };
        // One space belongs to the colon. All others are the value's, which becomes a label as it stands.
        let value = value.strip_prefix(b" ").unwrap_or(value);
        if key.trim_ascii() == b"processor" {
            let number = unsigned_32(value).ok_or_else(|| line.error_at("a processor number", value))?;
            processors.push(Processor {
                number,
                ..Processor::default()
            });
        } else if let Some(processor) = processors.last_mut() {
            processor.set(key.trim_ascii(), value, line)?;
        }
    }
    if processors.is_empty() {
        return Err(Line::whole(bytes).error("a line processor and its number"));
    }
    Ok(processors)
}

impl<'a> Processor<'a> {
    fn set(&mut self, key: &[u8], value: &'a [u8], line: Line<'a>) -> Result<(), ParseError> {
        let place = match key {
            b"vendor_id" => &mut self.vendor_id,
            b"cpu family" => &mut self.cpu_family,
            b"model" => &mut self.model,
            b"model name" => &mut self.model_name,
            b"stepping" => &mut self.stepping,
            b"microcode" => &mut self.microcode,
            b"cache size" => &mut self.cache_size,
            b"physical id" => &mut self.physical_id,
            b"core id" => &mut self.core_id,
            b"flags" | b"Features" => &mut self.flags,
            b"bugs" => &mut self.bugs,
            b"cpu MHz" if value != b"Unknown" => {
                self.mhz = Some(fraction(value).ok_or_else(|| line.error_at("a clock in MHz", value))?);
                return Ok(());
            }
            _ => return Ok(()),
        };
        *place = std::str::from_utf8(value).map_err(|_| line.error_at("text in UTF-8", value))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Processor, parse};

    #[test]
    fn x86_tells_everything() {
        let first = Processor {
            number: 0,
            vendor_id: "GenuineIntel",
            cpu_family: "6",
            model: "167",
            model_name: "Intel(R) Xeon(R) Processor",
            stepping: "8",
            microcode: "0x1",
            mhz: Some(2000.0),
            cache_size: "107520 KB",
            physical_id: "0",
            core_id: "0",
            flags: "fpu vme de pse",
            bugs: "spectre_v1 spectre_v2",
        };
        let second = Processor {
            number: 1,
            core_id: "1",
            ..first
        };
        assert_eq!(
            parse(include_bytes!("../fixtures/cpuinfo_x86")),
            Ok(vec![first, second])
        );
    }

    #[test]
    fn arm64_tells_its_features() {
        let first = Processor {
            number: 0,
            flags: "fp asimd evtstrm aes",
            ..Processor::default()
        };
        let second = Processor { number: 1, ..first };
        assert_eq!(
            parse(include_bytes!("../fixtures/cpuinfo_arm64")),
            Ok(vec![first, second])
        );
    }

    #[test]
    fn values_may_be_empty_unknown_or_hold_colons_and_spaces() {
        let bytes = b"processor\t: 3\nmodel name\t: a: b  c \ncpu MHz\t\t: Unknown\nbugs\t\t:\nflags\t\t: \n";
        let expected = Processor {
            number: 3,
            model_name: "a: b  c ",
            ..Processor::default()
        };
        assert_eq!(parse(bytes), Ok(vec![expected]));
    }

    #[test]
    fn malformed_files_are_errors() {
        let cases: [(&[u8], &str); 5] = [
            (b"", r#"expected a line processor and its number, found """#),
            (
                b"vendor_id\t: x\n",
                r#"expected a line processor and its number, found "vendor_id\t: x""#,
            ),
            (b"processor\t: x\n", r#"line 1: expected a processor number, found "x""#),
            (
                b"processor\t: 0\n\ncpu MHz\t: x\n",
                r#"line 3: expected a clock in MHz, found "x""#,
            ),
            (
                b"processor\t: 0\nmodel\t: \xff\n",
                "line 2: expected text in UTF-8, found \"\u{fffd}\"",
            ),
        ];
        for (bytes, text) in cases {
            assert_eq!(parse(bytes).unwrap_err().to_string(), text);
        }
    }
}
