//! Environment variables of containers.

use std::collections::BTreeMap;
use std::sync::Arc;

/// Which environment variables are kept. The rest, which may be secrets, are never copied from an answer.
#[derive(Clone, Debug)]
pub(super) struct Environment {
    prefixes: Arc<[String]>,
}

impl Environment {
    /// Keeps variables whose names begin so.
    pub(super) fn new(prefixes: &[String]) -> Self {
        Self {
            prefixes: prefixes.into(),
        }
    }

    /// Of `NAME=value` pairs, those whose names begin with one of the prefixes.
    pub(super) fn of<'a>(&self, pairs: impl IntoIterator<Item = &'a str>) -> BTreeMap<String, String> {
        let wanted = |name: &str| self.prefixes.iter().any(|prefix| name.starts_with(prefix));
        let pairs = pairs.into_iter().filter_map(|pair| pair.split_once('='));
        let pairs = pairs.filter(|(name, _)| wanted(name));
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_variables_with_a_wanted_prefix_are_kept() {
        let env = Environment::new(&["APP_".to_owned(), "LANG".to_owned()]);
        let pairs = ["APP_A=1=2", "APP_", "XAPP_B=2", "LANG=", "SECRET=x", "=", ""];
        let kept = [("APP_A", "1=2"), ("LANG", "")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(env.of(pairs), kept.into());
        assert_eq!(Environment::new(&[]).of(pairs), BTreeMap::new());
    }
}
