//! The clock, the local time zone, and the kernel's clock sources from /sys/devices/system/clocksource.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use exporter_toolkit::collector::{CollectError, Collector, CollectorSpec};
use exposition::{Desc, Encoder};
use kernel_stats::attribute;

use crate::context::Context;
use crate::source::Source;
use crate::syscall::local_zone;

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "time",
    enabled_by_default: true,
    flags: &[],
    build: |context| {
        let directory = context.sys_path("devices/system/clocksource");
        Ok(Box::new(Time {
            devices: Device::all(&directory),
        }))
    },
};

const NOW: Desc<'_> = Desc::gauge("node_time_seconds", "System time in seconds since epoch (1970).", &[]);
const ZONE_OFFSET: Desc<'_> = Desc::gauge(
    "node_time_zone_offset_seconds",
    "System time zone offset in seconds.",
    &["time_zone"],
);
const AVAILABLE: Desc<'_> = Desc::gauge(
    "node_time_clocksource_available_info",
    "Available clocksources read from '/sys/devices/system/clocksource'.",
    &["clocksource", "device"],
);
const CURRENT: Desc<'_> = Desc::gauge(
    "node_time_clocksource_current_info",
    "Current clocksource read from '/sys/devices/system/clocksource'.",
    &["clocksource", "device"],
);

struct Time {
    devices: Vec<Device>,
}

/// A kernel device that has clock sources; there is one. Which ones it has may change while we run, itself not.
struct Device {
    label: String,
    available: Source,
    current: Source,
}

impl Device {
    fn all(directory: &Path) -> Vec<Self> {
        let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
        let is_device = |path: &PathBuf| {
            let number = path.file_name()?.to_str()?.strip_prefix("clocksource")?;
            Some(number.starts_with(|letter: char| letter.is_ascii_digit()))
        };
        let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
        paths.retain(|path| is_device(path) == Some(true));
        paths.sort();
        let device = |(index, path): (usize, &PathBuf)| Self {
            label: index.to_string(),
            available: Source::new(path.join("available_clocksource")),
            current: Source::new(path.join("current_clocksource")),
        };
        paths.iter().enumerate().map(device).collect()
    }
}

impl Collector for Time {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        encode_clock(SystemTime::now(), out);
        for device in &mut self.devices {
            let mut family = out.family(&AVAILABLE);
            for name in device.available.parse(attribute::text)?.split_ascii_whitespace() {
                family.sample(&[name, &device.label], 1.0);
            }
        }
        for device in &mut self.devices {
            let name = device.current.parse(attribute::text)?;
            out.family(&CURRENT).sample(&[name, &device.label], 1.0);
        }
        Ok(())
    }
}

fn encode_clock(now: SystemTime, out: &mut Encoder) {
    let since_epoch = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    // From whole nanoseconds, as the digits of Go's exporter are.
    out.scalar(&NOW, since_epoch.as_nanos() as f64 / 1e9);
    let zone = i64::try_from(since_epoch.as_secs()).ok().and_then(local_zone);
    if let Some((name, offset)) = zone {
        out.family(&ZONE_OFFSET).sample(&[name.as_str()], offset as f64);
    }
}
