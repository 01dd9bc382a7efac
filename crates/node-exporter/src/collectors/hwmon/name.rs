//! Names: of files, of which the kind of a sensor, its number and one of its properties are made, and of chips.

use std::ffi::OsStr;
use std::path::Path;

/// The kinds of sensors.
const KINDS: [&str; 14] = [
    "beep_enable",
    "cpu",
    "curr",
    "energy",
    "fan",
    "freq",
    "humidity",
    "in",
    "intrusion",
    "power",
    "pwm",
    "temp",
    "update_interval",
    "vrm",
];

/// A file of a sensor: `temp2_crit_alarm` is the property `crit_alarm` of the sensor `temp2`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SensorFile<'n> {
    pub(super) kind: &'static str,
    /// 0 for what a chip has only one of, such as `vrm`.
    pub(super) number: u64,
    /// Empty where the file is the sensor itself, such as `pwm1`.
    pub(super) property: &'n str,
}

impl<'n> SensorFile<'n> {
    /// `None` if this is no name of a sensor's file.
    pub(super) fn parse(name: &'n str) -> Option<Self> {
        let (kind, rest) = name.split_at(name.find(|c: char| c.is_ascii_digit()).unwrap_or(name.len()));
        let kind = *KINDS.iter().find(|known| **known == kind)?;
        let (number, rest) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len()));
        Some(Self {
            kind,
            number: if number.is_empty() { 0 } else { number.parse().ok()? },
            property: match rest {
                "" => "",
                _ => rest.strip_prefix('_').filter(|property| !property.is_empty())?,
            },
        })
    }

    /// The value of the label `sensor`.
    pub(super) fn sensor(&self) -> String {
        format!("{}{}", self.kind, self.number)
    }
}

/// `name` in small letters, with `_` for all that is neither a letter, a digit nor a colon, and none at its ends.
pub(super) fn clean(name: &[u8]) -> String {
    let small = String::from_utf8_lossy(name).to_lowercase();
    let is_kept = |c: char| matches!(c, 'a'..='z' | '0'..='9' | ':' | '_');
    small.replace(|c| !is_kept(c), "_").trim_matches('_').to_owned()
}

/// The value of the label `chip`. Numbers of chips depend on the order in which modules were loaded; where devices are
/// does not. So a chip is called after its device and what that is part of, else as it calls itself.
pub(super) fn chip(folder: &Path, own_name: &str) -> String {
    let device = std::fs::canonicalize(folder.join("device")).unwrap_or_default();
    let last = |path: Option<&Path>| clean(path.and_then(Path::file_name).map_or(b"", OsStr::as_encoded_bytes));
    let (bus, device) = (last(device.parent()), last(Some(&device)));
    match (bus.is_empty(), device.is_empty(), own_name.is_empty()) {
        (false, false, _) => format!("{bus}_{device}"),
        (true, false, _) => device,
        (_, true, false) => own_name.to_owned(),
        (_, true, true) => last(std::fs::canonicalize(folder).ok().as_deref()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::testing::root;

    #[test]
    fn names_of_files_are_taken_apart() {
        for (name, expected) in [
            ("temp2_crit_alarm", Some(("temp", 2, "crit_alarm"))),
            ("temp01_input", Some(("temp", 1, "input"))),
            ("pwm1", Some(("pwm", 1, ""))),
            ("pwm1_auto_point1_pwm", Some(("pwm", 1, "auto_point1_pwm"))),
            ("beep_enable", Some(("beep_enable", 0, ""))),
            ("update_interval", Some(("update_interval", 0, ""))),
            ("vrm", Some(("vrm", 0, ""))),
            ("in12", Some(("in", 12, ""))),
            ("in12x", None),
            ("in12_", None),
            ("in_input", None),
            ("name", None),
            ("energy_now", None),
            ("temp99999999999999999999_input", None),
            ("", None),
        ] {
            let found = SensorFile::parse(name).map(|file| (file.kind, file.number, file.property));
            assert_eq!(found, expected, "{name}");
        }
    }

    #[test]
    fn cleaned_names_have_few_characters() {
        for (name, cleaned) in [
            (&b"coretemp\n"[..], "coretemp"),
            (b"0000:00:03.1", "0000:00:03_1"),
            (b"--LNXSYSTM--", "lnxsystm"),
            (b"a b\xff", "a_b"),
            ("µ-é".as_bytes(), ""),
            (b"", ""),
        ] {
            assert_eq!(clean(name), cleaned);
        }
    }

    #[test]
    fn chips_are_called_after_their_device_then_their_name_then_their_number() {
        let root = root(&[
            ("platform/coretemp.0/hwmon/hwmon0/x", ""),
            ("platform/--/hwmon/hwmon1/x", ""),
            ("virtual/hwmon/hwmon2/x", ""),
        ]);
        let device = |device, hwmon| {
            let folder = root.path().join(device).join("hwmon").join(hwmon);
            symlink(root.path().join(device), folder.join("device")).unwrap();
            folder
        };
        assert_eq!(
            chip(&device("platform/coretemp.0", "hwmon0"), "x"),
            "platform_coretemp_0"
        );
        assert_eq!(chip(&device("platform/--", "hwmon1"), "x"), "x");
        let folder = root.path().join("virtual/hwmon/hwmon2");
        assert_eq!(chip(&folder, "acpitz"), "acpitz");
        symlink(&folder, root.path().join("link")).unwrap();
        assert_eq!(chip(&root.path().join("link"), ""), "hwmon2");
    }
}
