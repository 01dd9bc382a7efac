//! The dashboards of a folder: read when they are asked for, so that a change shows with the next page.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use crate::model::Dashboard;

/// A folder of dashboards.
#[derive(Clone, Debug)]
pub struct Shelf {
    dir: PathBuf,
}

/// One file.
#[derive(Debug)]
pub struct Entry {
    /// The folder that it is in; empty for the top.
    pub folder: String,
    /// Relative to the shelf's.
    pub file: PathBuf,
    /// What is in it, or why that is not known.
    pub board: Result<Dashboard, String>,
}

/// Folders inside of folders.
const DEEPEST: usize = 4;
/// A file of more bytes is no dashboard.
const LARGEST: u64 = 16 << 20;

impl Shelf {
    /// Of this folder, which need not be there yet.
    #[must_use]
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// Where it is.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// All files by folder, sorted by title.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn entries(&self) -> io::Result<BTreeMap<String, Vec<Entry>>> {
        let mut files = Vec::new();
        collect(&self.dir, DEEPEST, &mut files)?;
        let mut folders: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
        for path in files {
            let file = path.strip_prefix(&self.dir).unwrap_or(&path).to_path_buf();
            let folder = file
                .parent()
                .map(|parent| parent.display().to_string())
                .unwrap_or_default();
            let entry = Entry {
                folder: folder.clone(),
                board: read(&path),
                file,
            };
            folders.entry(folder).or_default().push(entry);
        }
        for entries in folders.values_mut() {
            entries.sort_by_key(|entry| entry.title().to_lowercase());
        }
        Ok(folders)
    }

    /// The dashboard with this uid, or of a file with this name.
    ///
    /// # Errors
    /// There is none; the text says so, and of files that cannot be read.
    pub fn find(&self, name: &str) -> Result<Dashboard, String> {
        let folders = self
            .entries()
            .map_err(|error| format!("reading {}: {error}", self.dir.display()))?;
        let mut problems = Vec::new();
        for entry in folders.into_values().flatten() {
            let stem = entry.file.file_stem().is_some_and(|stem| stem == name);
            match entry.board {
                Ok(board) if board.uid == name || stem => return Ok(board),
                Err(error) if stem => return Err(error),
                Err(error) => problems.push(error),
                Ok(_) => {}
            }
        }
        let problems = if problems.is_empty() {
            String::new()
        } else {
            format!("; {}", problems.join("; "))
        };
        Err(format!("no dashboard {name:?} in {}{problems}", self.dir.display()))
    }
}

impl Entry {
    /// Its title, or its file's name.
    #[must_use]
    pub fn title(&self) -> String {
        let own = self.board.as_ref().map(|board| board.title.clone()).unwrap_or_default();
        if own.is_empty() {
            self.file.display().to_string()
        } else {
            own
        }
    }

    /// What its address has.
    #[must_use]
    pub fn uid(&self) -> String {
        let stem = || self.file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        match &self.board {
            Ok(board) if !board.uid.is_empty() => board.uid.clone(),
            _ => stem(),
        }
    }
}

/// A dashboard's file.
///
/// # Errors
/// It cannot be read, or is none; the text has its path.
pub(super) fn read(path: &Path) -> Result<Dashboard, String> {
    let failed = |error: &dyn std::fmt::Display| format!("reading {}: {error}", path.display());
    let size = fs::metadata(path).map_err(|error| failed(&error))?.len();
    if size > LARGEST {
        return Err(failed(&"it is too large for a dashboard"));
    }
    let text = fs::read_to_string(path).map_err(|error| failed(&error))?;
    Dashboard::parse(&text).map_err(|error| failed(&error))
}

fn collect(dir: &Path, deep: usize, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() && deep > 0 {
            collect(&path, deep - 1, files)?;
        } else if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_by_uid_and_name_and_broken_ones_say_so() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("System")).unwrap();
        fs::write(dir.path().join("System/node.json"), r#"{"uid": "n1", "title": "Node"}"#).unwrap();
        fs::write(dir.path().join("top.json"), r#"{"title": "Top"}"#).unwrap();
        fs::write(dir.path().join("broken.json"), "{").unwrap();
        fs::write(dir.path().join("notes.txt"), "x").unwrap();
        let shelf = Shelf::new(dir.path());
        let titles: Vec<_> = shelf
            .entries()
            .unwrap()
            .into_values()
            .flatten()
            .map(|entry| entry.title())
            .collect();
        assert_eq!(titles, ["broken.json", "Top", "Node"]);
        assert_eq!(shelf.find("n1").unwrap().title, "Node");
        assert_eq!(shelf.find("node").unwrap().title, "Node");
        assert_eq!(shelf.find("top").unwrap().title, "Top");
        assert!(shelf.find("broken").unwrap_err().contains("EOF while parsing"));
        assert!(
            shelf
                .find("nobody")
                .unwrap_err()
                .starts_with("no dashboard \"nobody\" in ")
        );
    }
}
