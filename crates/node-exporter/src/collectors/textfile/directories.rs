//! Which files there are.

use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The directories that the patterns stand for, in order, each once. A pattern that matches nothing is the name of one
/// directory.
pub(super) fn expand(patterns: &[String]) -> Vec<PathBuf> {
    let mut directories = Vec::new();
    for pattern in patterns.iter().filter(|pattern| !pattern.is_empty()) {
        let mut matched: Vec<PathBuf> = glob::glob(pattern).into_iter().flatten().flatten().collect();
        if matched.is_empty() {
            matched.push(PathBuf::from(pattern));
        }
        matched.retain(|directory| !directories.contains(directory));
        directories.append(&mut matched);
    }
    directories
}

/// Appends the files `*.prom` of a directory, sorted.
///
/// # Errors
/// What the kernel said.
pub(super) fn list(directory: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let name = entry?.file_name();
        if name.as_bytes().ends_with(b".prom") {
            names.push(name);
        }
    }
    names.sort_unstable();
    found.extend(names.iter().map(|name| directory.join(name)));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_sorted_and_once() {
        let root = tempfile::tempdir().unwrap();
        for file in [
            "b/2.prom",
            "b/10.prom",
            "b/x.txt",
            "a/.hidden.prom",
            "a/sub.prom/x.prom",
        ] {
            let path = root.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let patterns = ["[ab]", "b", "a/sub*"].map(|pattern| format!("{}/{pattern}", root.path().display()));
        let mut found = Vec::new();
        for directory in expand(&patterns) {
            list(&directory, &mut found).unwrap();
        }
        let expected = [
            "a/.hidden.prom",
            "a/sub.prom",
            "b/10.prom",
            "b/2.prom",
            "a/sub.prom/x.prom",
        ];
        assert_eq!(found, expected.map(|file| root.path().join(file)));
    }

    #[test]
    fn a_pattern_that_matches_nothing_is_a_directory_that_is_missing() {
        let patterns = ["", "/does/not/exi*"].map(str::to_owned);
        assert_eq!(expand(&patterns), [Path::new("/does/not/exi*")]);
        let error = list(Path::new("/does/not/exi*"), &mut Vec::new()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }
}
