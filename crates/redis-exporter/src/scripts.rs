//! Lua scripts of the user's own.

use std::fs;

/// A script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Script {
    /// Its path as the flag has it, which is a label.
    pub(crate) path: String,
    /// What it does.
    pub(crate) text: Vec<u8>,
}

/// Reads the scripts at these comma-separated paths.
///
/// # Errors
/// All that cannot be read.
pub(crate) fn read(paths: &str) -> Result<Vec<Script>, Vec<String>> {
    let (mut scripts, mut errors) = (Vec::new(), Vec::new());
    for path in paths.split(',').filter(|path| !path.is_empty()) {
        match fs::read(path) {
            Ok(text) => scripts.push(Script {
                path: path.to_owned(),
                text,
            }),
            Err(error) => errors.push(format!("--script: reading {path}: {error}")),
        }
    }
    if errors.is_empty() { Ok(scripts) } else { Err(errors) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_scripts_are_read_and_all_that_are_missing_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.lua").display().to_string();
        fs::write(&path, "return {}").unwrap();
        let text = b"return {}".to_vec();
        assert_eq!(read(&format!("{path},")), Ok(vec![Script { path, text }]));
        let errors = read("/does/not/exist,/nor/does/this").err().unwrap();
        assert_eq!(errors.len(), 2, "{errors:?}");
    }
}
