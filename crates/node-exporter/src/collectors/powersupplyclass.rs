//! Batteries and chargers, from /sys/class/power_supply. Drivers refuse what the hardware does not tell, so each
//! attribute is missing alone.

use std::path::PathBuf;

use exporter_toolkit::collector::{CollectError, Collector, CollectorSpec};
use exporter_toolkit::flags::Flag;
use exporter_toolkit::go_regex::Expression;
use exposition::{Desc, Encoder};

use crate::context::Context;
use crate::filter::regex_flag;
use crate::sysfs::{Attributes, Folder};

const IGNORED: &str = "collector.powersupply.ignored-supplies";

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "powersupplyclass",
    enabled_by_default: true,
    flags: &[Flag::value(
        IGNORED,
        "^$",
        "Regexp of power supplies to ignore for powersupplyclass collector.",
    )],
    build: |context| {
        Ok(Box::new(PowerSupplies {
            directory: context.sys_path("class/power_supply"),
            ignored: regex_flag(context.flags(), IGNORED)?,
            attributes: Attributes::default(),
        }))
    },
};

/// A file, the family that shows it, and how many of the file's units are one of the family's.
type Column = (&'static str, Desc<'static>, f64);

macro_rules! columns {
    ($unit:expr, $($file:literal => $name:literal,)*) => {
        &[$((
            $file,
            Desc::gauge(
                concat!("node_power_supply_", $name),
                concat!($name, " value of /sys/class/power_supply/<power_supply>."),
                &["power_supply"],
            ),
            $unit,
        ),)*]
    };
}

const PLAIN: &[Column] = columns![
    1.0,
    "authentic" => "authentic",
    "calibrate" => "calibrate",
    "capacity" => "capacity",
    "capacity_alert_max" => "capacity_alert_max",
    "capacity_alert_min" => "capacity_alert_min",
    "cycle_count" => "cyclecount",
    "online" => "online",
    "present" => "present",
    "time_to_empty_now" => "time_to_empty_seconds",
    "time_to_full_now" => "time_to_full_seconds",
];
const MILLIONTHS: &[Column] = columns![
    1e6,
    "charge_control_limit" => "charge_control_limit",
    "charge_control_limit_max" => "charge_control_limit_max",
    "charge_counter" => "charge_counter",
    "charge_empty" => "charge_empty",
    "charge_empty_design" => "charge_empty_design",
    "charge_full" => "charge_full",
    "charge_full_design" => "charge_full_design",
    "charge_now" => "charge_ampere",
    "charge_term_current" => "charge_term_current",
    "constant_charge_current" => "constant_charge_current",
    "constant_charge_current_max" => "constant_charge_current_max",
    "constant_charge_voltage" => "constant_charge_voltage",
    "constant_charge_voltage_max" => "constant_charge_voltage_max",
    "current_boot" => "current_boot",
    "current_max" => "current_max",
    "current_now" => "current_ampere",
    "energy_empty" => "energy_empty",
    "energy_empty_design" => "energy_empty_design",
    "energy_full" => "energy_full",
    "energy_full_design" => "energy_full_design",
    "energy_now" => "energy_watthour",
    "input_current_limit" => "input_current_limit",
    "power_now" => "power_watt",
    "precharge_current" => "precharge_current",
    "voltage_boot" => "voltage_boot",
    "voltage_max" => "voltage_max",
    "voltage_max_design" => "voltage_max_design",
    "voltage_min" => "voltage_min",
    "voltage_min_design" => "voltage_min_design",
    "voltage_now" => "voltage_volt",
    "voltage_ocv" => "voltage_ocv",
];
const TENTHS: &[Column] = columns![
    10.0,
    "temp" => "temp_celsius",
    "temp_alert_max" => "temp_alert_max_celsius",
    "temp_alert_min" => "temp_alert_min_celsius",
    "temp_ambient" => "temp_ambient_celsius",
    "temp_ambient_max" => "temp_ambient_max_celsius",
    "temp_ambient_min" => "temp_ambient_min_celsius",
    "temp_max" => "temp_max_celsius",
    "temp_min" => "temp_min_celsius",
];

/// The labels are the names of files, but for [`NAME`].
const INFO_LABELS: [&str; 12] = [
    "capacity_level",
    "charge_type",
    "health",
    "manufacturer",
    "model_name",
    NAME,
    "scope",
    "serial_number",
    "status",
    "technology",
    "type",
    "usb_type",
];
const NAME: &str = "power_supply";
const INFO: Desc<'_> = Desc::gauge(
    "node_power_supply_info",
    "info of /sys/class/power_supply/<power_supply>.",
    &INFO_LABELS,
);

struct PowerSupplies {
    directory: PathBuf,
    ignored: Expression,
    attributes: Attributes,
}

impl Collector for PowerSupplies {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let supplies = Folder::open(&self.directory)?.open_folders(|name| !self.ignored.is_match(name))?;
        for (file, desc, unit) in [PLAIN, MILLIONTHS, TENTHS].into_iter().flatten() {
            let mut family = out.family(desc);
            for (name, supply) in &supplies {
                if let Some(number) = self.attributes.i64(supply, *file) {
                    family.sample(&[name.as_str()], number as f64 / unit);
                }
            }
        }
        let mut family = out.family(&INFO);
        for (name, supply) in &supplies {
            let labels = INFO_LABELS.map(|label| match label {
                NAME => name.clone(),
                file => self.attributes.bytes(supply, file).map(readable).unwrap_or_default(),
            });
            family.sample(&labels.each_ref().map(String::as_str), 1.0);
        }
        self.attributes.finish()
    }
}

/// The text without white space at its ends. Batteries give serial numbers that are no text; U+FFFD stands for each run
/// of such bytes.
fn readable(bytes: &[u8]) -> String {
    let mut text = String::new();
    let mut chunks = bytes.trim_ascii().utf8_chunks().peekable();
    while let Some(chunk) = chunks.next() {
        text.push_str(chunk.valid());
        let goes_on = chunks.peek().is_some_and(|next| next.valid().is_empty());
        if !chunk.invalid().is_empty() && !goes_on {
            text.push(char::REPLACEMENT_CHARACTER);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{collector, root, samples};

    #[test]
    fn what_a_driver_does_not_tell_is_missing_alone() {
        let root = root(&[
            ("sys/class/power_supply/BAT0/capacity", "98\n"),
            ("sys/class/power_supply/BAT0/current_now", "-1500000\n"),
            ("sys/class/power_supply/BAT0/temp", "-55\n"),
            ("sys/class/power_supply/BAT0/online", "perhaps\n"),
            ("sys/class/power_supply/BAT0/status", " Charging \n"),
            ("sys/class/power_supply/BAT1/capacity", "97\n"),
        ]);
        let mut collector = collector(&SPEC, root.path(), &["--collector.powersupply.ignored-supplies=1"]);
        let text = samples(&mut *collector).unwrap().replace("=\"\"", "");
        let expected = "\
node_power_supply_capacity{power_supply=\"BAT0\"} 98
node_power_supply_current_ampere{power_supply=\"BAT0\"} -1.5
node_power_supply_info{capacity_level,charge_type,health,manufacturer,model_name,power_supply=\"BAT0\",scope,serial_number,status=\"Charging\",technology,type,usb_type} 1
node_power_supply_temp_celsius{power_supply=\"BAT0\"} -5.5
";
        assert_eq!(text, expected);
    }

    #[test]
    fn runs_of_bytes_that_are_no_text_are_one_replacement() {
        for (bytes, text) in [
            (b" A1 \n".as_slice(), "A1"),
            (b"A\xff\xff\xfeB\x80C", "A\u{fffd}B\u{fffd}C"),
            (b"\xe2\x82\xff", "\u{fffd}"),
            (b"", ""),
        ] {
            assert_eq!(readable(bytes), text, "{bytes:?}");
        }
    }
}
