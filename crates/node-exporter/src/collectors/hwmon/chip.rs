//! One chip: its names, its files that hold values, and the values. The files of a chip lie in its folder or, as old
//! drivers have it, in that of its device.

use std::collections::BTreeMap;
use std::ffi::CString;

use super::Shown;
use super::family::{Meaning, meaning};
use super::name::{self, SensorFile};
use crate::sysfs::{Attributes, Folder};

pub(super) struct Chip {
    /// The name of its folder, such as `hwmon3`.
    folder: String,
    fingerprint: u64,
    /// The value of the label `chip`.
    pub(super) name: String,
    /// What it calls itself, if it does.
    pub(super) chip_name: Option<String>,
    /// The values of `sensor` and `label`.
    pub(super) sensor_labels: Vec<[String; 2]>,
    pub(super) files: Vec<File>,
    /// What the files hold, in their order.
    pub(super) values: Vec<Option<f64>>,
}

/// A file that holds a value.
pub(super) struct File {
    place: Place,
    /// The value of the label `sensor`.
    pub(super) sensor: String,
    pub(super) meaning: Meaning,
}

#[derive(Clone)]
struct Place {
    in_device: bool,
    name: CString,
}

/// The files of one sensor, by property.
struct Sensor {
    kind: &'static str,
    places: BTreeMap<String, Place>,
}

/// What tells that a chip is the one it was, with the same files.
pub(super) fn fingerprint(folder: &Folder, device: Option<&Folder>) -> Option<u64> {
    let device = match device {
        Some(device) => device.fingerprint()?,
        None => 0,
    };
    Some(folder.fingerprint()?.rotate_left(1) ^ device)
}

impl Chip {
    pub(super) fn new(folder: String, fingerprint: u64) -> Self {
        Self {
            folder,
            fingerprint,
            name: String::new(),
            chip_name: None,
            sensor_labels: Vec::new(),
            files: Vec::new(),
            values: Vec::new(),
        }
    }

    /// Whether this is the chip in that folder.
    pub(super) fn is(&self, folder: &str, fingerprint: u64) -> bool {
        self.folder == folder && self.fingerprint == fingerprint
    }

    /// Learns what there is to read. A chip or sensor that is not shown has nothing.
    pub(super) fn look_up(
        &mut self,
        folder: &Folder,
        device: Option<&Folder>,
        shown: &Shown,
        attributes: &mut Attributes,
    ) {
        let chip_name = attributes.bytes(folder, c"name").map(name::clean).unwrap_or_default();
        self.name = name::chip(folder.path(), &chip_name);
        if !shown.chips.shows(&self.name) {
            return;
        }
        self.chip_name = Some(chip_name).filter(|name| !name.is_empty());
        for (name, sensor) in sensors(folder, device) {
            if shown.sensors.shows(&format!("{};{name}", self.name)) {
                self.look_up_sensor(&name, &sensor, folder, device, attributes);
            }
        }
        self.values.resize(self.files.len(), None);
    }

    fn look_up_sensor(
        &mut self,
        name: &str,
        sensor: &Sensor,
        folder: &Folder,
        device: Option<&Folder>,
        attributes: &mut Attributes,
    ) {
        let label = sensor.places.get("label").and_then(|place| {
            let bytes = attributes.bytes(place.folder(folder, device)?, place.name.as_c_str())?;
            Some(String::from_utf8_lossy(bytes).trim_matches('\n').to_owned())
        });
        for (property, place) in &sensor.places {
            // A frequency is known by its label alone, and else not shown.
            let name = match (sensor.kind, property.as_str(), &label) {
                ("freq", "input", Some(label)) => name::clean(label.as_bytes()),
                ("freq", "input", None) => continue,
                _ => name.to_owned(),
            };
            let has_own_value = sensor.places.contains_key("");
            if let Some(meaning) = meaning(sensor.kind, property, has_own_value) {
                self.files.push(File {
                    place: place.clone(),
                    sensor: name,
                    meaning,
                });
            }
        }
        if let Some(label) = label {
            self.sensor_labels.push([name.to_owned(), label]);
        }
    }

    /// Reads all values. What cannot be read now is `None`, and may be there the next time.
    pub(super) fn read(&mut self, folder: &Folder, device: Option<&Folder>, attributes: &mut Attributes) {
        for (File { place, .. }, value) in self.files.iter().zip(&mut self.values) {
            *value = place.folder(folder, device).and_then(|folder| {
                let text = attributes.text(folder, place.name.as_c_str())?;
                text.parse().ok()
            });
        }
    }
}

impl Place {
    fn folder<'f>(&self, own: &'f Folder, device: Option<&'f Folder>) -> Option<&'f Folder> {
        if self.in_device { device } else { Some(own) }
    }
}

/// The sensors by name. What both folders have is the device's.
fn sensors(folder: &Folder, device: Option<&Folder>) -> BTreeMap<String, Sensor> {
    let mut sensors = BTreeMap::new();
    for (in_device, folder) in [(false, Some(folder)), (true, device)] {
        let files = folder.and_then(|folder| folder.attributes().ok());
        for file in files.unwrap_or_default() {
            let Some(parsed) = SensorFile::parse(&file) else {
                continue;
            };
            let sensor = sensors.entry(parsed.sensor()).or_insert_with(|| Sensor {
                kind: parsed.kind,
                places: BTreeMap::new(),
            });
            let property = parsed.property.to_owned();
            if let Ok(name) = CString::new(file) {
                sensor.places.insert(property, Place { in_device, name });
            }
        }
    }
    sensors
}
