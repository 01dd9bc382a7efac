//! The part of the language that has one meaning everywhere: literal characters, `.`, `\d`, sets such as `[^a-z0-9]`,
//! groups, `|`, `*`, `+`, `?`, `^` and `$`. All else is left to the `regex` crate, errors too.

use std::iter::Peekable;
use std::str::Chars;

/// Groups in groups; more are no plain expression.
const MOST_NESTED: u32 = 20;

/// A plain expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Pattern {
    One(CharacterSet),
    /// Literal characters, one after the other.
    Text(String),
    Start,
    End,
    Sequence(Vec<Pattern>),
    Choice(Vec<Pattern>),
    Repeated {
        pattern: Box<Pattern>,
        times: Times,
    },
}

/// How often a pattern may come in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Times {
    ZeroOrOne,
    ZeroOrMore,
    OneOrMore,
}

/// What one character has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum CharacterSet {
    Only(char),
    AllButLineFeed,
    InOneOf(Vec<(char, char)>),
    InNoneOf(Vec<(char, char)>),
}

impl CharacterSet {
    #[inline]
    pub(super) fn contains(&self, character: char) -> bool {
        let is_in = |ranges: &[(char, char)]| ranges.iter().any(|(low, high)| *low <= character && character <= *high);
        match self {
            Self::Only(only) => *only == character,
            Self::AllButLineFeed => character != '\n',
            Self::InOneOf(ranges) => is_in(ranges),
            Self::InNoneOf(ranges) => !is_in(ranges),
        }
    }
}

/// `None` for what is malformed or not plain.
pub(super) fn parse(expression: &str) -> Option<Pattern> {
    let mut rest = expression.chars().peekable();
    let pattern = choice(&mut rest, 0)?;
    rest.next().is_none().then_some(pattern)
}

type Rest<'a> = Peekable<Chars<'a>>;

fn choice(rest: &mut Rest<'_>, depth: u32) -> Option<Pattern> {
    let mut branches = vec![sequence(rest, depth)?];
    while rest.next_if_eq(&'|').is_some() {
        branches.push(sequence(rest, depth)?);
    }
    if branches.len() == 1 {
        branches.pop()
    } else {
        Some(Pattern::Choice(branches))
    }
}

fn sequence(rest: &mut Rest<'_>, depth: u32) -> Option<Pattern> {
    let mut parts = Vec::new();
    while let Some(first) = rest.next_if(|next| !matches!(next, '|' | ')')) {
        let part = part(first, rest, depth)?;
        match (repeated(part, rest)?, parts.last_mut()) {
            (Pattern::One(CharacterSet::Only(literal)), Some(Pattern::Text(text))) => text.push(literal),
            (Pattern::One(CharacterSet::Only(literal)), _) => parts.push(Pattern::Text(literal.into())),
            (part, _) => parts.push(part),
        }
    }
    Some(Pattern::Sequence(parts))
}

fn part(first: char, rest: &mut Rest<'_>, depth: u32) -> Option<Pattern> {
    let set = match first {
        '^' => return Some(Pattern::Start),
        '$' => return Some(Pattern::End),
        '(' => return group(rest, depth + 1),
        '.' => CharacterSet::AllButLineFeed,
        '[' => bracketed(rest)?,
        '\\' => match rest.next()? {
            'd' => CharacterSet::InOneOf(vec![('0', '9')]),
            literal if regex_syntax::is_meta_character(literal) => CharacterSet::Only(literal),
            _ => return None,
        },
        '*' | '+' | '?' | '{' | '}' | ']' => return None,
        literal => CharacterSet::Only(literal),
    };
    Some(Pattern::One(set))
}

fn group(rest: &mut Rest<'_>, depth: u32) -> Option<Pattern> {
    if depth > MOST_NESTED {
        return None;
    }
    if rest.next_if_eq(&'?').is_some() {
        rest.next_if_eq(&':')?;
    }
    let inside = choice(rest, depth)?;
    rest.next_if_eq(&')')?;
    Some(inside)
}

/// A set whose members and ends of ranges can be nothing but literals.
fn bracketed(rest: &mut Rest<'_>) -> Option<CharacterSet> {
    let is_negated = rest.next_if_eq(&'^').is_some();
    let mut ranges = Vec::new();
    while rest.next_if_eq(&']').is_none() {
        let low = member(rest)?;
        let high = if rest.next_if_eq(&'-').is_some() {
            member(rest)?
        } else {
            low
        };
        ranges.push((low, high));
    }
    if ranges.is_empty() || ranges.iter().any(|(low, high)| low > high) {
        return None;
    }
    Some(if is_negated {
        CharacterSet::InNoneOf(ranges)
    } else {
        CharacterSet::InOneOf(ranges)
    })
}

fn member(rest: &mut Rest<'_>) -> Option<char> {
    rest.next_if(|next| next.is_ascii_alphanumeric() || matches!(next, '_' | '.' | '/' | ':' | '@' | ' '))
}

fn repeated(part: Pattern, rest: &mut Rest<'_>) -> Option<Pattern> {
    let times = match rest.peek() {
        Some('?') => Times::ZeroOrOne,
        Some('*') => Times::ZeroOrMore,
        Some('+') => Times::OneOrMore,
        _ => return Some(part),
    };
    rest.next();
    // A lazy repetition, a repeated one, or a repeated place: all differ from dialect to dialect.
    let is_odd = matches!(rest.peek(), Some('?' | '*' | '+' | '{')) || matches!(part, Pattern::Start | Pattern::End);
    let pattern = Box::new(part);
    (!is_odd).then_some(Pattern::Repeated { pattern, times })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(character: char) -> Pattern {
        Pattern::One(CharacterSet::Only(character))
    }

    #[test]
    fn a_plain_expression_is_taken_apart() {
        let digits = Pattern::One(CharacterSet::InOneOf(vec![('0', '9'), ('_', '_')]));
        let repeated = |pattern, times| Pattern::Repeated {
            pattern: Box::new(pattern),
            times,
        };
        let choice = Pattern::Choice(vec![
            Pattern::Sequence(vec![Pattern::Text("ab".into()), repeated(only('.'), Times::ZeroOrOne)]),
            Pattern::Sequence(vec![]),
        ]);
        let expected = Pattern::Sequence(vec![
            Pattern::Start,
            repeated(choice, Times::ZeroOrMore),
            repeated(digits, Times::OneOrMore),
            Pattern::End,
        ]);
        assert_eq!(parse(r"^(?:ab\.?|)*[0-9_]+$"), Some(expected));
    }

    #[test]
    fn what_is_malformed_or_may_mean_something_else_is_not_plain() {
        for expression in [
            "(",
            ")",
            "a)",
            "*",
            "a|+",
            "a**",
            "a+?",
            "^*",
            "$?",
            "a{2}",
            "{",
            "}",
            "]",
            "[",
            "[]",
            "[]a]",
            "[^]",
            "[a",
            "[b-a]",
            "[a-]",
            "[-a]",
            r"[\d]",
            "[[:alpha:]]",
            "[a&&b]",
            r"\",
            r"\w",
            r"\b",
            r"\pL",
            r"\x41",
            r"\z",
            "(?i)a",
            "(?P<n>a)",
            "(?",
            "(?:a",
        ] {
            assert_eq!(parse(expression), None, "{expression}");
        }
        let nested = |depth| "(".repeat(depth) + &")".repeat(depth);
        assert!(parse(&nested(20)).is_some());
        assert!(parse(&nested(21)).is_none());
    }
}
