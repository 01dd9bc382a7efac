//! A program's answer to a probe, as families and samples.

use std::collections::BTreeMap;

use exposition::parse::{Family, Value, parse};

/// One sample: its labels by name, and its value.
pub(crate) type Sample = (BTreeMap<String, String>, f64);

/// What is said of a family, and its samples.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Told {
    pub(crate) help: String,
    pub(crate) kind: String,
    pub(crate) samples: Vec<Sample>,
}

/// Families by name.
pub(crate) type Answer = BTreeMap<String, Told>;

/// # Errors
///
/// In words, if it is no exposition.
pub(crate) fn read(text: &str) -> Result<Answer, String> {
    let families = parse(text.as_bytes()).map_err(|error| format!("{error:?}"))?;
    Ok(families
        .iter()
        .map(|family| (family.name.to_owned(), told(family)))
        .collect())
}

fn told(family: &Family<'_>) -> Told {
    let mut told = Told {
        help: family.help.as_deref().unwrap_or_default().to_owned(),
        kind: format!("{:?}", family.kind),
        samples: Vec::new(),
    };
    for metric in family.metrics() {
        let labels = metric.labels.iter();
        let labels = labels.map(|label| (label.name.to_owned(), label.value.clone().into_owned()));
        if let Value::Number(value) = metric.value {
            told.samples.push((labels.collect(), value));
        }
    }
    told
}
