//! Names from a pci.ids, of which only those of this host's devices are kept; the list has more than a megabyte and is
//! read when a device comes that was not there before.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;

use kernel_stats::pci_ids::{self, Id};

use super::device::{Device, Ids};

/// The names of what this host has or had.
pub(super) struct Names {
    /// The first that can be read is the list.
    files: Vec<PathBuf>,
    /// `None` for what the list does not name.
    known: HashMap<Id, Option<String>>,
}

impl Names {
    pub(super) fn new(files: Vec<PathBuf>) -> Self {
        let known = HashMap::new();
        Self { files, known }
    }

    /// Reads the list if one of the devices is new.
    pub(super) fn learn(&mut self, devices: &[Device]) {
        let before = self.known.len();
        for id in devices.iter().flat_map(|device| all(&device.ids)) {
            self.known.entry(id).or_default();
        }
        if self.known.len() == before {
            return;
        }
        let Some(list) = self.files.iter().find_map(|file| fs::read(file).ok()) else {
            log::warn!(collector = "pcidevice", files:? = self.files; "no list of names can be read, numbers stand for them");
            return;
        };
        for (id, name) in pci_ids::entries(&list) {
            if let Some(known) = self.known.get_mut(&id) {
                *known = Some(name.into_owned());
            }
        }
    }

    pub(super) fn vendor(&self, vendor: u16) -> String {
        self.name(Id::Vendor(vendor)).unwrap_or_else(|| format!("{vendor:04x}"))
    }

    pub(super) fn device(&self, ids: &Ids) -> String {
        let name = self.name(Id::Device(ids.vendor, ids.device));
        name.unwrap_or_else(|| format!("{:04x}", ids.device))
    }

    pub(super) fn subsystem_device(&self, ids: &Ids) -> String {
        let name = self.name(subsystem(ids));
        name.unwrap_or_else(|| format!("{:04x}", ids.subsystem_device))
    }

    /// The name of the programming interface, or else of the subclass, or else of the class.
    pub(super) fn class(&self, ids: &Ids) -> String {
        let [class, subclass, interface] = ids.class;
        let name = classes(ids).into_iter().find_map(|id| self.name(id));
        name.unwrap_or_else(|| format!("Unknown class ({class:02x}{subclass:02x}{interface:02x})"))
    }

    fn name(&self, id: Id) -> Option<String> {
        self.known.get(&id)?.clone()
    }
}

/// All that may have a name of a device.
fn all(ids: &Ids) -> impl Iterator<Item = Id> {
    let Ids {
        vendor,
        device,
        subsystem_vendor,
        ..
    } = *ids;
    let others = [
        Id::Vendor(vendor),
        Id::Device(vendor, device),
        Id::Vendor(subsystem_vendor),
        subsystem(ids),
    ];
    classes(ids).into_iter().chain(others)
}

fn subsystem(ids: &Ids) -> Id {
    Id::Subsystem(ids.vendor, ids.device, ids.subsystem_vendor, ids.subsystem_device)
}

/// The closest first.
fn classes(ids: &Ids) -> [Id; 3] {
    let [class, subclass, interface] = ids.class;
    [
        Id::Interface(class, subclass, interface),
        Id::Subclass(class, subclass),
        Id::Class(class),
    ]
}
