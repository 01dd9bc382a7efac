//! The password file: JSON with a password for each address, read at the start and when somebody asks for it.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Passwords by address, as they were when the file could last be read.
pub(crate) struct Passwords {
    path: PathBuf,
    by_name: Mutex<HashMap<String, String>>,
}

impl Passwords {
    /// Reads the file for the first time.
    ///
    /// # Errors
    /// What is wrong with it; nothing of its content.
    pub(crate) fn open(path: PathBuf) -> Result<Self, String> {
        let by_name = read(&path)?;
        log::info!("Loaded {} entries from {}", by_name.len(), path.display());
        Ok(Self {
            path,
            by_name: Mutex::new(by_name),
        })
    }

    /// The password of the target that has this name.
    pub(crate) fn of(&self, name: &str) -> Option<String> {
        let by_name = self.lock();
        by_name.get(name).filter(|password| !password.is_empty()).cloned()
    }

    /// Reads the file again. If it cannot be used, the old passwords stay. This blocks.
    ///
    /// # Errors
    /// What is wrong with it; nothing of its content.
    pub(crate) fn reload(&self) -> Result<(), String> {
        let by_name = read(&self.path)?;
        *self.lock() = by_name;
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, String>> {
        self.by_name.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(path: &PathBuf) -> Result<HashMap<String, String>, String> {
    let text = std::fs::read(path).map_err(|error| format!("open {}: {error}", path.display()))?;
    // The reader's own words could quote a password.
    serde_json::from_slice(&text).map_err(|error| {
        format!(
            "{}: line {}, column {}: expected a JSON object of addresses and passwords",
            path.display(),
            error.line(),
            error.column()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_became_bad_leaves_the_old_passwords() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), r#"{"redis://a:1": "x", "redis://b:1": ""}"#).unwrap();
        let passwords = Passwords::open(file.path().to_owned()).unwrap();
        assert_eq!(passwords.of("redis://a:1").as_deref(), Some("x"));
        assert_eq!(passwords.of("redis://b:1"), None);
        assert_eq!(passwords.of("redis://c:1"), None);

        std::fs::write(file.path(), r#"{"redis://a:1": ["hunter2"]}"#).unwrap();
        let error = passwords.reload().unwrap_err();
        assert!(error.contains("line 1") && !error.contains("hunter2"), "{error}");
        assert_eq!(passwords.of("redis://a:1").as_deref(), Some("x"));

        std::fs::write(file.path(), r#"{"redis://a:1": "y"}"#).unwrap();
        assert_eq!(passwords.reload(), Ok(()));
        assert_eq!(passwords.of("redis://a:1").as_deref(), Some("y"));
    }
}
