//! What runs where, for other programs: a file of JSON in the folder of state, there while `lab up` runs.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

const NAME: &str = "lab.json";

/// What the file says.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct State {
    /// Of `lab up` itself.
    pub(crate) pid: u32,
    /// Where it takes orders.
    pub(crate) control: PathBuf,
    /// How many times faster than real; `None`: these are the real rules.
    pub(crate) drill: Option<u32>,
    pub(crate) prometheus_config: PathBuf,
    pub(crate) blackbox_config: PathBuf,
    pub(crate) alertmanager_config: PathBuf,
    /// Where notifications are told.
    pub(crate) console: String,
    /// Docker's socket, as container-exporter was told; empty: it was not.
    pub(crate) docker: String,
    pub(crate) services: Vec<Entry>,
}

/// A service.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) url: String,
    pub(crate) pid: i32,
    pub(crate) log: PathBuf,
}

impl State {
    /// # Errors
    /// It cannot be written.
    pub(crate) fn write(&self, folder: &Path) -> Result<()> {
        let (path, new) = (folder.join(NAME), folder.join(format!("{NAME}.new")));
        let text = serde_json::to_string_pretty(self).context("a structure of texts and numbers is JSON")?;
        // Nobody reads half of it.
        fs::write(&new, text + "\n")
            .and_then(|()| fs::rename(&new, &path))
            .with_context(|| format!("writing {}", path.display()))
    }

    /// # Errors
    /// No `lab up` runs with this folder.
    pub(crate) fn read(folder: &Path) -> Result<Self> {
        let path = folder.join(NAME);
        let text = fs::read_to_string(&path).with_context(|| {
            format!(
                "reading {}: start lab up --drill first, or give --state-dir DIR",
                path.display()
            )
        })?;
        serde_json::from_str(&text).with_context(|| format!("parsing {}", path.display()))
    }

    /// Takes it away. What is left only misleads.
    pub(crate) fn remove(folder: &Path) {
        fs::remove_file(folder.join(NAME)).ok();
    }
}
