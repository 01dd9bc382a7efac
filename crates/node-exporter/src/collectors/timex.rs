//! How the kernel keeps the clock in step, from adjtimex(2). Where that is refused, as in some containers, is no data.

use std::io;

use exporter_toolkit::collector::{CollectError, Collector, CollectorSpec};
use exposition::{Desc, Encoder};
use libc::timex;

use crate::context::Context;
use crate::syscall::adjtimex;

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "timex",
    enabled_by_default: true,
    flags: &[],
    build: |_| Ok(Box::new(Timex)),
};

/// adjtimex(2) counts frequencies in parts per million with 16 bits behind the point.
const PPM_16_BIT: f64 = 1e6 * 65536.0;
const MICROS: f64 = 1e6;
const NANOS: f64 = 1e9;

const SYNC_STATUS: Desc<'_> = Desc::gauge(
    "node_timex_sync_status",
    "Is clock synchronized to a reliable server (1 = yes, 0 = no).",
    &[],
);

/// A family and how its value follows from the kernel's fields and the fraction of a second that `offset` and
/// `jitter` count.
type Column = (Desc<'static>, fn(&timex, f64) -> f64);

const COLUMNS: [Column; 16] = [
    (
        Desc::gauge(
            "node_timex_offset_seconds",
            "Time offset in between local system and reference clock.",
            &[],
        ),
        |timex, fraction| timex.offset as f64 / fraction,
    ),
    (
        Desc::gauge(
            "node_timex_frequency_adjustment_ratio",
            "Local clock frequency adjustment.",
            &[],
        ),
        |timex, _| 1.0 + timex.freq as f64 / PPM_16_BIT,
    ),
    (
        Desc::gauge("node_timex_maxerror_seconds", "Maximum error in seconds.", &[]),
        |timex, _| timex.maxerror as f64 / MICROS,
    ),
    (
        Desc::gauge("node_timex_estimated_error_seconds", "Estimated error in seconds.", &[]),
        |timex, _| timex.esterror as f64 / MICROS,
    ),
    (
        Desc::gauge("node_timex_status", "Value of the status array bits.", &[]),
        |timex, _| f64::from(timex.status),
    ),
    (
        Desc::gauge("node_timex_loop_time_constant", "Phase-locked loop time constant.", &[]),
        |timex, _| timex.constant as f64,
    ),
    (
        Desc::gauge("node_timex_tick_seconds", "Seconds between clock ticks.", &[]),
        |timex, _| timex.tick as f64 / MICROS,
    ),
    (
        Desc::gauge("node_timex_pps_frequency_hertz", "Pulse per second frequency.", &[]),
        |timex, _| timex.ppsfreq as f64 / PPM_16_BIT,
    ),
    (
        Desc::gauge("node_timex_pps_jitter_seconds", "Pulse per second jitter.", &[]),
        |timex, fraction| timex.jitter as f64 / fraction,
    ),
    (
        Desc::gauge(
            "node_timex_pps_shift_seconds",
            "Pulse per second interval duration.",
            &[],
        ),
        |timex, _| f64::from(timex.shift),
    ),
    (
        Desc::gauge(
            "node_timex_pps_stability_hertz",
            "Pulse per second stability, average of recent frequency changes.",
            &[],
        ),
        |timex, _| timex.stabil as f64 / PPM_16_BIT,
    ),
    (
        Desc::counter(
            "node_timex_pps_jitter_total",
            "Pulse per second count of jitter limit exceeded events.",
            &[],
        ),
        |timex, _| timex.jitcnt as f64,
    ),
    (
        Desc::counter(
            "node_timex_pps_calibration_total",
            "Pulse per second count of calibration intervals.",
            &[],
        ),
        |timex, _| timex.calcnt as f64,
    ),
    (
        Desc::counter(
            "node_timex_pps_error_total",
            "Pulse per second count of calibration errors.",
            &[],
        ),
        |timex, _| timex.errcnt as f64,
    ),
    (
        Desc::counter(
            "node_timex_pps_stability_exceeded_total",
            "Pulse per second count of stability limit exceeded events.",
            &[],
        ),
        |timex, _| timex.stbcnt as f64,
    ),
    (
        Desc::gauge(
            "node_timex_tai_offset_seconds",
            "International Atomic Time (TAI) offset.",
            &[],
        ),
        |timex, _| f64::from(timex.tai),
    ),
];

struct Timex;

impl Collector for Timex {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let (state, timex) = adjtimex().map_err(|error| match error.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::Unsupported => {
                CollectError::NoData(format!("adjtimex: {error}").into())
            }
            _ => CollectError::failed(format!("adjtimex: {error}")),
        })?;
        encode(state, &timex, out);
        Ok(())
    }
}

fn encode(state: i32, timex: &timex, out: &mut Encoder) {
    let fraction = if timex.status & libc::STA_NANO == 0 {
        MICROS
    } else {
        NANOS
    };
    out.scalar(&SYNC_STATUS, f64::from(u8::from(state != libc::TIME_ERROR)));
    for (desc, value) in &COLUMNS {
        out.scalar(desc, value(timex, fraction));
    }
}

#[cfg(test)]
mod tests {
    use exposition::{Format, assemble};

    use super::*;

    fn sample(state: i32, timex: &timex, name: &str) -> String {
        let (mut out, mut text) = (Encoder::new(Format::Text004), Vec::new());
        encode(state, timex, &mut out);
        assemble([&out], &mut text);
        let text = String::from_utf8(text).unwrap();
        text.lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))
            .unwrap()
            .to_owned()
    }

    #[test]
    fn units_follow_the_status_bits() {
        let Ok((_, mut timex)) = adjtimex() else { return };
        (timex.offset, timex.freq, timex.tick, timex.maxerror) = (1500, 65_536 * 250, 10_000, 16_000_000);
        for (status, offset) in [(0, "0.0015"), (libc::STA_NANO, "1.5e-06")] {
            timex.status = status;
            assert_eq!(sample(0, &timex, "node_timex_offset_seconds"), offset);
        }
        assert_eq!(sample(0, &timex, "node_timex_frequency_adjustment_ratio"), "1.00025");
        assert_eq!(sample(0, &timex, "node_timex_tick_seconds"), "0.01");
        assert_eq!(sample(0, &timex, "node_timex_maxerror_seconds"), "16");
    }

    #[test]
    fn only_the_error_state_is_out_of_sync() {
        let Ok((_, timex)) = adjtimex() else { return };
        for (state, synchronised) in [(0, "1"), (4, "1"), (libc::TIME_ERROR, "0")] {
            assert_eq!(sample(state, &timex, "node_timex_sync_status"), synchronised);
        }
    }
}
