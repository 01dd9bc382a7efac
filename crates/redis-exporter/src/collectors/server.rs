//! What the target is: `instance_info`, when it was started, how often it looks after things. From INFO.

use std::time::UNIX_EPOCH;

use exposition::{Desc, Kind};

use super::Seen;
use crate::output::Output;
use crate::settings::Options;

const START: Desc<'_> = Desc::gauge(
    "start_time_seconds",
    "Start time of the Redis instance since unix epoch in seconds.",
    &[],
);

/// Labels of `instance_info` that it always has.
const ALWAYS: [&str; 10] = [
    "master_replid",
    "maxmemory_policy",
    "os",
    "process_id",
    "redis_build_id",
    "redis_mode",
    "redis_version",
    "role",
    "run_id",
    "tcp_port",
];

/// And those of Valkey.
const SOMETIMES: [&str; 2] = ["valkey_release_stage", "valkey_version"];

/// Writes them.
pub(super) fn tell(seen: &Seen<'_>, _options: &Options, out: &mut Output<'_>) {
    instance_info(seen, out);
    let now = seen.now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    for (field, value) in seen.info.section("Server") {
        match (field, value.parse::<f64>()) {
            ("uptime_in_seconds", Ok(uptime)) => out.scalar(&START, now as f64 - uptime),
            ("hz" | "configured_hz", Ok(rate)) => out.plain(field, Kind::Gauge, rate),
            _ => {}
        }
    }
}

fn instance_info(seen: &Seen<'_>, out: &mut Output<'_>) {
    let mut labels = ALWAYS.to_vec();
    let mut values = Vec::from(ALWAYS.map(|label| seen.info.value(label).unwrap_or_default()));
    for label in SOMETIMES {
        if let Some(value) = seen.info.value(label) {
            labels.push(label);
            values.push(value);
        }
    }
    let desc = Desc::gauge("instance_info", "instance_info metric", &labels);
    out.family(&desc, |family| family.sample(&values, 1.0));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collectors::testing::told;
    use crate::output::testing::samples;
    use std::time::Duration;

    #[test]
    fn a_target_says_what_it_is() {
        let info = "# Server\nredis_version:7.2.4\nvalkey_version:8.0.1\nos:Linux\nrun_id:r\nrole:slave\n";
        let expected = [
            "redis_instance_info{master_replid=\"\",maxmemory_policy=\"\",os=\"Linux\",process_id=\"\",\
             redis_build_id=\"\",redis_mode=\"\",redis_version=\"7.2.4\",role=\"slave\",run_id=\"r\",tcp_port=\"\",\
             valkey_version=\"8.0.1\"} 1",
        ];
        assert_eq!(told(info, &[], tell), expected);
    }

    #[test]
    fn the_start_is_as_long_ago_as_the_target_is_up() {
        let info = "# Server\nuptime_in_seconds:40\nhz:10\nconfigured_hz:11\n";
        let seen = Seen::new(info, UNIX_EPOCH + Duration::from_millis(1_000_900));
        let options = crate::collectors::testing::options(&[]);
        let lines = samples(|out| tell(&seen, &options, out));
        for line in ["redis_start_time_seconds 960", "redis_hz 10", "redis_configured_hz 11"] {
            assert!(lines.iter().any(|found| found == line), "{line} {lines:?}");
        }
    }
}
