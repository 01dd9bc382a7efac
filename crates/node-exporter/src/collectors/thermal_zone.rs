//! Temperatures of thermal zones and states of cooling devices, from /sys/class/thermal. A host without any has no
//! series, and that is no failure.

use std::ffi::CStr;
use std::path::PathBuf;

use exporter_toolkit::collector::{CollectError, Collector, CollectorSpec};
use exposition::{Desc, Encoder};

use crate::context::Context;
use crate::source::SourceError;
use crate::sysfs::{Attributes, Folder};

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "thermal_zone",
    enabled_by_default: true,
    flags: &[],
    build: |context| {
        Ok(Box::new(Thermal {
            directory: context.sys_path("class/thermal"),
            zones: Devices::new("thermal_zone", [c"temp"]),
            coolers: Devices::new("cooling_device", [c"cur_state", c"max_state"]),
            attributes: Attributes::default(),
        }))
    },
};

const TEMPERATURE: Desc<'_> = Desc::gauge(
    "node_thermal_zone_temp",
    "Zone temperature in Celsius",
    &["type", "zone"],
);
/// In the order of the files that the coolers are read from.
const STATES: [Desc<'_>; 2] = [
    Desc::gauge(
        "node_cooling_device_cur_state",
        "Current throttle state of the cooling device",
        &["name", "type"],
    ),
    Desc::gauge(
        "node_cooling_device_max_state",
        "Maximum throttle state of the cooling device",
        &["name", "type"],
    ),
];
const MILLIS_PER_DEGREE: f64 = 1000.0;

struct Thermal {
    directory: PathBuf,
    zones: Devices<1>,
    coolers: Devices<2>,
    attributes: Attributes,
}

/// The folders whose names are a prefix and a number, and what was read of them. The rows are kept from scrape to
/// scrape for their memory.
struct Devices<const N: usize> {
    prefix: &'static str,
    files: [&'static CStr; N],
    rows: Vec<Row<N>>,
}

/// A device; unreadable numbers are `None`, an unreadable type is empty.
struct Row<const N: usize> {
    folder: String,
    kind: String,
    numbers: [Option<i64>; N],
}

impl Collector for Thermal {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        self.read()?;
        let mut family = out.family(&TEMPERATURE);
        for (number, kind, [temperature]) in self.zones.all() {
            if let Some(millis) = temperature {
                family.sample(&[kind, number], millis as f64 / MILLIS_PER_DEGREE);
            }
        }
        for (index, desc) in STATES.iter().enumerate() {
            let mut family = out.family(desc);
            for (number, kind, states) in self.coolers.all() {
                if let Some(state) = states[index] {
                    family.sample(&[number, kind], state as f64);
                }
            }
        }
        self.attributes.finish()
    }
}

impl Thermal {
    fn read(&mut self) -> Result<(), SourceError> {
        let Some(class) = Folder::find(&self.directory)? else {
            self.zones.rows.clear();
            self.coolers.rows.clear();
            return Ok(());
        };
        let names = class.folders()?;
        self.zones.read(&class, &names, &mut self.attributes);
        self.coolers.read(&class, &names, &mut self.attributes);
        Ok(())
    }
}

impl<const N: usize> Devices<N> {
    fn new(prefix: &'static str, files: [&'static CStr; N]) -> Self {
        let rows = Vec::new();
        Self { prefix, files, rows }
    }

    fn read(&mut self, class: &Folder, names: &[String], attributes: &mut Attributes) {
        let mut count = 0;
        for name in names {
            if !self.number(name).starts_with(|first: char| first.is_ascii_digit()) {
                continue;
            }
            let Some(folder) = class.folder(name) else { continue };
            if self.rows.len() == count {
                self.rows.push(Row {
                    folder: String::new(),
                    kind: String::new(),
                    numbers: [None; N],
                });
            }
            let row = &mut self.rows[count];
            name.clone_into(&mut row.folder);
            let kind = attributes.text(&folder, c"type").unwrap_or_default();
            kind.clone_into(&mut row.kind);
            row.numbers = self.files.map(|file| attributes.i64(&folder, file));
            count += 1;
        }
        self.rows.truncate(count);
    }

    /// What stands behind the prefix; empty for the folders of others.
    fn number<'n>(&self, folder: &'n str) -> &'n str {
        folder.strip_prefix(self.prefix).unwrap_or_default()
    }

    /// The number, the type and the numbers of each device.
    fn all(&self) -> impl Iterator<Item = (&str, &str, [Option<i64>; N])> {
        let rows = self.rows.iter();
        rows.map(|row| (self.number(&row.folder), row.kind.as_str(), row.numbers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{collector, root, samples};

    #[test]
    fn zones_without_a_temperature_are_left_out() {
        let root = root(&[
            ("sys/class/thermal/thermal_zone0/type", "acpitz\n"),
            ("sys/class/thermal/thermal_zone0/temp", "-1500\n"),
            ("sys/class/thermal/thermal_zone1/type", "asleep\n"),
            ("sys/class/thermal/thermal_zone2/temp", "1000\n"),
            ("sys/class/thermal/thermal_zone3/type", "odd\n"),
            ("sys/class/thermal/thermal_zone3/temp", "warm\n"),
            ("sys/class/thermal/thermal_zones/type", "no number\n"),
            ("sys/class/thermal/thermal_zones/temp", "1000\n"),
        ]);
        let mut collector = collector(&SPEC, root.path(), &[]);
        let expected = "\
node_thermal_zone_temp{type=\"\",zone=\"2\"} 1
node_thermal_zone_temp{type=\"acpitz\",zone=\"0\"} -1.5
";
        assert_eq!(samples(&mut *collector).unwrap(), expected);
    }

    #[test]
    fn devices_come_and_go() {
        let root = root(&[
            ("sys/class/thermal/cooling_device0/type", "Processor\n"),
            ("sys/class/thermal/cooling_device0/cur_state", "-1\n"),
            ("sys/class/thermal/cooling_device9/type", "Fan\n"),
            ("sys/class/thermal/cooling_device9/max_state", "3\n"),
        ]);
        let mut collector = collector(&SPEC, root.path(), &[]);
        let expected = "\
node_cooling_device_cur_state{name=\"0\",type=\"Processor\"} -1
node_cooling_device_max_state{name=\"9\",type=\"Fan\"} 3
";
        assert_eq!(samples(&mut *collector).unwrap(), expected);
        let class = root.path().join("sys/class/thermal");
        std::fs::remove_dir_all(class.join("cooling_device0")).unwrap();
        let expected = "node_cooling_device_max_state{name=\"9\",type=\"Fan\"} 3\n";
        assert_eq!(samples(&mut *collector).unwrap(), expected);
        std::fs::remove_dir_all(class).unwrap();
        assert_eq!(samples(&mut *collector).unwrap(), "");
    }
}
