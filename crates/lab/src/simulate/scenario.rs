//! What a scenario is.

use std::{collections::BTreeMap, sync::Arc};

use anyhow::Result;

use super::{need::Need, undo::Undo, world::World};

/// Something that goes wrong, and the alerts that tell of it.
pub(super) struct Scenario {
    pub(super) name: &'static str,
    /// What is done, in a few words.
    pub(super) what: &'static str,
    pub(super) alerts: &'static [Expected],
    /// Stages run one after another.
    pub(super) stage: Stage,
    /// Those in one lane run one after another, lanes beside each other.
    pub(super) lane: &'static str,
    pub(super) needs: &'static [Need],
    pub(super) undone: Undone,
    /// Does it, and says how it is undone.
    pub(super) begin: fn(&Arc<World>, &mut Undo) -> Result<()>,
}

impl Scenario {
    /// One of the first stage that has a lane of its own, needs nothing, and is over when that is told.
    pub(super) const fn usual(
        name: &'static str,
        what: &'static str,
        alerts: &'static [Expected],
        begin: fn(&Arc<World>, &mut Undo) -> Result<()>,
    ) -> Self {
        Self {
            name,
            what,
            alerts,
            stage: Stage::Together,
            lane: name,
            needs: &[],
            undone: Undone::Told,
            begin,
        }
    }
}

/// An alert that must come.
pub(super) struct Expected {
    pub(super) alert: &'static str,
    /// What its labels must be.
    pub(super) labels: &'static [(&'static str, &'static str)],
}

impl Expected {
    pub(super) const fn any(alert: &'static str) -> Self {
        Self { alert, labels: &[] }
    }

    /// Whether an alert with these labels is it.
    pub(super) fn is(&self, labels: &BTreeMap<String, String>) -> bool {
        let has = |name: &str, value: &str| labels.get(name).is_some_and(|found| found == value);
        has("alertname", self.alert) && self.labels.iter().all(|(name, value)| has(name, value))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Eq, Ord)]
pub(super) enum Stage {
    /// All at the same time.
    Together,
    /// Services end, on which others lean.
    Ends,
    /// Nobody can be told meanwhile: one after another, whatever the lane.
    Alone,
}

impl Stage {
    pub(super) const ALL: [Self; 3] = [Self::Together, Self::Ends, Self::Alone];
}

/// When it is undone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Undone {
    /// Once somebody was told.
    Told,
    /// Once it fires, since nobody can be told before.
    Firing,
    /// After so many scrapes, since nothing is seen before.
    After(u32),
    /// There is no alert that comes, but one that stays away.
    Away,
}
