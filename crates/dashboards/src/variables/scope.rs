//! What names stand for.

use std::collections::BTreeMap;

/// What one name stands for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bound {
    /// As queries get them.
    pub values: Vec<String>,
    /// As people see them, beside `values`.
    pub texts: Vec<String>,
    /// Whether there may be more than one: then a value is part of a regular expression.
    pub many: bool,
    /// What stands for all, as it is, when all are chosen and the dashboard says so.
    pub all: Option<String>,
}

/// What all names stand for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scope(BTreeMap<String, Bound>);

impl Bound {
    /// One value, for people as it is.
    #[must_use]
    pub fn one(value: impl Into<String>) -> Self {
        let value = value.into();
        Self {
            values: vec![value.clone()],
            texts: vec![value],
            ..Self::default()
        }
    }
}

impl Scope {
    /// From now on, `name` stands for `bound`.
    pub fn set(&mut self, name: impl Into<String>, bound: Bound) {
        self.0.insert(name.into(), bound);
    }

    /// `None`: nobody has said what it stands for.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Bound> {
        self.0.get(name)
    }

    /// With `name` for `bound` besides.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, bound: Bound) -> Self {
        self.set(name, bound);
        self
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Bound)> {
        self.0.iter().map(|(name, bound)| (name.as_str(), bound))
    }
}
