//! Families of several files under one help and type each.

use std::borrow::Cow;
use std::collections::HashMap;

use exposition::Kind;
use exposition::parse::Family;

/// What one file holds.
pub(super) struct Content<'a> {
    pub(super) path: &'a str,
    pub(super) families: Vec<Family<'a>>,
}

/// A family, the places where it stands, and what it is called for all of them.
#[derive(Debug)]
pub(super) struct Merged<'c> {
    pub(super) help: Cow<'c, str>,
    pub(super) kind: Kind,
    pub(super) families: Vec<&'c Family<'c>>,
}

/// A family of a file that does not fit to those before.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Misfit {
    pub(super) path: String,
    pub(super) error: String,
}

/// A family while files are gone through.
struct Draft<'c> {
    help: Option<&'c str>,
    kind: Kind,
    paths: Vec<&'c str>,
    families: Vec<&'c Family<'c>>,
}

/// Puts families of one name together, in order of their first appearance. The first help and type hold; another file's
/// family that says otherwise is left out. Without a help, the files are named instead.
pub(super) fn merge<'c>(contents: &'c [Content<'c>]) -> (Vec<Merged<'c>>, Vec<Misfit>) {
    let mut drafts: Vec<Draft<'c>> = Vec::new();
    let mut places = HashMap::new();
    let mut misfits = Vec::new();
    for content in contents {
        for family in &content.families {
            let place = *places.entry(family.name).or_insert_with(|| {
                drafts.push(Draft::new(family.kind));
                drafts.len() - 1
            });
            let Some(draft) = drafts.get_mut(place) else { continue };
            if let Err(error) = draft.add(content.path, family) {
                let path = content.path.to_owned();
                misfits.push(Misfit { path, error });
            }
        }
    }
    (drafts.into_iter().map(Draft::finish).collect(), misfits)
}

impl<'c> Draft<'c> {
    fn new(kind: Kind) -> Self {
        Self {
            help: None,
            kind,
            paths: Vec::new(),
            families: Vec::new(),
        }
    }

    fn add(&mut self, path: &'c str, family: &'c Family<'c>) -> Result<(), String> {
        let name = family.name;
        let help = family.help.as_deref();
        if let (Some(own), Some(other)) = (self.help, help)
            && own != other
        {
            return Err(format!(
                "inconsistent metric help text: {name} has {own:?} before, {other:?} here"
            ));
        }
        if self.kind != family.kind {
            return Err(format!(
                "inconsistent metric type: {name} is {:?} before, {:?} here",
                self.kind, family.kind
            ));
        }
        self.help = self.help.or(help);
        self.paths.push(path);
        self.families.push(family);
        Ok(())
    }

    fn finish(self) -> Merged<'c> {
        let paths = || Cow::Owned(format!("Metric read from {}", self.paths.join(", ")));
        Merged {
            help: self.help.map_or_else(paths, Cow::Borrowed),
            kind: self.kind,
            families: self.families,
        }
    }
}

#[cfg(test)]
mod tests {
    use exposition::parse::parse;

    use super::*;

    fn content<'a>(path: &'a str, text: &'a str) -> Content<'a> {
        Content {
            path,
            families: parse(text.as_bytes()).unwrap(),
        }
    }

    #[test]
    fn the_first_help_and_type_hold() {
        let contents = [
            content("a", "x 1\n# TYPE t gauge\nt 1\n"),
            content("b", "# HELP x Help.\nx 2\n# TYPE t counter\nt 2\n"),
            content("c", "# HELP x Other.\nx 3\nonly 1\n"),
            content("d", "x 4\n"),
        ];
        let (merged, misfits) = merge(&contents);
        let rows: Vec<_> = merged
            .iter()
            .map(|merged| (merged.families[0].name, merged.help.as_ref(), merged.families.len()))
            .collect();
        let expected = [
            ("x", "Help.", 3),
            ("t", "Metric read from a", 1),
            ("only", "Metric read from c", 1),
        ];
        assert_eq!(rows, expected);
        let misfits: Vec<_> = misfits
            .iter()
            .map(|misfit| (misfit.path.as_str(), misfit.error.as_str()))
            .collect();
        let expected = [
            ("b", "inconsistent metric type: t is Gauge before, Counter here"),
            (
                "c",
                "inconsistent metric help text: x has \"Help.\" before, \"Other.\" here",
            ),
        ];
        assert_eq!(misfits, expected);
    }

    #[test]
    fn without_help_the_files_are_named() {
        let contents = [content("a", "x 1\n"), content("b", "y 1\n"), content("c", "x 1\n")];
        let (merged, misfits) = merge(&contents);
        assert_eq!((merged[0].help.as_ref(), misfits.len()), ("Metric read from a, c", 0));
    }
}
