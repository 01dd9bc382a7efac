//! Energy that parts of the machine used (running average power limit), from /sys/class/powercap. The kernel lets only
//! root read it since Linux 5.10.

use std::collections::HashMap;
use std::path::PathBuf;

use exporter_toolkit::collector::{CollectError, Collector, CollectorSpec};
use exporter_toolkit::flags::Flag;
use exposition::{Desc, Encoder};

use crate::context::Context;
use crate::source::SourceError;
use crate::sysfs::{Attributes, Folder};

const ZONE_LABEL: &str = "collector.rapl.enable-zone-label";

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "rapl",
    enabled_by_default: true,
    flags: &[Flag::switch(
        ZONE_LABEL,
        false,
        // What node_exporter says, too; in truth one family has all zones and a label for them.
        "Enables service unit metric unit_start_time_seconds",
    )],
    build: |context| {
        Ok(Box::new(Rapl {
            directory: context.sys_path("class/powercap"),
            zone_label: context.flags().switch(ZONE_LABEL),
            attributes: Attributes::default(),
        }))
    },
};

const LABELS: &[&str] = &["index", "path"];
const ALL_ZONES: Desc<'_> = Desc::counter(
    "node_rapl_joules_total",
    "Current RAPL value in joules",
    &["index", "path", "rapl_zone"],
);
const MICROS_PER_JOULE: f64 = 1e6;

struct Rapl {
    directory: PathBuf,
    zone_label: bool,
    attributes: Attributes,
}

#[derive(Debug, PartialEq)]
struct Zone {
    /// As in `package` or `dram`, without the number that some have.
    name: String,
    /// Tells zones of one name apart.
    index: String,
    path: String,
    /// Energy used up to now, in millionths of a joule; it starts again at 0 when its range is used up.
    energy_micros: Option<u64>,
}

impl Collector for Rapl {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let zones = read(&Folder::open(&self.directory)?, &mut self.attributes)?;
        if !zones.is_empty() && zones.iter().all(|zone| zone.energy_micros.is_none()) {
            self.attributes.finish()?;
            let reason = format!("no energy_uj below {} can be read", self.directory.display());
            return Err(CollectError::NoData(reason.into()));
        }
        if self.zone_label {
            encode_in_one(&zones, out);
        } else {
            encode(&zones, out);
        }
        self.attributes.finish()
    }
}

/// Reads all zones. Folders without a name are the drivers of zones.
fn read(class: &Folder, attributes: &mut Attributes) -> Result<Vec<Zone>, SourceError> {
    let mut zones = Vec::new();
    let mut seen = HashMap::new();
    for (_, folder) in class.open_folders(|_| true)? {
        let Some(name) = attributes.text(&folder, c"name") else {
            continue;
        };
        let (name, index) = name_and_index(name, &seen);
        seen.insert(name.clone(), index + 1);
        zones.push(Zone {
            name,
            index: index.to_string(),
            path: folder.path().display().to_string(),
            energy_micros: attributes.u64(&folder, c"energy_uj"),
        });
    }
    Ok(zones)
}

/// Takes the number off names such as `package-1`; all others are numbered as they come, from what was `seen` so far.
fn name_and_index(name: &str, seen: &HashMap<String, u64>) -> (String, u64) {
    if let Some((before, number)) = name.split_once('-')
        && let Ok(index) = number.parse()
    {
        return (before.to_owned(), index);
    }
    (name.to_owned(), seen.get(name).copied().unwrap_or(0))
}

fn encode_in_one(zones: &[Zone], out: &mut Encoder) {
    let mut family = out.family(&ALL_ZONES);
    for zone in zones {
        if let Some(joules) = joules(zone) {
            family.sample(&[zone.index.as_str(), &zone.path, &zone.name], joules);
        }
    }
}

fn encode(zones: &[Zone], out: &mut Encoder) {
    for (index, first) in zones.iter().enumerate() {
        let is_same = |zone: &&Zone| zone.name == first.name;
        if zones.iter().take(index).any(|zone| is_same(&zone)) {
            continue;
        }
        let name = format!("node_rapl_{}_joules_total", metric_name(&first.name));
        let help = format!("Current RAPL {} value in joules", first.name);
        let desc = Desc::counter(&name, &help, LABELS);
        let mut family = out.family(&desc);
        for zone in zones.iter().filter(is_same) {
            if let Some(joules) = joules(zone) {
                family.sample(&[zone.index.as_str(), &zone.path], joules);
            }
        }
    }
}

fn joules(zone: &Zone) -> Option<f64> {
    zone.energy_micros.map(|micros| micros as f64 / MICROS_PER_JOULE)
}

/// The text with an underscore for each run of characters that no metric name has.
fn metric_name(text: &str) -> String {
    let is_valid = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let mut name = String::new();
    let mut is_run = false;
    for character in text.chars() {
        if is_valid(character) {
            name.push(character);
        } else if !is_run {
            name.push('_');
        }
        is_run = !is_valid(character);
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{collector, root, samples};

    #[test]
    fn zones_have_the_number_in_their_name_or_are_counted() {
        let seen = HashMap::from([("dram".to_owned(), 2), ("package".to_owned(), 7)]);
        for (name, expected) in [
            ("package-1", ("package", 1)),
            ("package--1", ("package--1", 0)),
            ("dram", ("dram", 2)),
            ("core", ("core", 0)),
            ("psys-x", ("psys-x", 0)),
            ("package-0-die-1", ("package-0-die-1", 0)),
        ] {
            let (name, index) = name_and_index(name, &seen);
            assert_eq!((name.as_str(), index), expected);
        }
    }

    #[test]
    fn zones_of_any_name_are_shown() {
        for (name, expected) in [("package-0-die-1", "package_0_die_1"), ("a-.b_ c", "a_b__c"), ("", "")] {
            assert_eq!(metric_name(name), expected, "{name}");
        }
    }

    #[test]
    fn a_zone_that_cannot_be_read_is_missing_alone_and_all_are_no_data() {
        let root = root(&[
            ("sys/class/powercap/intel-rapl/enabled", "1\n"),
            ("sys/class/powercap/intel-rapl:0/name", "package-0-die-1\n"),
            ("sys/class/powercap/intel-rapl:0/energy_uj", "1500000\n"),
            ("sys/class/powercap/intel-rapl:0:0/name", "core\n"),
        ]);
        let path = root.path().join("sys/class/powercap/intel-rapl:0");
        let mut collector = collector(&SPEC, root.path(), &[]);
        let expected = format!(
            "node_rapl_package_0_die_1_joules_total{{index=\"0\",path=\"{}\"}} 1.5\n",
            path.display()
        );
        assert_eq!(samples(&mut *collector).unwrap(), expected);
        std::fs::remove_file(path.join("energy_uj")).unwrap();
        let error = samples(&mut *collector).unwrap_err();
        assert!(matches!(error, CollectError::NoData(_)), "{error}");
        std::fs::remove_dir_all(path).unwrap();
        std::fs::remove_dir_all(root.path().join("sys/class/powercap/intel-rapl:0:0")).unwrap();
        assert_eq!(samples(&mut *collector).unwrap(), "");
    }

    #[test]
    fn the_zone_may_be_a_label() {
        let root = root(&[
            ("sys/class/powercap/intel-rapl:0/name", "dram\n"),
            ("sys/class/powercap/intel-rapl:0/energy_uj", "1\n"),
            ("sys/class/powercap/intel-rapl:1/name", "dram\n"),
            ("sys/class/powercap/intel-rapl:1/energy_uj", "2\n"),
        ]);
        let text = samples(&mut *collector(
            &SPEC,
            root.path(),
            &["--collector.rapl.enable-zone-label"],
        ))
        .unwrap();
        let text = text.replace(&root.path().display().to_string(), "");
        let expected = "\
node_rapl_joules_total{index=\"0\",path=\"/sys/class/powercap/intel-rapl:0\",rapl_zone=\"dram\"} 1e-06
node_rapl_joules_total{index=\"1\",path=\"/sys/class/powercap/intel-rapl:1\",rapl_zone=\"dram\"} 2e-06
";
        assert_eq!(text, expected);
    }
}
