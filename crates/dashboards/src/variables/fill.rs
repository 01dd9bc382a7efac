//! Fills a dashboard's variables: asks Prometheus for values, in an order in which each can use those before it.

use std::{borrow::Cow, collections::BTreeSet};

use regex::Regex;

use super::{
    duration::{duration_text, parse_duration},
    interpolate::{interpolate, references},
    question::Question,
    scope::{Bound, Scope},
    select::{self, Asked},
    sort::sort,
};
use crate::{
    model::{Choice, Variable},
    prometheus::{Client, Error, Labels, Series, Window},
};

/// A variable with its values.
#[derive(Clone, Debug, PartialEq)]
pub struct Filled {
    /// As the dashboard defines it.
    pub variable: Variable,
    /// Without the one that stands for all.
    pub choices: Vec<Choice>,
    /// Values; [`ALL`](super::ALL) alone is all.
    pub chosen: Vec<String>,
    /// Why there are no values.
    pub problem: Option<String>,
}

/// Why a variable has no values.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// Prometheus does not say.
    #[error(transparent)]
    Prometheus(#[from] Error),
    /// Its regular expression is none.
    #[error("the regular expression of ${name}: {why}")]
    Regex {
        /// The variable.
        name: String,
        /// What is wrong.
        why: String,
    },
    /// It is of a kind that is not known here.
    #[error("${name} is of the kind {kind:?}, which is not known here")]
    Kind {
        /// The variable.
        name: String,
        /// Of it.
        kind: String,
    },
    /// Its query is not a text.
    #[error("${name} has a query that is not known here")]
    Query {
        /// The variable.
        name: String,
    },
}

/// All variables in the order of the file, and what they and `scope` stand for. One without values stands for nothing.
pub async fn fill(
    variables: &[Variable],
    client: &Client,
    window: Window,
    asked: &Asked,
    mut scope: Scope,
) -> (Vec<Filled>, Scope) {
    let mut filled: Vec<(usize, Filled)> = Vec::with_capacity(variables.len());
    for index in order(variables) {
        let variable = &variables[index];
        let one = one(variable, client, window, asked, &scope).await;
        scope.set(&variable.name, select::bound(variable, &one.choices, &one.chosen));
        if variable.kind == "interval" {
            let bound = interval(&one.chosen, variable, window);
            scope.set(&variable.name, bound);
        }
        filled.push((index, one));
    }
    filled.sort_by_key(|(index, _)| *index);
    (filled.into_iter().map(|(_, filled)| filled).collect(), scope)
}

async fn one(variable: &Variable, client: &Client, window: Window, asked: &Asked, scope: &Scope) -> Filled {
    let asked = asked.get(&variable.name).map(Vec::as_slice);
    let (choices, problem) = match choices(variable, client, window, asked, scope).await {
        Ok(choices) => (choices, None),
        Err(problem) => (Vec::new(), Some(problem.to_string())),
    };
    Filled {
        chosen: select::chosen(variable, &choices, asked),
        variable: variable.clone(),
        choices,
        problem,
    }
}

/// Each after those that its query refers to; those in a circle as they come.
fn order(variables: &[Variable]) -> Vec<usize> {
    let names: BTreeSet<&str> = variables.iter().map(|variable| variable.name.as_str()).collect();
    let mut done: BTreeSet<&str> = BTreeSet::new();
    let mut left: Vec<usize> = (0..variables.len()).collect();
    let mut order = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let ready = |&index: &usize| {
            let Variable { name, query, regex, .. } = &variables[index];
            let needs = references(query.text()).into_iter().chain(references(regex));
            let mut needs = needs.filter(|needed| names.contains(needed) && needed != name);
            needs.all(|needed| done.contains(needed))
        };
        let at = left.iter().position(ready).unwrap_or(0);
        let index = left.remove(at);
        done.insert(&variables[index].name);
        order.push(index);
    }
    order
}

async fn choices(
    variable: &Variable,
    client: &Client,
    window: Window,
    asked: Option<&[String]>,
    scope: &Scope,
) -> Result<Vec<Choice>, Problem> {
    match variable.kind.as_str() {
        "query" => query(variable, client, window, scope).await,
        "custom" => Ok(custom(variable)),
        "interval" => Ok(intervals(variable)),
        "constant" => Ok(vec![plain(variable.query.text())]),
        "textbox" => {
            let current = variable.current.value.first().map(String::as_str);
            let asked = asked.and_then(|asked| asked.first()).map(String::as_str);
            Ok(vec![plain(asked.or(current).unwrap_or(variable.query.text()))])
        }
        // There is one Prometheus here, whatever it is called elsewhere.
        "datasource" => Ok(vec![Choice {
            text: "Prometheus".into(),
            value: "prometheus".into(),
        }]),
        kind => Err(Problem::Kind {
            name: variable.name.clone(),
            kind: kind.to_owned(),
        }),
    }
}

fn plain(value: &str) -> Choice {
    Choice {
        text: value.to_owned(),
        value: value.to_owned(),
    }
}

/// `a, b : 2`: a text can have a value of its own. A comma that is meant has a backslash before it.
fn custom(variable: &Variable) -> Vec<Choice> {
    let text = variable.query.text().replace("\\,", "\u{0}");
    let choice = |part: &str| {
        let part = part.trim().replace('\u{0}', ",");
        match part.split_once(" : ") {
            Some((text, value)) => Choice {
                text: text.trim().to_owned(),
                value: value.trim().to_owned(),
            },
            None => plain(&part),
        }
    };
    if text.trim().is_empty() {
        let real = |choice: &&Choice| choice.value != select::ALL;
        return variable.options.iter().filter(real).cloned().collect();
    }
    text.split(',').map(choice).collect()
}

/// What an interval variable calls the one that goes with the range.
const AUTO: &str = "$__auto_interval";

fn intervals(variable: &Variable) -> Vec<Choice> {
    let auto = variable.auto.then(|| Choice {
        text: "auto".into(),
        value: format!("{AUTO}_{}", variable.name),
    });
    let written = variable.query.text().split(',').map(|part| plain(part.trim()));
    auto.into_iter()
        .chain(written.filter(|choice| !choice.value.is_empty()))
        .collect()
}

fn interval(chosen: &[String], variable: &Variable, window: Window) -> Bound {
    let value = chosen.first().map_or("", String::as_str);
    if !value.starts_with(AUTO) {
        return Bound::one(value);
    }
    let parts = variable.auto_count.unwrap_or(30.0).max(1.0);
    let least = parse_duration(&variable.auto_min).unwrap_or(10.0);
    let resolution = super::Resolution::of(window, parts, least, least);
    Bound::one(duration_text(resolution.step))
}

async fn query(variable: &Variable, client: &Client, window: Window, scope: &Scope) -> Result<Vec<Choice>, Problem> {
    let text = variable.query.text();
    let Some(question) = Question::parse(&interpolate(text, scope)) else {
        return Err(Problem::Query {
            name: variable.name.clone(),
        });
    };
    let values = ask(question, client, window).await?;
    let mut choices = filtered(variable, values, scope)?;
    sort(&mut choices, variable.sort);
    Ok(choices)
}

async fn ask(question: Question, client: &Client, window: Window) -> Result<Vec<String>, Problem> {
    Ok(match question {
        Question::LabelValues { matcher, label } => client.label_values(&label, &matcher, window).await?,
        Question::LabelNames { matcher } => client.label_names(&matcher, window).await?,
        Question::Metrics { pattern } => {
            let pattern = compiled(&pattern, "metrics")?;
            let names = client.label_values("__name__", "", window).await?;
            names.into_iter().filter(|name| pattern.is_match(name)).collect()
        }
        Question::Result { expr } => {
            let outcome = client.query(&expr, Some(window.end)).await?;
            outcome.series.iter().map(result_text).collect()
        }
        Question::Series { matcher } => {
            let series = client.series(&matcher, window).await?;
            series.iter().map(series_text).collect()
        }
    })
}

/// `up{job="a"} 1 1700000000000`, which a regular expression takes apart.
fn result_text(series: &Series) -> String {
    let (value, time) = series
        .points
        .last()
        .map_or((f64::NAN, 0.0), |point| (point.value, point.time));
    format!("{} {value} {}", series_text(&series.labels), (time * 1000.0).round())
}

/// `up{job="a"}`
fn series_text(labels: &Labels) -> String {
    let name = labels.get("__name__").map_or("", String::as_str);
    let others = labels.iter().filter(|(label, _)| *label != "__name__");
    let others: Vec<_> = others.map(|(label, value)| format!("{label}=\"{value}\"")).collect();
    format!("{name}{{{}}}", others.join(","))
}

fn filtered(variable: &Variable, values: Vec<String>, scope: &Scope) -> Result<Vec<Choice>, Problem> {
    let pattern = interpolate(&variable.regex, scope);
    let mut seen = BTreeSet::new();
    let mut once = |choice: &Choice| seen.insert(choice.value.clone());
    if pattern.is_empty() {
        return Ok(values.iter().map(|value| plain(value)).filter(&mut once).collect());
    }
    let pattern = compiled(&pattern, &variable.name)?;
    let taken = values.iter().flat_map(|value| taken(&pattern, value));
    Ok(taken.filter(&mut once).collect())
}

/// `/pattern/flags`, or the pattern alone, which then is for the whole text.
fn compiled(pattern: &str, name: &str) -> Result<Regex, Problem> {
    let between = pattern.strip_prefix('/').and_then(|rest| rest.rsplit_once('/'));
    let pattern: Cow<'_, str> = match between {
        Some((inner, flags)) if flags.contains('i') => format!("(?i){inner}").into(),
        Some((inner, _)) => inner.into(),
        None => format!("^{pattern}$").into(),
    };
    // JavaScript escapes slashes, which are nothing special here.
    Regex::new(&pattern.replace("\\/", "/")).map_err(|error| Problem::Regex {
        name: name.to_owned(),
        why: error.to_string(),
    })
}

/// Groups named `text` and `value`, else the first group, else all of it.
fn taken(pattern: &Regex, value: &str) -> Vec<Choice> {
    let groups = pattern.captures_len() > 1;
    let each = pattern.captures_iter(value).filter_map(|found| {
        let named = |name| found.name(name).map(|group| group.as_str());
        let choice = match (named("text"), named("value")) {
            (None, None) if !groups => plain(value),
            (None, None) => plain(found.get(1)?.as_str()),
            (text, value) => Choice {
                text: text.or(value)?.to_owned(),
                value: value.or(text)?.to_owned(),
            },
        };
        Some(choice)
    });
    each.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Query;

    fn variable(name: &str, kind: &str, query: &str) -> Variable {
        Variable {
            name: name.into(),
            kind: kind.into(),
            query: Query::Plain(query.into()),
            ..Variable::default()
        }
    }

    #[test]
    fn a_variable_comes_after_those_it_refers_to() {
        let variables = [
            variable("c", "query", "label_values(up{a=\"$a\",b=\"${b:regex}\"}, c)"),
            variable("b", "query", "label_values(up{a=\"$a\"}, b)"),
            variable("a", "query", "label_values(up, a)"),
            variable("x", "query", "label_values(up{y=\"$y\"}, x)"),
            variable("y", "query", "label_values(up{x=\"$x\"}, y)"),
        ];
        assert_eq!(order(&variables), [2, 1, 0, 3, 4]);
    }

    #[test]
    fn a_regular_expression_picks_values_and_texts() {
        let values = || {
            vec![
                "up{job=\"a\"} 1 5".to_owned(),
                "up{job=\"b\"} 0 5".to_owned(),
                "x".to_owned(),
            ]
        };
        let choice = |text: &str, value: &str| Choice {
            text: text.into(),
            value: value.into(),
        };
        let table: [(&str, Vec<Choice>); 5] = [
            (r#"/job="([^"]+)"/"#, vec![plain("a"), plain("b")]),
            (
                r#"/job="(?<text>\w)"} (?<value>\d)/"#,
                vec![choice("a", "1"), choice("b", "0")],
            ),
            ("x", vec![plain("x")]),
            ("/X/i", vec![plain("x")]),
            (r"/\/never/", vec![]),
        ];
        for (regex, expected) in table {
            let variable = Variable {
                regex: regex.into(),
                ..variable("v", "query", "")
            };
            assert_eq!(
                filtered(&variable, values(), &Scope::default()).unwrap(),
                expected,
                "{regex}"
            );
        }
    }

    #[test]
    fn custom_values_may_have_texts_and_commas() {
        let choices = custom(&variable("v", "custom", r"a, bee : b,c\,d"));
        let expected = [("a", "a"), ("bee", "b"), ("c,d", "c,d")];
        let choices: Vec<_> = choices.iter().map(|c| (c.text.as_str(), c.value.as_str())).collect();
        assert_eq!(choices, expected);
    }

    #[test]
    fn an_automatic_interval_goes_with_the_range() {
        let variable = Variable {
            auto: true,
            auto_count: Some(30.0),
            auto_min: "10s".into(),
            ..variable("i", "interval", "1m,5m")
        };
        let values: Vec<_> = intervals(&variable).into_iter().map(|choice| choice.value).collect();
        assert_eq!(values, ["$__auto_interval_i", "1m", "5m"]);
        let hour = Window {
            start: 0.0,
            end: 3600.0,
        };
        assert_eq!(interval(&values[..1], &variable, hour), Bound::one("2m"));
        assert_eq!(interval(&values[2..], &variable, hour), Bound::one("5m"));
    }
}
