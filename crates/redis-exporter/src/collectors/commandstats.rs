//! How often each command ran, how long, and how often it failed. From INFO's section Commandstats.

use exposition::Desc;

use super::Seen;
use super::info::{Info, number};
use crate::output::Output;
use crate::settings::Options;

const CALLS: Desc<'_> = Desc::counter("commands_total", "Total number of calls per command", &["cmd"]);
const DURATION: Desc<'_> = Desc::counter(
    "commands_duration_seconds_total",
    "Total amount of time in seconds spent per command",
    &["cmd"],
);
// The help of these two is upstream's, and the wrong way around.
const REJECTED: Desc<'_> = Desc::counter(
    "commands_rejected_calls_total",
    "Total number of errors within command execution per command",
    &["cmd"],
);
const FAILED: Desc<'_> = Desc::counter(
    "commands_failed_calls_total",
    "Total number of errors prior command execution per command",
    &["cmd"],
);

/// A line: `cmdstat_get:calls=21,usec=175,usec_per_call=8.33,rejected_calls=0,failed_calls=0`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct CommandStat<'a> {
    /// `get`, `config|get`.
    pub(super) command: &'a str,
    /// How often it ran.
    pub(super) calls: f64,
    /// For how long in all, in microseconds.
    pub(super) micros: f64,
    /// How often it was turned away before it ran. Redis 6.2 and later.
    pub(super) rejected: Option<f64>,
    /// How often it ran into an error. Redis 6.2 and later.
    pub(super) failed: Option<f64>,
}

/// All lines that are well-formed.
pub(super) fn parse<'a>(info: &Info<'a>) -> impl Iterator<Item = CommandStat<'a>> + use<'a> {
    info.section("Commandstats").filter_map(|(field, value)| {
        Some(CommandStat {
            command: field.strip_prefix("cmdstat_")?,
            calls: number(value, "calls")?,
            micros: number(value, "usec")?,
            rejected: number(value, "rejected_calls"),
            failed: number(value, "failed_calls"),
        })
    })
}

/// Writes all commands.
pub(super) fn tell(seen: &Seen<'_>, _options: &Options, out: &mut Output<'_>) {
    let stats: Vec<CommandStat<'_>> = parse(&seen.info).collect();
    let mut family = |desc, value: fn(&CommandStat<'_>) -> Option<f64>| {
        out.family(desc, |family| {
            for stat in &stats {
                if let Some(value) = value(stat) {
                    family.sample(&[stat.command], value);
                }
            }
        });
    };
    family(&CALLS, |stat| Some(stat.calls));
    family(&DURATION, |stat| Some(stat.micros / 1e6));
    family(&REJECTED, |stat| stat.rejected);
    family(&FAILED, |stat| stat.failed);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collectors::testing::told;

    #[test]
    fn lines_of_old_and_new_servers_are_read_and_broken_ones_left_out() {
        let info = "# Commandstats\ncmdstat_get:calls=21,usec=175,usec_per_call=8.33\n\
                    cmdstat_config|set:calls=1,usec=2000000,usec_per_call=3,rejected_calls=4,failed_calls=5\n\
                    cmdstat_bad:calls=x,usec=1,usec_per_call=1\nother:calls=1,usec=1\n";
        let expected = [
            r#"redis_commands_duration_seconds_total{cmd="config|set"} 2"#,
            r#"redis_commands_duration_seconds_total{cmd="get"} 0.000175"#,
            r#"redis_commands_failed_calls_total{cmd="config|set"} 5"#,
            r#"redis_commands_rejected_calls_total{cmd="config|set"} 4"#,
            r#"redis_commands_total{cmd="config|set"} 1"#,
            r#"redis_commands_total{cmd="get"} 21"#,
        ];
        assert_eq!(told(info, &[], tell), expected);
    }
}
