//! Which devices, mount points or fields a collector shows, by regular expressions from flags. Matches are unanchored,
//! as upstream's are.

use exporter_toolkit::collector::BuildError;
use exporter_toolkit::flags::Flags;
use exporter_toolkit::go_regex::{self, Expression};

/// Shows everything, only what matches, or all but what matches.
#[derive(Debug, Clone)]
pub(crate) enum Filter {
    /// No flag was given.
    All,
    /// Only names that match.
    Include(Expression),
    /// Only names that do not match.
    Exclude(Expression),
    /// Only names that both show.
    Both(Box<(Filter, Filter)>),
}

impl Filter {
    /// The filter of an `…-include` and an `…-exclude` flag, of which only one may be set. A default of `exclude`
    /// gives way to an `include` that was typed.
    ///
    /// # Errors
    /// When both were typed, or an expression is malformed; the flag is named.
    pub(crate) fn from_flags(flags: &Flags, include: &str, exclude: &str) -> Result<Self, BuildError> {
        let includes = !flags.value(include).is_empty();
        if includes && flags.is_given(exclude) && !flags.value(exclude).is_empty() {
            return Err(format!("--{include} and --{exclude} are mutually exclusive").into());
        }
        if includes {
            return Ok(Self::Include(regex_flag(flags, include)?));
        }
        match flags.value(exclude) {
            "" => Ok(Self::All),
            _ => Ok(Self::Exclude(regex_flag(flags, exclude)?)),
        }
    }

    /// [`from_flags`](Self::from_flags) where the flag `exclude` has an older name, `old`, too.
    ///
    /// # Errors
    /// As [`from_flags`](Self::from_flags), and when both names of the flag were typed.
    pub(crate) fn from_flags_or_old(
        flags: &Flags,
        include: &str,
        exclude: &str,
        old: &str,
    ) -> Result<Self, BuildError> {
        if flags.value(old).is_empty() {
            return Self::from_flags(flags, include, exclude);
        }
        if flags.is_given(exclude) {
            return Err(format!("--{old} and --{exclude} are mutually exclusive").into());
        }
        log::warn!(flag = old, instead = exclude; "a deprecated flag was given");
        match flags.value(include) {
            "" => Ok(Self::Exclude(regex_flag(flags, old)?)),
            _ => Ok(Self::Include(regex_flag(flags, include)?)),
        }
    }

    /// The filter that shows what this one and `other` show.
    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::All, filter) | (filter, Self::All) => filter,
            both => Self::Both(Box::new(both)),
        }
    }

    /// Whether `name` is shown.
    pub(crate) fn shows(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Include(expression) => expression.is_match(name),
            Self::Exclude(expression) => !expression.is_match(name),
            Self::Both(both) => both.0.shows(name) && both.1.shows(name),
        }
    }
}

/// A flag's value as a regular expression.
///
/// # Errors
/// When it is malformed; the flag is named.
pub(crate) fn regex_flag(flags: &Flags, name: &str) -> Result<Expression, BuildError> {
    go_regex::parse(flags.value(name)).map_err(|error| format!("--{name}: {error}").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_together_show_what_each_shows() {
        let regex = |pattern| go_regex::parse(pattern).unwrap();
        let cases = [
            (Filter::All, Filter::All, "eth0 veth1 lo"),
            (Filter::All, Filter::Exclude(regex("^veth")), "eth0 lo"),
            (Filter::Include(regex("eth")), Filter::All, "eth0 veth1"),
            (Filter::Include(regex("eth")), Filter::Exclude(regex("^veth")), "eth0"),
        ];
        for (one, other, expected) in cases {
            let both = one.and(other);
            let shown: Vec<&str> = ["eth0", "veth1", "lo"]
                .into_iter()
                .filter(|name| both.shows(name))
                .collect();
            assert_eq!(shown.join(" "), expected, "{both:?}");
        }
    }
}
