//! What the files of a PCI device hold.

use std::ffi::CStr;
use std::path::Path;

use crate::source::SourceError;
use crate::sysfs::{Attributes, Folder};

/// The kernel's unit of speed, in transfers a second.
const GIGA: f64 = 1e9;

/// A device; what it does not tell is `None`.
pub(super) struct Device {
    pub(super) location: Location,
    /// The bridge that it is behind.
    pub(super) parent: Location,
    pub(super) ids: Ids,
    /// In transfers a second.
    pub(super) max_link_speed: Option<f64>,
    pub(super) current_link_speed: Option<f64>,
    pub(super) max_link_width: Option<f64>,
    pub(super) current_link_width: Option<f64>,
    /// 0 or 1.
    pub(super) d3cold_allowed: Option<f64>,
    /// 0 or 1.
    pub(super) sriov_drivers_autoprobe: Option<f64>,
    pub(super) sriov_numvfs: Option<f64>,
    pub(super) sriov_totalvfs: Option<f64>,
    pub(super) sriov_vf_total_msix: Option<f64>,
    pub(super) numa_node: Option<f64>,
    pub(super) power_state: Option<String>,
}

/// Segment, bus, device and function, as in `0000:00:1f.7`.
#[derive(Debug, PartialEq)]
pub(super) struct Location(pub(super) [String; 4]);

impl Location {
    fn parse(name: &str) -> Option<Self> {
        let (before, function) = name.rsplit_once('.')?;
        let parts: Vec<&str> = before.split(':').chain([function]).collect();
        let parts: [&str; 4] = parts.try_into().ok()?;
        let is_hexadecimal = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_hexdigit());
        parts
            .iter()
            .all(|part| is_hexadecimal(part))
            .then(|| Self(parts.map(str::to_owned)))
    }

    /// What stands for the parent of a device that is behind no bridge.
    fn none() -> Self {
        Self(std::array::from_fn(|_| "*".to_owned()))
    }
}

/// The numbers that tell what a device is.
#[derive(Debug, PartialEq)]
pub(super) struct Ids {
    /// Class, subclass and programming interface.
    pub(super) class: [u8; 3],
    pub(super) vendor: u16,
    pub(super) device: u16,
    pub(super) subsystem_vendor: u16,
    pub(super) subsystem_device: u16,
    revision: u8,
}

impl Ids {
    /// `None` when one of them cannot be read, as when the device is gone.
    fn read(folder: &Folder, attributes: &mut Attributes) -> Option<Self> {
        let mut number = |file: &CStr| attributes.u64(folder, file);
        let class = u32::try_from(number(c"class")?).ok()?;
        let [_, class @ ..] = class.to_be_bytes();
        let mut long = |file| u16::try_from(number(file)?).ok();
        Some(Self {
            class,
            vendor: long(c"vendor")?,
            device: long(c"device")?,
            subsystem_vendor: long(c"subsystem_vendor")?,
            subsystem_device: long(c"subsystem_device")?,
            revision: number(c"revision")?.try_into().ok()?,
        })
    }

    /// As the kernel's file has it, but for the case; so are those below.
    pub(super) fn class_id(&self) -> String {
        let [class, subclass, interface] = self.class;
        format!("0x{class:02x}{subclass:02x}{interface:02x}")
    }

    pub(super) fn vendor_id(&self) -> String {
        format!("0x{:04x}", self.vendor)
    }

    pub(super) fn device_id(&self) -> String {
        format!("0x{:04x}", self.device)
    }

    pub(super) fn subsystem_vendor_id(&self) -> String {
        format!("0x{:04x}", self.subsystem_vendor)
    }

    pub(super) fn subsystem_device_id(&self) -> String {
        format!("0x{:04x}", self.subsystem_device)
    }

    pub(super) fn revision_id(&self) -> String {
        format!("0x{:02x}", self.revision)
    }
}

/// Reads all devices, in the order of their names.
///
/// # Errors
/// When the folder of all devices cannot be read.
pub(super) fn read_all(bus: &Folder, attributes: &mut Attributes) -> Result<Vec<Device>, SourceError> {
    let opened = bus.open_folders(|_| true)?.into_iter();
    Ok(opened
        .filter_map(|(name, folder)| read(bus, &name, &folder, attributes))
        .collect())
}

fn read(bus: &Folder, name: &str, folder: &Folder, attributes: &mut Attributes) -> Option<Device> {
    Some(Device {
        location: Location::parse(name)?,
        parent: parent(bus, name).unwrap_or_else(Location::none),
        ids: Ids::read(folder, attributes)?,
        max_link_speed: attributes.text(folder, c"max_link_speed").and_then(speed),
        current_link_speed: attributes.text(folder, c"current_link_speed").and_then(speed),
        max_link_width: number(folder, c"max_link_width", attributes),
        current_link_width: number(folder, c"current_link_width", attributes),
        d3cold_allowed: truth(folder, c"d3cold_allowed", attributes),
        sriov_drivers_autoprobe: truth(folder, c"sriov_drivers_autoprobe", attributes),
        sriov_numvfs: number(folder, c"sriov_numvfs", attributes),
        sriov_totalvfs: number(folder, c"sriov_totalvfs", attributes),
        sriov_vf_total_msix: number(folder, c"sriov_vf_total_msix", attributes),
        numa_node: number(folder, c"numa_node", attributes).filter(|node| *node != -1.0),
        power_state: attributes
            .text(folder, c"power_state")
            .filter(|text| !text.is_empty())
            .map(str::to_owned),
    })
}

/// The name of the folder that the device's is in, unless that is a root of buses, as pci0000:00.
fn parent(bus: &Folder, name: &str) -> Option<Location> {
    let target = bus.target(name)?;
    Location::parse(target.parent().and_then(Path::file_name)?.to_str()?)
}

/// `8.0 GT/s PCIe` in transfers a second; `None` for what is no PCI Express.
fn speed(text: &str) -> Option<f64> {
    let (number, unit) = text.split_once(' ')?;
    let number: f64 = number.parse().ok()?;
    unit.starts_with("GT/s").then_some(number * GIGA)
}

fn number(folder: &Folder, file: &CStr, attributes: &mut Attributes) -> Option<f64> {
    attributes.i64(folder, file).map(|number| number as f64)
}

fn truth(folder: &Folder, file: &CStr, attributes: &mut Attributes) -> Option<f64> {
    let number = attributes.i64(folder, file)?;
    Some(f64::from(u8::from(number != 0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations_have_four_parts() {
        let some = |parts: [&str; 4]| Some(Location(parts.map(str::to_owned)));
        for (name, location) in [
            ("0000:00:1f.7", some(["0000", "00", "1f", "7"])),
            ("10000:e1:00.0", some(["10000", "e1", "00", "0"])),
            ("pci0000:00", None),
            ("0000:00:1f", None),
            ("0000:00:00:1f.7", None),
            ("0000::1f.7", None),
            ("0000:00:1g.7", None),
        ] {
            assert_eq!(Location::parse(name), location, "{name}");
        }
    }

    #[test]
    fn speeds_are_in_transfers_a_second() {
        for (text, expected) in [
            ("8.0 GT/s PCIe", Some(8e9)),
            ("2.5 GT/s", Some(2.5e9)),
            ("66 MHz PCI", None),
            ("Unknown", None),
            ("Unknown speed", None),
            ("", None),
        ] {
            assert_eq!(speed(text), expected, "{text}");
        }
    }
}
