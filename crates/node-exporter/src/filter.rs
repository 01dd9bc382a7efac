//! Which devices, mount points or fields a collector shows, by regular expressions from flags. Matches are unanchored,
//! as upstream's are.

use exporter_toolkit::collector::BuildError;
use exporter_toolkit::flags::Flags;
use regex::Regex;

/// Shows everything, only what matches, or all but what matches.
#[derive(Debug)]
pub(crate) enum Filter {
    /// No flag was given.
    All,
    /// Only names that match.
    Include(Regex),
    /// Only names that do not match.
    Exclude(Regex),
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

    /// Whether `name` is shown.
    pub(crate) fn shows(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Include(regex) => regex.is_match(name),
            Self::Exclude(regex) => !regex.is_match(name),
        }
    }
}

/// A flag's value as a regular expression.
///
/// # Errors
/// When it is malformed; the flag is named.
pub(crate) fn regex_flag(flags: &Flags, name: &str) -> Result<Regex, BuildError> {
    Regex::new(flags.value(name)).map_err(|error| format!("--{name}: {error}").into())
}
