//! Whether an answer has what must hold, and whether ours has all of upstream's.

use std::collections::BTreeMap;

use crate::answer::{Answer, Sample, Told, read};

/// Measured anew by each probe.
const TIMES: [&str; 2] = ["_duration_seconds", "_lookup_time_seconds"];

/// Whether it holds of the values that were found.
type Test = Box<dyn Fn(&[f64]) -> bool>;

/// A requirement of the tables, in parts.
struct Want {
    family: String,
    labels: BTreeMap<String, String>,
    holds: Test,
}

impl Want {
    fn read(text: &str) -> Self {
        if let Some(series) = text.strip_prefix("no ") {
            return Self::of(&format!("{series} 0"), |_| Box::new(<[f64]>::is_empty));
        }
        for (sign, test) in [
            (" < ", f64::lt as fn(&f64, &f64) -> bool),
            (" > ", f64::gt as fn(&f64, &f64) -> bool),
        ] {
            if let Some((series, bound)) = text.split_once(sign) {
                return Self::of(&format!("{series} {bound}"), |bound| {
                    Box::new(move |found| matches!(found, [value] if test(value, &bound)))
                });
            }
        }
        Self::of(text, |value| {
            Box::new(move |found| matches!(found, [one] if one.to_bits() == value.to_bits()))
        })
    }

    /// The series are written as in an exposition, and read as one.
    fn of(line: &str, holds: impl FnOnce(f64) -> Test) -> Self {
        let answer = read(&format!("{line}\n")).unwrap_or_else(|error| panic!("{line}: {error}"));
        let (family, told) = answer.into_iter().next().unwrap();
        let (labels, value) = told.samples.into_iter().next().unwrap();
        Self {
            family,
            labels,
            holds: holds(value),
        }
    }

    fn found<'a>(&self, answer: &'a Answer) -> Vec<&'a Sample> {
        let samples = answer.get(&self.family).map_or(&[][..], |told| &told.samples);
        let has = |sample: &&Sample| {
            self.labels
                .iter()
                .all(|(name, value)| sample.0.get(name) == Some(value))
        };
        samples.iter().filter(has).collect()
    }
}

/// The family that a requirement is about.
pub(crate) fn family(want: &str) -> String {
    Want::read(want).family
}

/// What was found instead; `None`: it holds.
pub(crate) fn missed(want: &str, answer: &Answer) -> Option<String> {
    let parts = Want::read(want);
    let found = parts.found(answer);
    let values: Vec<f64> = found.iter().map(|sample| sample.1).collect();
    (!(parts.holds)(&values)).then(|| match found.is_empty() {
        true => match answer.get(&parts.family) {
            None => "no such family".to_owned(),
            Some(told) => shown(told),
        },
        false => found.iter().map(|sample| line(sample)).collect::<Vec<_>>().join(" "),
    })
}

fn shown(told: &Told) -> String {
    told.samples.iter().map(line).collect::<Vec<_>>().join(" ")
}

fn line((labels, value): &Sample) -> String {
    let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
    format!("{{{}}} {value}", labels.join(","))
}

/// Pairs of what upstream has and what ours has instead, but for the families in `excepted`.
pub(crate) fn differences(upstream: &Answer, ours: &Answer, excepted: &[String]) -> Vec<(String, String)> {
    let mut wrong = Vec::new();
    for (name, theirs) in upstream.iter().filter(|(name, _)| !excepted.contains(name)) {
        match ours.get(name) {
            None => wrong.push((
                format!("upstream's {name} {}", shown(theirs)),
                "no such family".to_owned(),
            )),
            Some(told) if (&told.help, &told.kind) != (&theirs.help, &theirs.kind) => wrong.push((
                format!("{name}: {} {:?}", theirs.kind, theirs.help),
                format!("{} {:?}", told.kind, told.help),
            )),
            Some(told) if values(name, told) != values(name, theirs) => {
                wrong.push((format!("upstream's {name} {}", shown(theirs)), shown(told)));
            }
            Some(_) => {}
        }
    }
    let more = ours
        .iter()
        .filter(|(name, _)| !upstream.contains_key(*name) && !excepted.contains(name) && *name != "probe_failure_info");
    wrong.extend(more.map(|(name, told)| (format!("no {name}, which upstream lacks"), shown(told))));
    wrong
}

/// Samples in an order that two programs share; times are all alike.
fn values(family: &str, told: &Told) -> Vec<(BTreeMap<String, String>, u64)> {
    let timed = TIMES.iter().any(|end| family.ends_with(end));
    let value = |value: f64| if timed { 0 } else { value.to_bits() };
    let mut values: Vec<_> = told
        .samples
        .iter()
        .map(|(labels, one)| (labels.clone(), value(*one)))
        .collect();
    values.sort();
    values
}

#[test]
fn what_does_not_hold_is_found() {
    let answer = read("# HELP a b\n# TYPE a gauge\na{l=\"1\",m=\"x, \\\"y\\\"\"} 2\na{l=\"2\",m=\"\"} 3\n").unwrap();
    for (want, holds) in [
        ("a{l=\"1\"} 2", true),
        ("a{m=\"x, \\\"y\\\"\"} 2", true),
        ("a{l=\"1\"} 3", false),
        ("a{l=\"3\"} 3", false),
        ("a 2", false),
        ("a{l=\"2\"} < 3.5", true),
        ("a{l=\"2\"} < 3", false),
        ("a{l=\"2\"} > 2.5", true),
        ("a > 1", false),
        ("b 1", false),
        ("no b", true),
        ("no a", false),
        ("no a{l=\"3\"}", true),
    ] {
        assert_eq!(missed(want, &answer).is_none(), holds, "{want}");
    }
}

#[test]
fn what_upstream_has_and_ours_has_not_is_found() {
    let gauge = |text: &str| read(&format!("# HELP a b\n# TYPE a gauge\n{text}")).unwrap();
    let timed = |value: &str| read(&format!("a_duration_seconds {value}\n")).unwrap();
    let theirs = gauge("a{l=\"1\"} 1\na{l=\"2\"} 2\n");
    for (ours, expected) in [
        (gauge("a{l=\"2\"} 2\na{l=\"1\"} 1\n"), 0),
        (gauge("a{l=\"2\"} 2\na{l=\"1\"} 0\n"), 1),
        (gauge("a{l=\"2\"} 2\n"), 1),
        (
            read("# HELP a c\n# TYPE a gauge\na{l=\"1\"} 1\na{l=\"2\"} 2\n").unwrap(),
            1,
        ),
        (
            read("# HELP a b\n# TYPE a counter\na{l=\"1\"} 1\na{l=\"2\"} 2\n").unwrap(),
            1,
        ),
        (read("b 1\n").unwrap(), 2),
        (read("probe_failure_info 1\n").unwrap(), 1),
    ] {
        assert_eq!(differences(&theirs, &ours, &[]).len(), expected, "{ours:?}");
        assert!(differences(&theirs, &ours, &["a".to_owned(), "b".to_owned()]).is_empty());
    }
    assert!(differences(&timed("1"), &timed("2"), &[]).is_empty());
}
