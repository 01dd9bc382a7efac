//! Which of a variable's values are chosen.

use std::collections::BTreeMap;

use super::scope::Bound;
use crate::model::{Choice, Variable};

/// What stands for all values, in addresses and files.
pub const ALL: &str = "$__all";

/// What somebody asks for, by variable: as `var-NAME=` in an address.
pub type Asked = BTreeMap<String, Vec<String>>;

/// The values that are chosen: those asked for, else those of the file, else the first. `ALL` alone is all.
pub(super) fn chosen(variable: &Variable, choices: &[Choice], asked: Option<&[String]>) -> Vec<String> {
    let possible = |values: &[String]| {
        let known = |value: &&String| {
            let all = variable.include_all && *value == ALL;
            all || choices.iter().any(|choice| choice.value == **value)
        };
        let mut known: Vec<String> = values.iter().filter(known).cloned().collect();
        if known.iter().any(|value| value == ALL) {
            known = vec![ALL.to_owned()];
        }
        if !variable.multi {
            known.truncate(1);
        }
        known
    };
    let wanted = [asked.unwrap_or_default(), &variable.current.value];
    let mut found = wanted.into_iter().map(possible).filter(|values| !values.is_empty());
    found.next().unwrap_or_else(|| first(variable, choices))
}

fn first(variable: &Variable, choices: &[Choice]) -> Vec<String> {
    if variable.include_all {
        return vec![ALL.to_owned()];
    }
    choices.first().map(|choice| choice.value.clone()).into_iter().collect()
}

/// What the variable stands for in queries.
pub(super) fn bound(variable: &Variable, choices: &[Choice], chosen: &[String]) -> Bound {
    let all = chosen.iter().any(|value| value == ALL);
    let taken: Vec<&Choice> = choices
        .iter()
        .filter(|choice| all || chosen.contains(&choice.value))
        .collect();
    let texts = if all {
        vec!["All".to_owned()]
    } else {
        taken.iter().map(|choice| choice.text.clone()).collect()
    };
    Bound {
        values: taken.iter().map(|choice| choice.value.clone()).collect(),
        texts,
        many: variable.multi || variable.include_all,
        all: (all && !variable.all_value.is_empty()).then(|| variable.all_value.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variable(multi: bool, include_all: bool, current: &[&str]) -> Variable {
        let mut variable = Variable {
            multi,
            include_all,
            ..Variable::default()
        };
        variable.current.value = current.iter().map(|&value| value.to_owned()).collect();
        variable
    }

    #[test]
    fn what_is_asked_for_wins_then_the_file_then_the_first() {
        let choices = ["a", "b", "c"].map(|value| Choice {
            text: value.to_uppercase(),
            value: value.into(),
        });
        let table: [(Variable, &[&str], &[&str]); 8] = [
            (variable(false, false, &["b"]), &["c"], &["c"]),
            (variable(false, false, &["b"]), &["x"], &["b"]),
            (variable(false, false, &["x"]), &[], &["a"]),
            (variable(false, false, &[]), &["b", "c"], &["b"]),
            (variable(true, false, &[]), &["b", "c"], &["b", "c"]),
            (variable(true, true, &[]), &[], &[ALL]),
            (variable(true, true, &["b"]), &["a", ALL], &[ALL]),
            (variable(true, false, &["b"]), &[ALL], &["b"]),
        ];
        for (variable, asked, expected) in table {
            let asked: Vec<String> = asked.iter().map(|&value| value.to_owned()).collect();
            assert_eq!(
                chosen(&variable, &choices, Some(&asked)),
                expected,
                "{variable:?} {asked:?}"
            );
        }
    }

    #[test]
    fn all_is_every_value_or_what_stands_for_it() {
        let choices = ["a", "b"].map(|value| Choice {
            text: value.into(),
            value: value.into(),
        });
        let mut all = variable(true, true, &[]);
        let plain = bound(&all, &choices, &[ALL.to_owned()]);
        assert_eq!(
            (plain.values.len(), plain.texts, plain.all),
            (2, vec!["All".to_owned()], None)
        );
        all.all_value = ".*".into();
        assert_eq!(bound(&all, &choices, &[ALL.to_owned()]).all.as_deref(), Some(".*"));
    }
}
