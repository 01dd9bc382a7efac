//! grafana/no-data.yml: panels that have no data where the tests run, each with its reason.

use std::path::Path;

use serde::Deserialize;

use super::questions::{Asked, Asker, text};

pub(super) struct Exceptions(Vec<Exception>);

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Exception {
    /// The dashboard's file, without its folder.
    dashboard: String,
    panel: String,
    /// Only this one; else all of them.
    target: Option<String>,
    /// It holds where this query answers nothing; always, if there is none.
    without: Option<String>,
    reason: String,
}

impl Exceptions {
    pub(super) fn read(path: &Path) -> Self {
        let all: Vec<Exception> = serde_saphyr::from_str(&text(path)).expect("a list of exceptions");
        assert!(all.iter().all(|one| one.reason.len() > 10), "each has a reason");
        Self(all)
    }

    /// Those that are about no target that there is.
    pub(super) fn about_nothing_in(&self, asked: &[Asked]) -> Vec<String> {
        let idle = self
            .0
            .iter()
            .filter(|one| !asked.iter().any(|asked| one.is_about(asked)));
        idle.map(|one| format!("{}: {}", one.dashboard, one.panel)).collect()
    }

    /// Those that hold on this machine.
    pub(super) fn that_hold(&self, asker: &Asker) -> Vec<Exception> {
        let lacks = |one: &&Exception| one.without.as_ref().is_none_or(|query| !asker.has(query));
        self.0.iter().filter(lacks).cloned().collect()
    }
}

impl Exception {
    fn is_about(&self, asked: &Asked) -> bool {
        let target = self.target.as_ref().is_none_or(|target| *target == asked.target);
        self.dashboard == asked.file && self.panel == asked.panel && target
    }
}

impl Asked {
    pub(super) fn is_excused(&self, exceptions: &[Exception]) -> bool {
        exceptions.iter().any(|one| one.is_about(self))
    }
}
