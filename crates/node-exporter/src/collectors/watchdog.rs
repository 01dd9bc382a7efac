//! Watchdog timers, from /sys/class/watchdog. Drivers lack most of the attributes; each is missing alone.

use std::ffi::CStr;
use std::path::PathBuf;

use exporter_toolkit::collector::{CollectError, Collector, CollectorSpec};
use exposition::{Desc, Encoder};

use crate::context::Context;
use crate::sysfs::{Attributes, Folder};

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "watchdog",
    enabled_by_default: true,
    flags: &[],
    build: |context| {
        Ok(Box::new(Watchdog {
            directory: context.sys_path("class/watchdog"),
            attributes: Attributes::default(),
        }))
    },
};

const INFO: Desc<'_> = Desc::gauge(
    "node_watchdog_info",
    "Info of /sys/class/watchdog/<watchdog>",
    &["identity", "name", "options", "pretimeout_governor", "state", "status"],
);

macro_rules! number {
    ($file:literal, $unit:literal) => {
        Desc::gauge(
            concat!("node_watchdog_", $file, $unit),
            concat!("Value of /sys/class/watchdog/<watchdog>/", $file),
            &["name"],
        )
    };
}

/// The files that hold a number, and the families that show them.
const NUMBERS: [(&CStr, Desc<'_>); 7] = [
    (c"access_cs0", number!("access_cs0", "")),
    (c"bootstatus", number!("bootstatus", "")),
    (c"fw_version", number!("fw_version", "")),
    (c"nowayout", number!("nowayout", "")),
    (c"pretimeout", number!("pretimeout", "_seconds")),
    (c"timeleft", number!("timeleft", "_seconds")),
    (c"timeout", number!("timeout", "_seconds")),
];

struct Watchdog {
    directory: PathBuf,
    attributes: Attributes,
}

impl Collector for Watchdog {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let timers = Folder::open(&self.directory)?.open_folders(|_| true)?;
        for (file, desc) in &NUMBERS {
            let mut family = out.family(desc);
            for (name, timer) in &timers {
                if let Some(number) = self.attributes.i64(timer, *file) {
                    family.sample(&[name.as_str()], number as f64);
                }
            }
        }
        let mut family = out.family(&INFO);
        for (name, timer) in &timers {
            let mut text = |file| self.attributes.text(timer, file).unwrap_or_default().to_owned();
            let (identity, options) = (text(c"identity"), text(c"options"));
            let (governor, state, status) = (text(c"pretimeout_governor"), text(c"state"), text(c"status"));
            family.sample(&[identity.as_str(), name, &options, &governor, &state, &status], 1.0);
        }
        self.attributes.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{collector, root, samples};

    #[test]
    fn unreadable_attributes_are_missing_alone() {
        let root = root(&[
            ("sys/class/watchdog/watchdog0/timeout", "60\n"),
            ("sys/class/watchdog/watchdog0/timeleft", "soon\n"),
            ("sys/class/watchdog/watchdog0/state", "inactive\n"),
            ("sys/class/watchdog/watchdog1/fw_version", "-1\n"),
        ]);
        let expected = "\
node_watchdog_fw_version{name=\"watchdog1\"} -1
node_watchdog_info{identity=\"\",name=\"watchdog0\",options=\"\",pretimeout_governor=\"\",state=\"inactive\",status=\"\"} 1
node_watchdog_info{identity=\"\",name=\"watchdog1\",options=\"\",pretimeout_governor=\"\",state=\"\",status=\"\"} 1
node_watchdog_timeout_seconds{name=\"watchdog0\"} 60
";
        assert_eq!(samples(&mut *collector(&SPEC, root.path(), &[])).unwrap(), expected);
    }
}
