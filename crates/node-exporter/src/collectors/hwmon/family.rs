//! What files mean: their families, units and help texts; and the files of all chips by family.

use std::collections::BTreeMap;

use exposition::{Desc, Encoder, Kind};

use super::chip::Chip;
use super::name::clean;

/// What a file says.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Meaning {
    /// The name of the family.
    name: String,
    help: String,
    kind: Kind,
    unit: Unit,
}

/// What the number in a file counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    /// What the family counts.
    One,
    Thousandth,
    Millionth,
    /// 1 stands for on and all else for off.
    OnlyOne,
}

impl Unit {
    fn apply(self, number: f64) -> f64 {
        match self {
            Self::One => number,
            Self::Thousandth => number * 0.001,
            Self::Millionth => number / 1e6,
            Self::OnlyOne => f64::from(u8::from(number == 1.0)),
        }
    }
}

/// The meaning of a property of a kind of sensor; `has_own_value` says that the sensor has a file without property too.
/// `None` if it is not shown.
pub(super) fn meaning(kind: &str, property: &str, has_own_value: bool) -> Option<Meaning> {
    let (name, (suffix, help, unit)) = match (kind, property) {
        ("beep_enable" | "update_interval" | "vrm", "") => of_chip(kind)?,
        ("beep_enable" | "update_interval" | "vrm", _) | (_, "label") => return None,
        // A sensor's input is its value, unless it has one already.
        (_, "") => (kind.to_owned(), of_sensor(kind, property)),
        (_, "input") if !has_own_value => (kind.to_owned(), of_sensor(kind, property)),
        _ => {
            let name = format!("{kind}_{}", clean(property.as_bytes()));
            (name, of_sensor(kind, property))
        }
    };
    Some(Meaning {
        name: format!("node_hwmon_{name}{suffix}"),
        help,
        kind: if suffix == TOTAL { Kind::Counter } else { Kind::Gauge },
        unit,
    })
}

/// How the name of a family ends, its help text and the unit of its files.
type Described = (&'static str, String, Unit);

/// What ends the name of the one kind of counter.
const TOTAL: &str = "_joule_total";

/// What is not a sensor's but the whole chip's, and how its name begins.
fn of_chip(kind: &str) -> Option<(String, Described)> {
    let (name, suffix, help, unit) = match kind {
        "beep_enable" => ("beep", "_enabled", "Hardware beep enabled", Unit::OnlyOne),
        "update_interval" => (kind, "_seconds", "Hardware monitor update interval", Unit::Thousandth),
        "vrm" => ("voltage_regulator", "_version", "Hardware voltage regulator", Unit::One),
        _ => return None,
    };
    Some((name.to_owned(), (suffix, help.to_owned(), unit)))
}

fn of_sensor(kind: &str, property: &str) -> Described {
    let help = |text: &str| format!("Hardware monitor {text} ({property})");
    match (kind, property) {
        (_, "fault" | "alarm") => ("", format!("Hardware sensor {property} status ({kind})"), Unit::One),
        (_, "beep") => (
            "_enabled",
            "Hardware monitor sensor has beeping enabled".to_owned(),
            Unit::One,
        ),
        ("in" | "cpu", _) => ("_volts", help("for voltage"), Unit::Thousandth),
        ("temp", "") => of_sensor("temp", "input"),
        ("temp", property) if property != "type" => ("_celsius", help("for temperature"), Unit::Thousandth),
        ("curr", _) => ("_amps", help("for current"), Unit::Thousandth),
        ("energy", _) => (TOTAL, help("for joules used so far"), Unit::Millionth),
        ("power", "accuracy") => {
            let help = "Hardware monitor power meter accuracy, as a ratio".to_owned();
            ("", help, Unit::Millionth)
        }
        ("power", "average_interval" | "average_interval_min" | "average_interval_max") => {
            ("_seconds", help("power usage update interval"), Unit::Thousandth)
        }
        ("power", _) => ("_watt", help("for power usage in watts"), Unit::Millionth),
        ("humidity", _) => {
            const RATIO: &str = "for humidity, as a ratio (multiply with 100.0 to get the humidity as a percentage)";
            ("", help(RATIO), Unit::Millionth)
        }
        ("fan", "input" | "min" | "max" | "target") => ("_rpm", help("for fan revolutions per minute"), Unit::One),
        ("freq", "input") => {
            let help = "Hardware monitor for GPU frequency in MHz".to_owned();
            ("_freq_mhz", help, Unit::Millionth)
        }
        _ => ("", format!("Hardware monitor {kind} element {property}"), Unit::One),
    }
}

/// What is shown of all chips, each list in the order of its labels.
#[derive(Default)]
pub(super) struct Families {
    /// The values of `chip` and `chip_name`.
    pub(super) chip_names: Vec<[String; 2]>,
    /// The values of `chip`, `label` and `sensor`.
    pub(super) sensor_labels: Vec<[String; 3]>,
    values: Vec<Family>,
}

struct Family {
    meaning: Meaning,
    samples: Vec<Sample>,
}

/// Where the value of a sample is kept.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Sample {
    /// The values of `chip` and `sensor`.
    labels: [String; 2],
    /// The position of the chip.
    chip: usize,
    /// The position of the file in that chip.
    file: usize,
}

impl Families {
    pub(super) fn of(chips: &[Chip]) -> Self {
        let mut families = Self::default();
        let mut values: BTreeMap<&str, Family> = BTreeMap::new();
        for (position, chip) in chips.iter().enumerate() {
            let name = || chip.name.clone();
            let chip_name = chip.chip_name.iter().map(|chip_name| [name(), chip_name.clone()]);
            families.chip_names.extend(chip_name);
            let labels = chip.sensor_labels.iter();
            let labels = labels.map(|[sensor, label]| [name(), label.clone(), sensor.clone()]);
            families.sensor_labels.extend(labels);
            for (index, file) in chip.files.iter().enumerate() {
                let family = values.entry(&file.meaning.name).or_insert_with(|| Family {
                    meaning: file.meaning.clone(),
                    samples: Vec::new(),
                });
                family.samples.push(Sample {
                    labels: [name(), file.sensor.clone()],
                    chip: position,
                    file: index,
                });
            }
        }
        families.chip_names.sort_unstable();
        families.sensor_labels.sort_unstable();
        families.values = values.into_values().collect();
        for family in &mut families.values {
            family.samples.sort_unstable();
        }
        families
    }

    /// Writes the values of these chips, of which the families were made.
    pub(super) fn encode(&self, chips: &[Chip], out: &mut Encoder) {
        for Family { meaning, samples } in &self.values {
            let desc = Desc::new(&meaning.name, &meaning.help, meaning.kind, &["chip", "sensor"]);
            let mut family = out.family(&desc);
            for sample in samples {
                if let Some(number) = chips[sample.chip].values[sample.file] {
                    family.sample(
                        &sample.labels.each_ref().map(String::as_str),
                        meaning.unit.apply(number),
                    );
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_its_own_takes_the_name_from_the_input() {
        for (kind, property, has_own_value, name) in [
            ("temp", "input", false, "node_hwmon_temp_celsius"),
            ("temp", "input", true, "node_hwmon_temp_input_celsius"),
            ("temp", "", true, "node_hwmon_temp_celsius"),
            ("fan", "", true, "node_hwmon_fan"),
            ("fan", "input", true, "node_hwmon_fan_input_rpm"),
            ("pwm", "auto-Point.1", true, "node_hwmon_pwm_auto_point_1"),
        ] {
            let meaning = meaning(kind, property, has_own_value).unwrap();
            assert_eq!(meaning.name, name);
        }
    }

    #[test]
    fn some_files_are_not_shown() {
        for (kind, property) in [
            ("temp", "label"),
            ("vrm", "x"),
            ("beep_enable", "x"),
            ("update_interval", "x"),
        ] {
            assert_eq!(meaning(kind, property, true), None);
        }
    }

    #[test]
    fn units_are_those_of_the_kernels_documentation() {
        for (kind, property, number, value) in [
            ("temp", "crit", 41_500.0, 41.5),
            ("temp", "type", 4.0, 4.0),
            ("temp", "alarm", 1.0, 1.0),
            ("in", "input", 12_000.0, 12.0),
            ("power", "average", 150_500_000.0, 150.5),
            ("power", "average_interval", 1_000.0, 1.0),
            ("energy", "input", 2_500_000.0, 2.5),
            ("fan", "div", 8.0, 8.0),
            ("beep_enable", "", 1.0, 1.0),
            ("beep_enable", "", 2.0, 0.0),
        ] {
            let meaning = meaning(kind, property, false).unwrap();
            assert_eq!(meaning.unit.apply(number), value, "{kind} {property}");
        }
    }
}
