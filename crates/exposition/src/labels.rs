//! The labels of one sample, and what may stand in a name.

use std::iter::Zip;
use std::slice::Iter;

/// The labels of one sample.
#[derive(Clone, Copy, Debug)]
pub enum Labels<'a> {
    /// Values for the label names of the family's [`Desc`](crate::Desc), in that order.
    Values(&'a [&'a str]),
    /// Names and values, for families whose samples differ in their label names.
    Pairs(&'a [(&'a str, &'a str)]),
}

impl<'a> From<&'a [&'a str]> for Labels<'a> {
    fn from(values: &'a [&'a str]) -> Self {
        Labels::Values(values)
    }
}

impl<'a, const N: usize> From<&'a [&'a str; N]> for Labels<'a> {
    fn from(values: &'a [&'a str; N]) -> Self {
        Labels::Values(values)
    }
}

impl<'a> From<&'a [(&'a str, &'a str)]> for Labels<'a> {
    fn from(pairs: &'a [(&'a str, &'a str)]) -> Self {
        Labels::Pairs(pairs)
    }
}

/// Name and value of each label, whichever way they were given.
#[derive(Clone)]
pub(crate) enum LabelIter<'a> {
    Values(Zip<Iter<'a, &'a str>, Iter<'a, &'a str>>),
    Pairs(Iter<'a, (&'a str, &'a str)>),
}

impl<'a> LabelIter<'a> {
    pub(crate) fn new(names: &'a [&'a str], labels: Labels<'a>) -> Self {
        match labels {
            Labels::Values(values) => {
                debug_assert_eq!(names.len(), values.len(), "a value for each label of {names:?}");
                LabelIter::Values(names.iter().zip(values))
            }
            Labels::Pairs(pairs) => LabelIter::Pairs(pairs.iter()),
        }
    }

    /// Whether the names are those of the `Desc`, which its header has looked at.
    pub(crate) fn has_names_of_desc(&self) -> bool {
        matches!(self, LabelIter::Values(_))
    }
}

impl<'a> Iterator for LabelIter<'a> {
    type Item = (&'a str, &'a str);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        match self {
            LabelIter::Values(zip) => zip.next().map(|(name, value)| (*name, *value)),
            LabelIter::Pairs(pairs) => pairs.next().copied(),
        }
    }
}

/// Whether every text format can write this metric name without quotes.
pub(crate) fn is_legacy_metric_name(name: &str) -> bool {
    is_legacy(name, true)
}

/// Whether every text format can write this label name without quotes.
pub(crate) fn is_legacy_label_name(name: &str) -> bool {
    is_legacy(name, false)
}

fn is_legacy(name: &str, colon: bool) -> bool {
    // Without a branch for each byte: nearly all names are good to the end.
    let kinds = name.bytes().fold(0, |kinds, byte| kinds | KINDS[usize::from(byte)]);
    let unwanted = if colon { OTHER } else { OTHER | COLON };
    kinds & unwanted == 0 && name.bytes().next().is_some_and(|first| !first.is_ascii_digit())
}

const COLON: u8 = 1;
const OTHER: u8 = 2;

/// What sets each byte apart from those that every legacy name may have.
const KINDS: [u8; 256] = {
    let mut kinds = [OTHER; 256];
    let mut byte = 0;
    while byte < kinds.len() {
        match byte as u8 {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'_' => kinds[byte] = 0,
            b':' => kinds[byte] = COLON,
            _ => {}
        }
        byte += 1;
    }
    kinds
};

/// Writes `name` with every character that legacy names lack as `_`, as Prometheus' `underscores` escaping does.
pub(crate) fn push_underscored(out: &mut Vec<u8>, name: &str, colon: bool) {
    for (index, character) in name.chars().enumerate() {
        let digit = character.is_ascii_digit() && index > 0;
        let keep = character.is_ascii_alphabetic() || digit || character == '_' || (colon && character == ':');
        out.push(if keep { character as u8 } else { b'_' });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart() {
        for (name, metric, label) in [
            ("node_load1", true, true),
            ("job:x:rate5m", true, false),
            ("1st", false, false),
            ("", false, false),
            ("a.b", false, false),
            ("ü", false, false),
        ] {
            assert_eq!(
                (is_legacy_metric_name(name), is_legacy_label_name(name)),
                (metric, label),
                "{name}"
            );
        }
    }

    #[test]
    fn foreign_characters_become_underscores() {
        let mut out = Vec::new();
        push_underscored(&mut out, "1st.größe:x", true);
        assert_eq!(out, b"_st_gr__e:x");
    }
}
