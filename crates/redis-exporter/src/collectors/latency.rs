//! How long commands take: spikes from LATENCY LATEST, histograms from LATENCY HISTOGRAM (Redis 7.0 and later), percentiles
//! from INFO's section Latencystats (the same).

use std::borrow::Cow;
use std::collections::HashMap;

use exposition::{Bucket, Desc, Histogram, Kind, Quantile, Summary};

use super::commandstats::{self, CommandStat};
use super::{Question, Seen};
use crate::connection::Reply;
use crate::output::Output;
use crate::settings::Options;

/// The last spike of each kind.
pub(super) const LATEST: Question = Question {
    name: "LATENCY LATEST",
    words: |options| options.latency.then(|| vec!["LATENCY", "LATEST"]),
    tell: |reply, _, _, out| tell_latest(reply, out),
};

/// How long each command takes.
pub(super) const HISTOGRAM: Question = Question {
    name: "LATENCY HISTOGRAM",
    words: |options| options.latency.then(|| vec!["LATENCY", "HISTOGRAM"]),
    tell: |reply, _, seen, out| tell_histograms(reply, seen, out),
};

const SPIKE: Desc<'_> = Desc::gauge(
    "latency_spike_last",
    "When the latency spike last occurred",
    &["event_name"],
);
const SPIKE_DURATION: Desc<'_> = Desc::gauge(
    "latency_spike_duration_seconds",
    "Length of the last latency spike in seconds",
    &["event_name"],
);
const LATENCIES: Desc<'_> = Desc::new(
    "commands_latencies_usec",
    "A histogram of latencies per command",
    Kind::Histogram,
    &["cmd"],
);
const PERCENTILES: Desc<'_> = Desc::new(
    "latency_percentiles_usec",
    "A summary of latency percentile distribution per command",
    Kind::Summary,
    &["cmd"],
);

/// `[["command", 1405067976, 251, 1001], …]`: event, time, milliseconds, the most milliseconds of all time.
fn tell_latest(reply: &Reply<'_>, out: &mut Output<'_>) {
    let spikes: Vec<_> = reply.list().unwrap_or_default().iter().filter_map(spike).collect();
    out.family(&SPIKE, |family| {
        spikes
            .iter()
            .for_each(|(event, time, _)| family.sample(&[event], *time as f64));
    });
    out.family(&SPIKE_DURATION, |family| {
        spikes
            .iter()
            .for_each(|(event, _, millis)| family.sample(&[event], *millis as f64 / 1e3));
    });
}

fn spike<'b>(reply: &Reply<'b>) -> Option<(Cow<'b, str>, i64, i64)> {
    match reply.list()? {
        [event, time, millis, ..] => Some((event.text()?, time.integer()?, millis.integer()?)),
        _ => None,
    }
}

/// `["get", ["calls", 3, "histogram_usec", [1, 2, 4, 3]], …]`: of each command how many calls took no longer than so
/// many microseconds. Their sum is in INFO.
fn tell_histograms(reply: &Reply<'_>, seen: &Seen<'_>, out: &mut Output<'_>) {
    let stats = by_command(seen);
    out.family(&LATENCIES, |family| {
        for (command, details) in reply.pairs() {
            let (mut count, mut buckets) = (None, Vec::new());
            for (name, value) in details.pairs() {
                match name.as_ref() {
                    "calls" => count = value.integer().and_then(|calls| u64::try_from(calls).ok()),
                    "histogram_usec" => buckets = value.list().map(read_buckets).unwrap_or_default(),
                    _ => {}
                }
            }
            let sum = stats.get(command.as_ref()).map_or(0.0, |stat| stat.micros);
            if let Some(count) = count {
                let buckets = &buckets;
                family.histogram(&[&command], &Histogram { buckets, sum, count });
            }
        }
    });
}

fn read_buckets(numbers: &[Reply<'_>]) -> Vec<Bucket<'static>> {
    let bucket = |pair: &[Reply<'_>]| match pair {
        [bound, count] => Some(Bucket {
            upper_bound: bound.integer()? as f64,
            cumulative_count: u64::try_from(count.integer()?).ok()?,
            exemplar: None,
        }),
        _ => None,
    };
    numbers.chunks_exact(2).filter_map(bucket).collect()
}

fn by_command<'a>(seen: &Seen<'a>) -> HashMap<&'a str, CommandStat<'a>> {
    commandstats::parse(&seen.info)
        .map(|stat| (stat.command, stat))
        .collect()
}

/// `latency_percentiles_usec_get:p50=0.001,p99=1.003,p99.9=4.015`, of commands that Commandstats knows.
pub(super) fn tell_percentiles(seen: &Seen<'_>, _options: &Options, out: &mut Output<'_>) {
    let stats = by_command(seen);
    out.family(&PERCENTILES, |family| {
        for (field, value) in seen.info.section("Latencystats") {
            let command = field.strip_prefix("latency_percentiles_usec_");
            let stat = command.and_then(|command| stats.get(command));
            if let (Some(stat), Some(quantiles)) = (stat, read_quantiles(value)) {
                let summary = Summary {
                    quantiles: &quantiles,
                    sum: stat.micros,
                    count: stat.calls as u64,
                };
                family.summary(&[stat.command], &summary);
            }
        }
    });
}

/// All of them, or none: half a summary misleads.
fn read_quantiles(value: &str) -> Option<Vec<Quantile>> {
    let quantile = |part: &str| {
        let (rank, value) = part.strip_prefix('p')?.split_once('=')?;
        Some(Quantile {
            quantile: rank.parse().ok()?,
            value: value.parse().ok()?,
        })
    };
    value.split(',').map(quantile).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collectors::testing::told;
    use crate::output::testing::samples;
    use std::time::SystemTime;

    fn text(text: &str) -> Reply<'_> {
        Reply::Text(text.as_bytes())
    }

    fn numbers(numbers: &[i64]) -> Reply<'static> {
        Reply::List(numbers.iter().map(|number| Reply::Integer(*number)).collect())
    }

    #[test]
    fn the_last_spike_of_each_event_is_told() {
        let spike = |event| {
            Reply::List(vec![
                text(event),
                Reply::Integer(1_700_000_000),
                Reply::Integer(251),
                Reply::Nil,
            ])
        };
        let reply = Reply::List(vec![spike("command"), spike("fork"), text("?"), numbers(&[1])]);
        let expected = [
            r#"redis_latency_spike_duration_seconds{event_name="command"} 0.251"#,
            r#"redis_latency_spike_duration_seconds{event_name="fork"} 0.251"#,
            r#"redis_latency_spike_last{event_name="command"} 1.7e+09"#,
            r#"redis_latency_spike_last{event_name="fork"} 1.7e+09"#,
        ];
        assert_eq!(samples(|out| tell_latest(&reply, out)), expected);
    }

    #[test]
    fn histograms_have_the_sum_that_info_knows() {
        let seen = Seen::new(
            "# Commandstats\ncmdstat_get:calls=3,usec=9,usec_per_call=3\n",
            SystemTime::UNIX_EPOCH,
        );
        let details = |calls: i64| {
            Reply::List(vec![
                text("calls"),
                Reply::Integer(calls),
                text("histogram_usec"),
                numbers(&[1, 2, 4, 3]),
            ])
        };
        let reply = Reply::List(vec![
            text("get"),
            details(3),
            text("config|get"),
            details(3),
            text("odd"),
            details(-1),
            text("none"),
            Reply::Nil,
        ]);
        let expected = [
            r#"redis_commands_latencies_usec_bucket{cmd="config|get",le="1"} 2"#,
            r#"redis_commands_latencies_usec_bucket{cmd="config|get",le="4"} 3"#,
            r#"redis_commands_latencies_usec_bucket{cmd="config|get",le="+Inf"} 3"#,
            r#"redis_commands_latencies_usec_sum{cmd="config|get"} 0"#,
            r#"redis_commands_latencies_usec_count{cmd="config|get"} 3"#,
            r#"redis_commands_latencies_usec_bucket{cmd="get",le="1"} 2"#,
            r#"redis_commands_latencies_usec_bucket{cmd="get",le="4"} 3"#,
            r#"redis_commands_latencies_usec_bucket{cmd="get",le="+Inf"} 3"#,
            r#"redis_commands_latencies_usec_sum{cmd="get"} 9"#,
            r#"redis_commands_latencies_usec_count{cmd="get"} 3"#,
        ];
        assert_eq!(samples(|out| tell_histograms(&reply, &seen, out)), expected);
    }

    #[test]
    fn percentiles_are_told_of_commands_that_are_known() {
        let info = "# Commandstats\ncmdstat_get:calls=3,usec=9,usec_per_call=3\ncmdstat_set:calls=1,usec=1,usec_per_call=1\n\
                    # Latencystats\nlatency_percentiles_usec_get:p50=0.001,p99.9=4.015\n\
                    latency_percentiles_usec_set:p50=x\nlatency_percentiles_usec_other:p50=1\n";
        let expected = [
            r#"redis_latency_percentiles_usec{cmd="get",quantile="50"} 0.001"#,
            r#"redis_latency_percentiles_usec{cmd="get",quantile="99.9"} 4.015"#,
            r#"redis_latency_percentiles_usec_sum{cmd="get"} 9"#,
            r#"redis_latency_percentiles_usec_count{cmd="get"} 3"#,
        ];
        assert_eq!(told(info, &[], tell_percentiles), expected);
    }
}
