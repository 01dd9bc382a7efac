//! Which configuration a field has: the panel's, with overrides laid over it.

use std::{cell::RefCell, collections::BTreeSet, sync::Arc};

use regex::Regex;
use serde_json::Value;

use crate::model::{FieldConfig, FieldSource, Matcher};

/// What overrides look at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Looked<'a> {
    pub(super) name: &'a str,
    /// `number`, `time` or `string`.
    pub(super) kind: &'a str,
    pub(super) ref_id: &'a str,
}

/// A panel's configuration of fields.
pub struct Fields<'a> {
    source: &'a FieldSource,
    defaults: Arc<FieldConfig>,
    problems: RefCell<BTreeSet<String>>,
}

impl<'a> Fields<'a> {
    /// Of a panel.
    #[must_use]
    pub fn new(source: &'a FieldSource) -> Self {
        Self {
            source,
            defaults: Arc::new(source.defaults().clone()),
            problems: RefCell::default(),
        }
    }

    /// What could not be done, in words.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        self.problems.borrow().iter().cloned().collect()
    }

    /// What holds for a field.
    pub(super) fn of(&self, field: Looked<'_>) -> Arc<FieldConfig> {
        let mut properties = self
            .source
            .overrides
            .iter()
            .filter(|with| self.matches(&with.matcher, field))
            .flat_map(|with| &with.properties)
            .peekable();
        if properties.peek().is_none() {
            return Arc::clone(&self.defaults);
        }
        match self.source.with(properties) {
            Ok(config) => Arc::new(config),
            Err(error) => {
                self.say(format!("an override of {:?}: {error}", field.name));
                Arc::clone(&self.defaults)
            }
        }
    }

    fn matches(&self, matcher: &Matcher, field: Looked<'_>) -> bool {
        let option = matcher.options.as_str().unwrap_or_default();
        match matcher.id.as_str() {
            "byName" => option == field.name,
            "byType" => option == field.kind,
            "byFrameRefID" => option == field.ref_id,
            "byRegexp" => self.pattern(option).is_some_and(|pattern| pattern.is_match(field.name)),
            "byNames" => {
                let names = matcher.options.get("names").and_then(Value::as_array);
                let named = names.is_some_and(|names| names.iter().any(|name| name == field.name));
                let exclude = matcher.options.get("mode").and_then(Value::as_str) == Some("exclude");
                named != exclude
            }
            other => {
                self.say(format!("override {other} is not known here"));
                false
            }
        }
    }

    fn pattern(&self, option: &str) -> Option<Regex> {
        let between = option.strip_prefix('/').and_then(|rest| rest.rsplit_once('/'));
        let pattern = between.map_or(option, |(pattern, _)| pattern);
        let compiled = Regex::new(pattern);
        if let Err(error) = &compiled {
            self.say(format!("override byRegexp {option}: {error}"));
        }
        compiled.ok()
    }

    fn say(&self, problem: String) {
        self.problems.borrow_mut().insert(problem);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn overrides_find_their_fields() {
        let source: FieldSource = serde_json::from_value(json!({
            "defaults": {"unit": "s"},
            "overrides": [
                {"matcher": {"id": "byName", "options": "a"}, "properties": [{"id": "unit", "value": "1"}]},
                {"matcher": {"id": "byRegexp", "options": "/^b.+/"}, "properties": [{"id": "unit", "value": "2"}]},
                {"matcher": {"id": "byFrameRefID", "options": "Z"}, "properties": [{"id": "unit", "value": "3"}]},
                {"matcher": {"id": "byNames", "options": {"mode": "include", "names": ["n"]}},
                 "properties": [{"id": "unit", "value": "4"}]},
                {"matcher": {"id": "byMagic"}, "properties": []},
            ],
        }))
        .unwrap();
        let fields = Fields::new(&source);
        let unit = |name, ref_id| {
            let config = fields.of(Looked {
                name,
                kind: "number",
                ref_id,
            });
            config.unit.clone().unwrap()
        };
        let found = [
            unit("a", "A"),
            unit("bb", "A"),
            unit("b", "Z"),
            unit("n", "A"),
            unit("x", "A"),
        ];
        assert_eq!(found, ["1", "2", "3", "4", "s"]);
        assert_eq!(fields.problems(), ["override byMagic is not known here"]);
    }
}
