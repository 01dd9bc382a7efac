//! Go's expressions for the `regex` crate. Both have the same language, RE2's, but for `\d`, `\w`, `\s` and `\b`, which
//! mean ASCII in Go and all of Unicode there, and for some characters that are plain in Go.

use std::ops::Range;

use regex::{Error, Regex};
use regex_syntax::ast::parse::Parser;
use regex_syntax::ast::{AssertionKind, Ast, ClassPerl, ClassPerlKind, ClassSetItem, Span, Visitor, visit};

use super::go_literals;

/// The expression, which matches anywhere in a text, as Go's do.
///
/// # Errors
/// When it is malformed; the error shows where.
pub fn parse(pattern: &str) -> Result<Regex, Error> {
    // The error is to show what was typed.
    compile(&go_literals::escape(pattern)).map_err(|error| Regex::new(pattern).err().unwrap_or(error))
}

fn compile(pattern: &str) -> Result<Regex, Error> {
    // What cannot be parsed here cannot be parsed there either, and the error is told there.
    let found = Parser::new()
        .parse(pattern)
        .ok()
        .map(|ast| visit(&ast, Finder::default()));
    let Some(Ok(found)) = found else {
        return Regex::new(pattern);
    };
    let mut ascii = pattern.to_owned();
    for (place, replacement) in found.into_iter().rev() {
        ascii.replace_range(place, replacement);
    }
    Regex::new(&ascii)
}

/// Finds what means more than ASCII, in the pattern's order, with what takes its place.
#[derive(Default)]
struct Finder {
    found: Vec<(Range<usize>, &'static str)>,
}

impl Finder {
    fn class(&mut self, class: &ClassPerl) {
        let replacement = match (&class.kind, class.negated) {
            (ClassPerlKind::Digit, false) => "[0-9]",
            (ClassPerlKind::Digit, true) => "[^0-9]",
            (ClassPerlKind::Space, false) => r"[\t\n\f\r ]",
            (ClassPerlKind::Space, true) => r"[^\t\n\f\r ]",
            (ClassPerlKind::Word, false) => "[0-9A-Za-z_]",
            (ClassPerlKind::Word, true) => "[^0-9A-Za-z_]",
        };
        self.found.push((range(&class.span), replacement));
    }
}

fn range(span: &Span) -> Range<usize> {
    span.start.offset..span.end.offset
}

impl Visitor for Finder {
    type Output = Vec<(Range<usize>, &'static str)>;
    type Err = Error;

    fn finish(self) -> Result<Self::Output, Error> {
        Ok(self.found)
    }

    fn visit_pre(&mut self, ast: &Ast) -> Result<(), Error> {
        match ast {
            Ast::ClassPerl(class) => self.class(class),
            Ast::Assertion(assertion) => match assertion.kind {
                AssertionKind::WordBoundary => self.found.push((range(&assertion.span), r"(?-u:\b)")),
                AssertionKind::NotWordBoundary => self.found.push((range(&assertion.span), r"(?-u:\B)")),
                _ => {}
            },
            _ => {}
        }
        Ok(())
    }

    fn visit_class_set_item_pre(&mut self, item: &ClassSetItem) -> Result<(), Error> {
        if let ClassSetItem::Perl(class) = item {
            self.class(class);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn classes_mean_ascii() {
        for (pattern, text, matches) in [
            (r"^\d+$", "42", true),
            (r"^\d+$", "٤٢", false),
            (r"^\D$", "٤", true),
            (r"^[\d_x]+$", "4_x2", true),
            (r"^[\d_x]+$", "٤", false),
            (r"^[^\d]$", "٤", true),
            (r"^[\D5]+$", "5a", true),
            (r"^[\D5]+$", "6", false),
            (r"^\w+$", "a_1", true),
            (r"^\w+$", "é", false),
            (r"^\W$", "é", true),
            (r"^\s$", "\t", true),
            (r"^\s$", "\u{a0}", false),
            (r"^\S$", "\u{b}", true),
            (r"\bé", "é", false),
            (r"a\b", "aé", true),
            (r"é\B", "é", true),
            (r"^(z?ram|nvme\d+n\d+p)\d+$", "nvme0n1p3", true),
        ] {
            assert_eq!(parse(pattern).unwrap().is_match(text), matches, "{pattern} on {text:?}");
        }
    }

    #[test]
    fn escapes_that_look_alike_stay() {
        for (pattern, text, matches) in [
            (r"^\\d$", r"\d", true),
            (r"^[\\d]$", "d", true),
            (r"^\x{64}$", "d", true),
            (r"(?i)^VETH", "veth0", true),
            (r"(?i)^straße$", "STRAßE", true),
        ] {
            assert_eq!(parse(pattern).unwrap().is_match(text), matches, "{pattern} on {text:?}");
        }
    }

    #[test]
    fn operators_that_go_lacks_are_plain() {
        for (pattern, text, matches) in [
            (r#"^{"status": "ok"}$"#, r#"{"status": "ok"}"#, true),
            ("^[a&&b]+$", "a&b", true),
            ("^[+--]+$", "+,-", true),
            ("^[[x]$", "[", true),
            (r"^\Qa.b\E$", "a.b", true),
            (r"^\Qa.b\E$", "axb", false),
        ] {
            assert_eq!(parse(pattern).unwrap().is_match(text), matches, "{pattern} on {text:?}");
        }
        // Nor does Go have what these are there.
        assert!(parse("[a--z]").is_err());
    }

    #[test]
    fn malformed_expressions_are_shown_as_they_were_typed() {
        for pattern in ["(", "[a", r"\d{2,1}", "*", r"a**\d("] {
            let error = parse(pattern).unwrap_err().to_string();
            assert!(error.contains(pattern), "{pattern}: {error}");
        }
    }
}
