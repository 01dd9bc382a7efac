//! The configuration as `/config` and `debug=true` show it: YAML in upstream's key order and indentation, without what is
//! not set, and without secrets.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

/// A piece of YAML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Node {
    /// A number, a boolean or a word that needs no quotes.
    Word(String),
    /// Any text.
    Text(String),
    /// Values in order.
    List(Vec<Node>),
    /// Keys and values in order.
    Map(Vec<(String, Node)>),
}

/// A value of the configuration that people may see.
pub(crate) trait Shown {
    /// Whether it is as if nobody had said anything of it.
    fn is_unset(&self) -> bool;

    /// What people see of it.
    fn shown(&self) -> Node;
}

/// How YAML is laid out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    step: usize,
    indented_lists: bool,
}

impl Layout {
    /// As `/config` has it.
    pub(crate) const CONFIG: Self = Self {
        step: 4,
        indented_lists: true,
    };
    /// As `debug=true` has it.
    pub(crate) const DEBUG: Self = Self {
        step: 2,
        indented_lists: false,
    };

    /// Where that begins which belongs to a key at this column.
    fn below(self, column: usize) -> usize {
        (column / self.step + 1) * self.step
    }
}

/// The YAML text of a value.
pub(crate) fn yaml(value: &impl Shown, layout: Layout) -> String {
    let mut out = String::new();
    match value.shown() {
        Node::Map(entries) if entries.is_empty() => out.push_str("{}\n"),
        Node::Map(entries) => push_map(&mut out, &entries, 0, layout),
        other => push_value(&mut out, &other, 0, layout),
    }
    out
}

/// The lines of a map whose keys begin at `column`, where the text already stands.
fn push_map(out: &mut String, entries: &[(String, Node)], column: usize, layout: Layout) {
    for (index, (key, value)) in entries.iter().enumerate() {
        if index > 0 {
            push_indent(out, column);
        }
        out.push_str(&scalar(key));
        out.push(':');
        push_value(out, value, column, layout);
    }
}

/// What follows the colon of a key at `column`, to the end of its last line.
fn push_value(out: &mut String, value: &Node, column: usize, layout: Layout) {
    match value {
        Node::Word(word) => push_line(out, word),
        Node::Text(text) if is_block(text) => push_block(out, text, layout.below(column)),
        Node::Text(text) => push_line(out, &scalar(text)),
        Node::List(items) if items.is_empty() => push_line(out, "[]"),
        Node::Map(entries) if entries.is_empty() => push_line(out, "{}"),
        Node::List(items) => {
            out.push('\n');
            let below = if layout.indented_lists {
                layout.below(column)
            } else {
                column
            };
            for item in items {
                push_indent(out, below);
                out.push('-');
                push_item(out, item, below, layout);
            }
        }
        Node::Map(entries) => {
            out.push('\n');
            let below = layout.below(column);
            push_indent(out, below);
            push_map(out, entries, below, layout);
        }
    }
}

/// What follows the dash of an item at `column`.
fn push_item(out: &mut String, item: &Node, column: usize, layout: Layout) {
    match item {
        Node::Map(entries) if !entries.is_empty() => {
            out.push(' ');
            push_map(out, entries, column + 2, layout);
        }
        other => push_value(out, other, column, layout),
    }
}

fn push_line(out: &mut String, text: &str) {
    out.push(' ');
    out.push_str(text);
    out.push('\n');
}

fn push_indent(out: &mut String, column: usize) {
    out.extend(std::iter::repeat_n(' ', column));
}

/// Whether a text is shown as lines of their own.
fn is_block(text: &str) -> bool {
    let printable = |c: char| c == '\n' || !c.is_control();
    text.contains('\n') && text.chars().all(printable) && !text.starts_with([' ', '\n'])
}

fn push_block(out: &mut String, text: &str, column: usize) {
    let chomping = match text.strip_suffix('\n') {
        None => "|-",
        Some(rest) if rest.ends_with('\n') => "|+",
        Some(_) => "|",
    };
    push_line(out, chomping);
    for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
        if !line.is_empty() {
            push_indent(out, column);
        }
        out.push_str(line);
        out.push('\n');
    }
}

/// A text on one line, in quotes where YAML needs them.
fn scalar(text: &str) -> String {
    if text.chars().any(|c| c.is_control() || c == '\u{feff}') {
        return double_quoted(text);
    }
    if text.is_empty() || reads_as_something_else(text) {
        return format!("\"{text}\"");
    }
    if is_plain(text) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "''"))
}

fn double_quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // Writing to a String cannot fail.
            other if other.is_control() => drop(write!(out, "\\u{:04X}", u32::from(other))),
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

/// Whether a text without quotes would be a number, a boolean or nothing.
fn reads_as_something_else(text: &str) -> bool {
    const WORDS: &[&str] = &[
        "~", "=", "<<", "null", "true", "false", "yes", "no", "on", "off", "y", "n", ".nan", ".inf", "-.inf", "+.inf",
    ];
    let digits = text.trim_start_matches(['-', '+']).replace('_', "");
    let prefixed = ["0x", "0o", "0b"].iter().any(|prefix| digits.starts_with(prefix));
    let number = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') && digits.parse::<f64>().is_ok();
    let date = text.len() >= 8 && text.get(4..5) == Some("-") && text.chars().take(4).all(|c| c.is_ascii_digit());
    prefixed || number || date || WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
}

/// Whether a text can stand without quotes.
fn is_plain(text: &str) -> bool {
    const INDICATORS: &str = ",[]{}#&*!|>'\"%@`";
    let mut characters = text.chars();
    let (first, second) = (characters.next(), characters.next());
    let bad_start = match first {
        Some('-' | '?' | ':') => second.is_none_or(|c| c == ' '),
        Some(c) => c == ' ' || INDICATORS.contains(c),
        None => true,
    };
    !bad_start && !text.contains(": ") && !text.contains(" #") && !text.ends_with([':', ' '])
}

impl Shown for bool {
    fn is_unset(&self) -> bool {
        !self
    }

    fn shown(&self) -> Node {
        Node::Word(self.to_string())
    }
}

macro_rules! shown_numbers {
    ($($number:ty)*) => {
        $(impl Shown for $number {
            fn is_unset(&self) -> bool {
                *self == 0
            }

            fn shown(&self) -> Node {
                Node::Word(self.to_string())
            }
        })*
    };
}

shown_numbers!(u16 u32 i64 usize);

impl Shown for String {
    fn is_unset(&self) -> bool {
        self.is_empty()
    }

    fn shown(&self) -> Node {
        Node::Text(self.clone())
    }
}

impl<T: Shown> Shown for Vec<T> {
    fn is_unset(&self) -> bool {
        self.is_empty()
    }

    fn shown(&self) -> Node {
        Node::List(self.iter().map(Shown::shown).collect())
    }
}

impl<T: Shown> Shown for BTreeMap<String, T> {
    fn is_unset(&self) -> bool {
        self.is_empty()
    }

    fn shown(&self) -> Node {
        Node::Map(self.iter().map(|(key, value)| (key.clone(), value.shown())).collect())
    }
}

impl<T: Shown> Shown for Option<T> {
    fn is_unset(&self) -> bool {
        self.is_none()
    }

    fn shown(&self) -> Node {
        self.as_ref().map_or(Node::Word("null".to_owned()), Shown::shown)
    }
}

impl<T: Shown> Shown for Arc<T> {
    fn is_unset(&self) -> bool {
        self.as_ref().is_unset()
    }

    fn shown(&self) -> Node {
        self.as_ref().shown()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_quoted_as_go_yaml_quotes_them() {
        for (text, expected) in [
            ("plain words", "plain words"),
            ("^+OK", "^+OK"),
            ("${1}", "${1}"),
            ("http://a:1/", "http://a:1/"),
            ("<secret>", "<secret>"),
            ("-x", "-x"),
            ("y", "\"y\""),
            ("True", "\"True\""),
            ("12", "\"12\""),
            ("1_000", "\"1_000\""),
            ("0x1f", "\"0x1f\""),
            ("1e3", "\"1e3\""),
            ("2001-01-01", "\"2001-01-01\""),
            ("", "\"\""),
            ("~", "\"~\""),
            ("a: b", "'a: b'"),
            ("a #b", "'a #b'"),
            ("it's: so", "'it''s: so'"),
            ("- x", "'- x'"),
            ("[a]", "'[a]'"),
            ("@x", "'@x'"),
            ("end ", "'end '"),
            ("a\tb\u{1}", "\"a\\tb\\u0001\""),
        ] {
            assert_eq!(scalar(text), expected, "{text:?}");
        }
    }

    #[test]
    fn lines_keep_their_ends() {
        for (text, expected) in [
            ("a\nb", "k: |-\n    a\n    b\n"),
            ("a\n\nb\n", "k: |\n    a\n\n    b\n"),
            ("a\n\n", "k: |+\n    a\n\n"),
            ("\na", "k: \"\\na\"\n"),
        ] {
            let map = BTreeMap::from([("k".to_owned(), text.to_owned())]);
            assert_eq!(yaml(&map, Layout::CONFIG), expected);
        }
    }

    #[test]
    fn lists_in_maps_in_lists_are_indented_as_upstream_does() {
        let inner = BTreeMap::from([
            ("a".to_owned(), vec!["x".to_owned()]),
            ("b".to_owned(), vec!["z".to_owned()]),
        ]);
        let outer = BTreeMap::from([("q".to_owned(), vec![inner])]);
        let config = "q:\n    - a:\n        - x\n      b:\n        - z\n";
        assert_eq!(yaml(&outer, Layout::CONFIG), config);
        assert_eq!(yaml(&outer, Layout::DEBUG), "q:\n- a:\n  - x\n  b:\n  - z\n");
    }
}
