//! Files that a module names: bodies, tokens, passwords. They are read anew for every probe, as upstream does.

use std::io::Read as _;

use crate::failure::{Failure, Reason, Step};

/// More of a file is not read; nobody's token or request body is larger.
const LARGEST_FILE: u64 = 16 << 20;

/// All of a file.
///
/// # Errors
/// When it is no regular file, which might never end, or is too large.
pub(super) fn read(path: &str) -> Result<Vec<u8>, Failure> {
    let fail = |what: String| Failure::new(Step::Prepare, Reason::BadModule, what);
    let reading = |error: std::io::Error| fail(format!("reading {path}: {error}"));
    // Asked before it is opened, since to open a pipe waits for a writer.
    if !std::fs::metadata(path).map_err(reading)?.is_file() {
        return Err(fail(format!("reading {path}: not a regular file")));
    }
    let mut content = Vec::new();
    let file = std::fs::File::open(path).map_err(reading)?;
    file.take(LARGEST_FILE + 1).read_to_end(&mut content).map_err(reading)?;
    if content.len() as u64 > LARGEST_FILE {
        return Err(fail(format!("reading {path}: larger than {LARGEST_FILE} bytes")));
    }
    Ok(content)
}

/// A secret that stands in the module or, where that is empty, in a file; white space around it is no part of it.
///
/// # Errors
/// Those of [`read`].
pub(super) fn secret(inline: &str, path: &str) -> Result<String, Failure> {
    if !inline.is_empty() || path.is_empty() {
        return Ok(inline.to_owned());
    }
    Ok(String::from_utf8_lossy(&read(path)?).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_secret_comes_from_the_module_or_its_file() {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(b" from file\n").expect("it is written");
        let path = file.path().to_str().expect("a text");
        assert_eq!(secret("inline", path).as_deref(), Ok("inline"));
        assert_eq!(secret("", path).as_deref(), Ok("from file"));
        assert_eq!(secret("", "").as_deref(), Ok(""));
    }

    #[test]
    fn what_is_no_file_is_not_waited_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let failure = read(folder.path().to_str().expect("a text")).expect_err("a folder is no file");
        assert_eq!((failure.step, failure.reason), (Step::Prepare, Reason::BadModule));
    }
}
