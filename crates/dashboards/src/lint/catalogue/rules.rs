//! Prometheus' rule files: what is recorded, and when alerts fire.

use std::collections::BTreeMap;

use promql_parser::parser::{self, Expr};
use serde::Deserialize;

/// One file of rules.
pub(in crate::lint) struct RuleFile {
    pub(in crate::lint) file: String,
    pub(in crate::lint) recordings: Vec<Recording>,
    pub(in crate::lint) alerts: Vec<Alert>,
}

pub(in crate::lint) struct Recording {
    pub(in crate::lint) name: String,
    pub(in crate::lint) expr: Expr,
    pub(in crate::lint) labels: Vec<String>,
}

pub(in crate::lint) struct Alert {
    pub(in crate::lint) name: String,
    pub(in crate::lint) expr: Expr,
    pub(in crate::lint) labels: Vec<String>,
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    #[serde(default)]
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
struct Rule {
    record: Option<String>,
    alert: Option<String>,
    expr: String,
    #[serde(default)]
    labels: BTreeMap<String, String>,
}

impl RuleFile {
    /// # Errors
    /// It is not YAML, or an expression is not PromQL.
    pub(in crate::lint) fn parse(file: &str, text: &str) -> Result<Self, String> {
        let parsed: File = serde_saphyr::from_str(text).map_err(|error| error.to_string())?;
        let mut found = Self {
            file: file.to_owned(),
            recordings: Vec::new(),
            alerts: Vec::new(),
        };
        for rule in parsed.groups.into_iter().flat_map(|group| group.rules) {
            found.push(rule)?;
        }
        Ok(found)
    }

    fn push(&mut self, rule: Rule) -> Result<(), String> {
        let expr = parser::parse(&rule.expr).map_err(|error| format!("{error} in {}", rule.expr))?;
        let labels = rule.labels.into_keys().collect();
        match (rule.record, rule.alert) {
            (Some(name), _) => self.recordings.push(Recording { name, expr, labels }),
            (None, Some(name)) => self.alerts.push(Alert { name, expr, labels }),
            (None, None) => return Err(format!("neither record nor alert: {}", rule.expr)),
        }
        Ok(())
    }
}
