//! Why a web configuration cannot be used.

use std::path::{Path, PathBuf};

/// All that is wrong with a web configuration. The text names keys, files and what is allowed, never a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("web config {}: {}", file.display(), problems.join("; "))]
pub struct WebConfigError {
    file: PathBuf,
    problems: Vec<String>,
}

impl WebConfigError {
    pub(super) fn new(file: &Path, problems: Vec<String>) -> Self {
        let file = file.to_owned();
        Self { file, problems }
    }

    /// The problems one by one, for a list.
    pub fn problems(&self) -> &[String] {
        &self.problems
    }
}

/// What a reading of the settings turned up: problems make them unusable, warnings do not.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) problems: Vec<String>,
    pub(super) warnings: Vec<String>,
}

impl Findings {
    pub(super) fn problem(&mut self, text: impl Into<String>) {
        self.problems.push(text.into());
    }

    pub(super) fn warning(&mut self, text: impl Into<String>) {
        self.warnings.push(text.into());
    }
}
