//! Reads dashboards and what they are compared with, and lets every rule look.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
};

use super::{
    board::Board,
    catalogue::{Alert, Catalogue, RuleFile},
    finding::{Finding, Found},
    promql::selectors,
    rules::{RULES, Scope},
};

/// Where things are.
#[derive(Clone, Debug)]
pub struct Sources {
    /// Prometheus' rules: `*.yml`.
    pub rules: PathBuf,
    /// The exporters' pages: `*.md`.
    pub pages: PathBuf,
    /// Captured lists: `*.txt`.
    pub lists: PathBuf,
}

/// Why nothing could be looked at.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or a folder.
    #[error("reading {path}: {source}")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file of rules.
    #[error("{path}: {why}")]
    Rules {
        /// Which.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// A folder that has nothing of the kind.
    #[error("{path} has no {wanted}")]
    Empty {
        /// Which.
        path: PathBuf,
        /// What is missing.
        wanted: &'static str,
    },
}

/// What dashboards are compared with.
pub struct World {
    pub(super) catalogue: Catalogue,
    pub(super) rules: Vec<RuleFile>,
}

impl World {
    /// # Errors
    /// Something cannot be read, or is not there.
    pub fn read(sources: &Sources) -> Result<Self, Error> {
        let rules = files(&sources.rules, "yml")?.into_iter().map(|(path, text)| {
            let file = path.display().to_string();
            RuleFile::parse(&file, &text).map_err(|why| Error::Rules { path, why })
        });
        let rules: Vec<RuleFile> = rules.collect::<Result<_, _>>()?;
        let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let pages = files(&sources.pages, "md")?.into_iter();
        let pages: Vec<_> = pages.map(|(path, text)| (name(&path), text)).collect();
        let lists: Vec<_> = files(&sources.lists, "txt")?
            .into_iter()
            .map(|(_, text)| text)
            .collect();
        Ok(Self {
            catalogue: Catalogue::new(&pages, &lists, &rules),
            rules,
        })
    }

    /// What is known of metrics.
    #[must_use]
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    pub(super) fn alerts(&self) -> impl Iterator<Item = &Alert> {
        self.rules.iter().flat_map(|file| &file.alerts)
    }
}

/// All dashboards in a folder and those in it, by their path inside of it, with their text.
///
/// # Errors
/// The folder cannot be read, or has none.
pub fn read_boards(folder: &Path) -> Result<Vec<(String, String)>, Error> {
    let mut found = Vec::new();
    read_into(folder, folder, &mut found)?;
    found.sort();
    if found.is_empty() {
        return Err(Error::Empty {
            path: folder.to_owned(),
            wanted: "dashboard (*.json)",
        });
    }
    Ok(found)
}

fn read_into(root: &Path, folder: &Path, found: &mut Vec<(String, String)>) -> Result<(), Error> {
    for path in entries(folder)? {
        if path.is_dir() {
            read_into(root, &path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "json") {
            let inside = path.strip_prefix(root).unwrap_or(&path);
            found.push((inside.display().to_string(), read(&path)?));
        }
    }
    Ok(())
}

fn files(folder: &Path, extension: &'static str) -> Result<Vec<(PathBuf, String)>, Error> {
    let paths = entries(folder)?.into_iter();
    let paths = paths.filter(|path| path.extension().is_some_and(|found| found == extension));
    let found: Vec<_> = paths
        .map(|path| read(&path).map(|text| (path, text)))
        .collect::<Result<_, _>>()?;
    if found.is_empty() {
        let path = folder.to_owned();
        return Err(Error::Empty {
            path,
            wanted: extension,
        });
    }
    Ok(found)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let unreadable = |source| Error::Unreadable {
        path: folder.to_owned(),
        source,
    };
    let entries = fs::read_dir(folder).map_err(unreadable)?;
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()
        .map_err(unreadable)?;
    paths.sort();
    Ok(paths)
}

fn read(path: &Path) -> Result<String, Error> {
    fs::read_to_string(path).map_err(|source| Error::Unreadable {
        path: path.to_owned(),
        source,
    })
}

/// All that is known of the dashboards beside the one that is looked at.
pub(super) struct Neighbours {
    /// The variables of each, by uid.
    pub(super) variables: BTreeMap<String, BTreeSet<String>>,
    /// The files that have a uid.
    pub(super) files: BTreeMap<String, Vec<String>>,
    /// The scraped metrics that some panel shows.
    pub(super) shown: BTreeSet<String>,
}

/// What all rules find in dashboards (path and text) and in Prometheus' rules, sorted.
#[must_use]
pub fn check(world: &World, dashboards: &[(String, String)]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut boards = Vec::new();
    for (file, text) in dashboards {
        match Board::parse(file, text) {
            Ok(board) => boards.push(board),
            Err(why) => found("json", file, &mut findings)
                .dashboard(format!("{why}; it must be a dashboard as Grafana exports it")),
        }
    }
    let neighbours = neighbours(world, &boards);
    for rule in RULES {
        match rule.scope {
            Scope::Board(look) => {
                for board in &boards {
                    look(
                        board,
                        world,
                        &neighbours,
                        &mut found(rule.name, &board.file, &mut findings),
                    );
                }
            }
            Scope::Rules(look) => {
                for file in &world.rules {
                    look(
                        file,
                        world,
                        &neighbours,
                        &mut found(rule.name, &file.file, &mut findings),
                    );
                }
            }
            Scope::Reading => {}
        }
    }
    findings.sort();
    findings.dedup();
    findings
}

fn found<'a>(rule: &'static str, file: &'a str, findings: &'a mut Vec<Finding>) -> Found<'a> {
    Found { rule, file, findings }
}

fn neighbours(world: &World, boards: &[Board]) -> Neighbours {
    let mut neighbours = Neighbours {
        variables: BTreeMap::new(),
        files: BTreeMap::new(),
        shown: BTreeSet::new(),
    };
    for board in boards {
        let uid = &board.model.uid;
        let names = board.model.templating.list.iter().map(|variable| variable.name.clone());
        neighbours.variables.insert(uid.clone(), names.collect());
        neighbours
            .files
            .entry(uid.clone())
            .or_default()
            .push(board.file.clone());
        for (_, expr, ..) in board.targets() {
            neighbours.shown.extend(world.catalogue.read_by(expr));
            let names = selectors(expr).into_iter().map(|selected| selected.name().to_owned());
            neighbours.shown.extend(names);
        }
    }
    neighbours
}
