//! Temperatures, fans, voltages and all else that hardware monitoring chips measure, from /sys/class/hwmon. What a chip
//! has to tell is looked up once and again when its folders change; a scrape reads values only.

mod chip;
mod family;
mod name;

use std::path::PathBuf;

use exporter_toolkit::collector::{BuildError, CollectError, Collector, CollectorSpec};
use exporter_toolkit::flags::Flag;
use exposition::{Desc, Encoder};

use self::chip::Chip;
use self::family::Families;
use crate::context::Context;
use crate::filter::Filter;
use crate::source::SourceError;
use crate::sysfs::{Attributes, Folder};

const CHIP_INCLUDE: &str = "collector.hwmon.chip-include";
const CHIP_EXCLUDE: &str = "collector.hwmon.chip-exclude";
const SENSOR_INCLUDE: &str = "collector.hwmon.sensor-include";
const SENSOR_EXCLUDE: &str = "collector.hwmon.sensor-exclude";

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "hwmon",
    enabled_by_default: true,
    flags: &[
        Flag::optional(
            CHIP_INCLUDE,
            "Regexp of hwmon chip to include (mutually exclusive to device-exclude).",
        ),
        Flag::optional(
            CHIP_EXCLUDE,
            "Regexp of hwmon chip to exclude (mutually exclusive to device-include).",
        ),
        Flag::optional(
            SENSOR_INCLUDE,
            "Regexp of hwmon sensor to include (mutually exclusive to sensor-exclude).",
        ),
        Flag::optional(
            SENSOR_EXCLUDE,
            "Regexp of hwmon sensor to exclude (mutually exclusive to sensor-include).",
        ),
    ],
    build,
};

const CHIP_NAMES: Desc<'_> = Desc::gauge(
    "node_hwmon_chip_names",
    "Annotation metric for human-readable chip names",
    &["chip", "chip_name"],
);
const SENSOR_LABEL: Desc<'_> = Desc::gauge(
    "node_hwmon_sensor_label",
    "Label for given chip and sensor",
    &["chip", "label", "sensor"],
);

fn build(context: &Context) -> Result<Box<dyn Collector>, BuildError> {
    let flags = context.flags();
    Ok(Box::new(HwMon {
        directory: context.sys_path("class/hwmon"),
        shown: Shown {
            chips: Filter::from_flags(flags, CHIP_INCLUDE, CHIP_EXCLUDE)?,
            sensors: Filter::from_flags(flags, SENSOR_INCLUDE, SENSOR_EXCLUDE)?,
        },
        chips: Vec::new(),
        families: Families::default(),
        attributes: Attributes::default(),
    }))
}

struct HwMon {
    directory: PathBuf,
    shown: Shown,
    /// In the order of their folders.
    chips: Vec<Chip>,
    /// The files of all chips, by family.
    families: Families,
    attributes: Attributes,
}

/// What the flags let through.
struct Shown {
    chips: Filter,
    /// Matched against `CHIP;SENSOR`, such as `platform_coretemp_0;temp3`.
    sensors: Filter,
}

impl Collector for HwMon {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        self.read()?;
        self.encode(out);
        self.attributes.finish()
    }
}

impl HwMon {
    /// Reads all chips; one that goes away meanwhile is left out.
    fn read(&mut self) -> Result<(), SourceError> {
        let class = Folder::open(&self.directory)?;
        let mut count = 0;
        let mut changed = false;
        for name in class.folders()? {
            let Some(folder) = class.folder(&name) else { continue };
            let device = folder.folder("device");
            let Some(fingerprint) = chip::fingerprint(&folder, device.as_ref()) else {
                continue;
            };
            if !self.chips.get(count).is_some_and(|chip| chip.is(&name, fingerprint)) {
                // The chips behind this one have moved too, and are looked up again as well.
                self.chips.truncate(count);
                let mut chip = Chip::new(name, fingerprint);
                chip.look_up(&folder, device.as_ref(), &self.shown, &mut self.attributes);
                self.chips.push(chip);
                changed = true;
            }
            self.chips[count].read(&folder, device.as_ref(), &mut self.attributes);
            count += 1;
        }
        changed |= count < self.chips.len();
        self.chips.truncate(count);
        if changed {
            self.families = Families::of(&self.chips);
        }
        Ok(())
    }

    fn encode(&self, out: &mut Encoder) {
        let mut family = out.family(&CHIP_NAMES);
        for labels in &self.families.chip_names {
            family.sample(&labels.each_ref().map(String::as_str), 1.0);
        }
        let mut family = out.family(&SENSOR_LABEL);
        for labels in &self.families.sensor_labels {
            family.sample(&labels.each_ref().map(String::as_str), 1.0);
        }
        self.families.encode(&self.chips, out);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use exporter_toolkit::go_regex;
    use exposition::{Format, assemble};

    use super::*;
    use crate::testing::root;

    fn collector(directory: &Path) -> HwMon {
        HwMon {
            directory: directory.to_owned(),
            shown: Shown {
                chips: Filter::All,
                sensors: Filter::All,
            },
            chips: Vec::new(),
            families: Families::default(),
            attributes: Attributes::default(),
        }
    }

    fn samples(collector: &mut HwMon) -> String {
        let (mut out, mut text) = (Encoder::new(Format::Text004), Vec::new());
        collector.collect(&mut out).unwrap();
        assemble([&out], &mut text);
        let text = String::from_utf8(text).unwrap();
        let samples = text.lines().filter(|line| !line.starts_with('#'));
        samples
            .map(|line| format!("{}\n", line.trim_start_matches("node_hwmon_")))
            .collect()
    }

    #[test]
    fn values_are_those_of_now_and_missing_alone() {
        let host = root(&[("hwmon0/temp1_input", "41000\n"), ("hwmon0/temp2_input", "N/A\n")]);
        let mut collector = collector(host.path());
        for (temperatures, expected) in [
            (
                ["41000\n", "N/A\n"],
                "temp_celsius{chip=\"hwmon0\",sensor=\"temp1\"} 41\n",
            ),
            (
                ["\n", "-500\n"],
                "temp_celsius{chip=\"hwmon0\",sensor=\"temp2\"} -0.5\n",
            ),
            (["", ""], ""),
        ] {
            for (sensor, temperature) in ["temp1", "temp2"].into_iter().zip(temperatures) {
                fs::write(host.path().join(format!("hwmon0/{sensor}_input")), temperature).unwrap();
            }
            assert_eq!(samples(&mut collector), expected);
        }
    }

    #[test]
    fn chips_come_and_go() {
        let host = root(&[
            ("hwmon0/in0_input", "1000\n"),
            ("hwmon1/in0_input", "2000\n"),
            ("hwmon10/in0_input", "3000\n"),
        ]);
        let mut collector = collector(host.path());
        let line = |chip, volts| format!("in_volts{{chip=\"{chip}\",sensor=\"in0\"}} {volts}\n");
        let first = [line("hwmon0", 1), line("hwmon1", 2), line("hwmon10", 3)];
        assert_eq!(samples(&mut collector), first.concat());
        fs::remove_dir_all(host.path().join("hwmon1")).unwrap();
        assert_eq!(samples(&mut collector), [&*first[0], &first[2]].concat());
        fs::rename(host.path().join("hwmon10"), host.path().join("hwmon1")).unwrap();
        assert_eq!(samples(&mut collector), [&*first[0], &line("hwmon1", 3)].concat());
        fs::remove_dir_all(host.path().join("hwmon1")).unwrap();
        assert_eq!(samples(&mut collector), first[0]);
    }

    #[test]
    fn sensors_and_their_labels_come_and_go() {
        let host = root(&[("hwmon0/fan1_input", "900\n"), ("hwmon0/name", "nct6798\n")]);
        let mut collector = collector(host.path());
        let names = "chip_names{chip=\"nct6798\",chip_name=\"nct6798\"} 1\n";
        let fan = "fan_rpm{chip=\"nct6798\",sensor=\"fan1\"} 900\n";
        assert_eq!(samples(&mut collector), [names, fan].concat());
        fs::write(host.path().join("hwmon0/fan1_label"), "CPU \n").unwrap();
        let label = "sensor_label{chip=\"nct6798\",label=\"CPU \",sensor=\"fan1\"} 1\n";
        assert_eq!(samples(&mut collector), [names, fan, label].concat());
        fs::remove_file(host.path().join("hwmon0/fan1_input")).unwrap();
        assert_eq!(samples(&mut collector), [names, label].concat());
    }

    #[test]
    fn what_the_chip_and_its_device_both_have_is_the_devices() {
        let host = root(&[
            ("hwmon0/temp1_input", "1000\n"),
            ("hwmon0/temp1_max", "2000\n"),
            ("hwmon0/device/temp1_input", "3000\n"),
            ("hwmon0/power/control", "auto\n"),
        ]);
        let samples = samples(&mut collector(host.path()));
        assert!(samples.contains("temp_celsius{chip=\"hwmon0_device\",sensor=\"temp1\"} 3\n"));
        assert!(samples.contains("temp_max_celsius{chip=\"hwmon0_device\",sensor=\"temp1\"} 2\n"));
        assert_eq!(samples.lines().count(), 2);
    }

    #[test]
    fn filters_see_chips_and_their_sensors() {
        let host = root(&[
            ("hwmon0/temp1_input", "1000\n"),
            ("hwmon0/temp2_input", "2000\n"),
            ("hwmon0/temp2_label", "Core\n"),
            ("hwmon1/temp2_input", "3000\n"),
        ]);
        let mut collector = collector(host.path());
        collector.shown.sensors = Filter::Exclude(go_regex::parse("^hwmon0;temp2$").unwrap());
        let expected = "\
temp_celsius{chip=\"hwmon0\",sensor=\"temp1\"} 1
temp_celsius{chip=\"hwmon1\",sensor=\"temp2\"} 3
";
        assert_eq!(samples(&mut collector), expected);
        collector.shown.chips = Filter::Exclude(go_regex::parse("mon1").unwrap());
        collector.chips.clear();
        assert_eq!(
            samples(&mut collector),
            expected.lines().next().unwrap().to_owned() + "\n"
        );
    }
}
