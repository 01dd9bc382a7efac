//! Names of families that only the kernel knows, as in /proc/vmstat: a file keeps its fields from read to read, so each
//! name is made, and matched against a filter, once.

use exposition::{Desc, Kind};
use regex::Regex;

/// What no metric's name may hold, with the underscores around it: `_` takes its place.
///
/// # Errors
/// Never: the expression is a good one.
pub(crate) fn odd_characters() -> Result<Regex, regex::Error> {
    Regex::new("_*[^0-9A-Za-z_]+_*")
}

/// The fields of one or more files that are read in the same order at each scrape.
#[derive(Debug, Default)]
pub(crate) struct FieldNames {
    entries: Vec<Entry>,
    next: usize,
}

/// What is known of the field at one position.
#[derive(Debug)]
struct Entry {
    group: String,
    field: String,
    family: Option<FieldFamily>,
}

/// Name and help of the family that shows a field.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct FieldFamily {
    /// The whole name.
    pub(crate) name: String,
    /// The help text.
    pub(crate) help: String,
}

impl FieldFamily {
    /// The family, without labels.
    pub(crate) fn desc(&self, kind: Kind) -> Desc<'_> {
        Desc::new(&self.name, &self.help, kind, &[])
    }
}

impl FieldNames {
    /// Goes back to the first field, as a scrape does before all else.
    pub(crate) fn rewind(&mut self) {
        self.next = 0;
    }

    /// The family of the next field: `field` of `group`, which is empty where files have none. `describe` makes it when
    /// another field stood here before; `None` of it means that this field is not shown.
    pub(crate) fn next(
        &mut self,
        group: &str,
        field: &str,
        describe: impl FnOnce() -> Option<FieldFamily>,
    ) -> Option<&FieldFamily> {
        let position = self.next;
        self.next += 1;
        let known = self.entries.get(position);
        if !known.is_some_and(|entry| entry.group == group && entry.field == field) {
            // The fields have moved: what is known of all later ones is of no use either.
            self.entries.truncate(position);
            self.entries.push(Entry {
                group: group.to_owned(),
                field: field.to_owned(),
                family: describe(),
            });
        }
        self.entries[position].family.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which fields a scrape of `fields` asked to be described, and the names that it was told.
    fn scrape(names: &mut FieldNames, fields: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
        let (mut asked, mut told) = (Vec::new(), Vec::new());
        names.rewind();
        for (group, field) in fields {
            let name = format!("{group}_{field}");
            let family = names.next(group, field, || {
                asked.push(name.clone());
                (*field != "hidden").then(|| FieldFamily {
                    name: name.clone(),
                    help: String::new(),
                })
            });
            told.extend(family.map(|family| family.name.clone()));
        }
        (asked, told)
    }

    #[test]
    fn a_field_is_described_once() {
        let mut names = FieldNames::default();
        let fields = [("Tcp", "InSegs"), ("Tcp", "hidden"), ("Udp", "InSegs")];
        let shown = vec!["Tcp_InSegs".to_owned(), "Udp_InSegs".to_owned()];
        let (asked, told) = scrape(&mut names, &fields);
        assert_eq!((asked.len(), told), (3, shown.clone()));
        assert_eq!(scrape(&mut names, &fields), (vec![], shown));
    }

    #[test]
    fn fields_that_come_go_or_move_keep_their_own_names() {
        let mut names = FieldNames::default();
        for fields in [
            &[("", "a"), ("", "b")][..],
            &[("", "b")],
            &[("", "c"), ("", "b"), ("", "a")],
        ] {
            let expected: Vec<String> = fields.iter().map(|(_, field)| format!("_{field}")).collect();
            assert_eq!(scrape(&mut names, fields).1, expected);
        }
    }
}
