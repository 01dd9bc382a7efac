//! How long and how far keys may be looked through, so that a target with many keys is still scraped in time.

use std::time::{Duration, Instant};

use exposition::Desc;
use log::warn;

use super::Seen;
use super::session::Session;
use crate::key_options::KeyOptions;
use crate::settings::Options;

const INCOMPLETE: Desc<'_> = Desc::gauge(
    "exporter_last_scrape_keys_incomplete",
    "Whether not all keys were looked at, for lack of time or because there are more than may be told of",
    &["flag"],
);

/// This part of the time is left for what comes after all looking.
const RESERVE: u32 = 10;

/// What looks through keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// `--check-keys` and `--check-single-keys`.
    Keys,
    /// `--check-streams` and `--check-single-streams`.
    Streams,
    /// `--count-keys`.
    Counts,
    /// `--check-key-groups`.
    Groups,
}

/// In the order in which they look.
const PARTS: [Part; 4] = [Part::Keys, Part::Streams, Part::Counts, Part::Groups];

impl Part {
    /// Whether it is to look at this target.
    pub(super) fn is_wanted(self, options: &Options, seen: &Seen<'_>) -> bool {
        let keys: &KeyOptions = &options.keys;
        let has_work = match self {
            Self::Keys => !keys.keys.is_empty() || !keys.single_keys.is_empty(),
            Self::Streams => !keys.streams.is_empty() || !keys.single_streams.is_empty(),
            Self::Counts => !keys.counts.is_empty(),
            Self::Groups => !keys.groups.is_empty(),
        };
        // As upstream has it, groups are looked for on masters, too.
        let is_left_alone = keys.without_master && self != Self::Groups && seen.role() == "master";
        has_work && !is_left_alone
    }

    fn flag(self) -> &'static str {
        match self {
            Self::Keys => "check-keys",
            Self::Streams => "check-streams",
            Self::Counts => "count-keys",
            Self::Groups => "check-key-groups",
        }
    }

    /// How many look, from this one on.
    fn left(self, options: &Options, seen: &Seen<'_>) -> u32 {
        let parts = PARTS.iter().skip_while(|part| **part != self);
        parts.map(|part| u32::from(part.is_wanted(options, seen))).sum()
    }
}

/// What a part may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Budget {
    until: Instant,
}

impl Budget {
    /// A fair share of the time that is left.
    pub(super) fn of(part: Part, session: &Session<'_, '_>) -> Self {
        let now = Instant::now();
        let left = session.connection.deadline().saturating_duration_since(now);
        let parts = part.left(session.options, session.seen);
        let share = share(left - left / RESERVE, parts, session.options.keys.time);
        Self { until: now + share }
    }

    /// What the first of so many things may use, so that there is something left for each.
    pub(super) fn first_of(self, count: usize) -> Self {
        let now = Instant::now();
        let left = self.until.saturating_duration_since(now);
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        let until = now + share(left, count, None);
        Self { until }
    }

    /// Whether the time is over.
    pub(super) fn is_spent(self) -> bool {
        Instant::now() >= self.until
    }
}

fn share(left: Duration, parts: u32, most: Option<Duration>) -> Duration {
    let share = left / parts.max(1);
    most.map_or(share, |most| share.min(most))
}

/// Writes whether a part has looked at all keys; that it has not is said once a target.
pub(super) fn tell(part: Part, is_complete: bool, session: &mut Session<'_, '_>) {
    let flag = part.flag();
    let value = f64::from(u8::from(!is_complete));
    session.out.family(&INCOMPLETE, |family| family.sample(&[flag], value));
    if !is_complete && session.context.told.is_news(session.target, flag) {
        let name = session.target.to_string();
        warn!(target_address = name, flag; "Not all keys were looked at: there are too many for the time or the limit; this is said once");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collectors::testing::options;
    use std::time::SystemTime;

    #[test]
    fn time_is_shared_among_those_who_look() {
        let second = Duration::from_secs(1);
        for (parts, most, expected) in [
            (0, None, second),
            (1, None, second),
            (4, None, second / 4),
            (2, Some(second / 8), second / 8),
            (2, Some(second), second / 2),
        ] {
            assert_eq!(share(second, parts, most), expected, "{parts} {most:?}");
        }
    }

    #[test]
    fn those_who_look_are_the_ones_with_something_to_look_for() {
        let all = [
            "--check-single-keys=a",
            "--check-streams=b",
            "--count-keys=c",
            "--check-key-groups=d",
        ];
        let skip = [&all[..], &["--skip-checkkeys-for-role-master"]].concat();
        for (args, role, left) in [
            (&all[..], "master", [4, 3, 2, 1]),
            (&skip, "slave", [4, 3, 2, 1]),
            (&skip, "master", [1, 1, 1, 1]),
            (&all[2..3], "master", [1, 1, 1, 0]),
            (&[], "master", [0; 4]),
        ] {
            let info = format!("role:{role}\n");
            let seen = Seen::new(&info, SystemTime::UNIX_EPOCH);
            let options = options(args);
            assert_eq!(PARTS.map(|part| part.left(&options, &seen)), left, "{args:?} {role}");
        }
    }
}
