//! An expression from a flag. Plain ones, which nearly all are, get a small automaton of our own: the `regex` crate takes
//! some hundred times longer to make its own, which is faster on long texts, but names are short and matched once.

use regex::{Error, Regex};

use super::automaton::Automaton;
use super::{go_dialect, pattern};

/// A regular expression.
#[derive(Clone, Debug)]
pub struct Expression(Matcher);

#[derive(Clone, Debug)]
enum Matcher {
    Plain(Automaton),
    Full(Regex),
}

/// The expression, which matches anywhere in a text, as Go's do.
///
/// # Errors
/// When it is malformed; the error shows where.
pub fn parse(expression: &str) -> Result<Expression, Error> {
    let plain = pattern::parse(expression).and_then(|pattern| Automaton::new(&pattern));
    match plain {
        Some(automaton) => Ok(Expression(Matcher::Plain(automaton))),
        None => go_dialect::parse(expression).map(|regex| Expression(Matcher::Full(regex))),
    }
}

impl Expression {
    /// Whether it matches somewhere in `text`.
    pub fn is_match(&self, text: &str) -> bool {
        match &self.0 {
            Matcher::Plain(automaton) => automaton.is_match(text),
            Matcher::Full(regex) => regex.is_match(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn is_plain(expression: &str) -> bool {
        matches!(parse(expression), Ok(Expression(Matcher::Plain(_))))
    }

    #[test]
    fn the_usual_expressions_are_plain_and_all_others_match_too() {
        for (expression, plain, text, matches) in [
            ("", true, "x", true),
            ("^$", true, "", true),
            ("^$", true, "x", false),
            (r"^(z?ram|(h|xv)d[a-z]|nvme\d+n\d+p)\d+$", true, "nvme0n1p12", true),
            (r"^(z?ram|(h|xv)d[a-z]|nvme\d+n\d+p)\d+$", true, "xvda", false),
            ("^/(dev|run/credentials/.+)($|/)", true, "/run/credentials/x", true),
            ("^/(dev|run/credentials/.+)($|/)", true, "/device", false),
            ("^(?:a|b.*)$", true, "b\n", false),
            ("h.llo", true, "sähöllo", true),
            ("(?i)^ETH", false, "eth0", true),
            ("^x{2,3}$", false, "xxxx", false),
            (r"^\w+$", false, "lo", true),
        ] {
            assert_eq!(is_plain(expression), plain, "{expression}");
            assert_eq!(
                parse(expression).unwrap().is_match(text),
                matches,
                "{expression} on {text:?}"
            );
        }
    }

    #[test]
    fn malformed_expressions_are_refused_with_words() {
        for expression in ["(", ")", "a|*", "[z-a]", "[a", "^(a", "a**(", "(?:"] {
            let error = parse(expression).unwrap_err().to_string();
            assert!(error.contains(expression), "{expression}: {error}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        #[test]
        fn a_plain_expression_matches_what_the_full_one_matches(
            expression in r"([ab.|^$*+?]|\(|\)|\(\?:|\[a\]|\[\^a-c\]|\\d|\\\.){0,10}",
            texts in prop::collection::vec("[abcü.1\n]{0,5}", 8),
        ) {
            if let Some(automaton) = pattern::parse(&expression).and_then(|pattern| Automaton::new(&pattern)) {
                let full = go_dialect::parse(&expression).unwrap();
                for text in texts {
                    prop_assert_eq!(automaton.is_match(&text), full.is_match(&text), "{} on {:?}", &expression, text);
                }
            }
        }
    }
}
