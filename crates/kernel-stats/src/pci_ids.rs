//! Names of PCI vendors, devices and classes, from the list pci.ids that hwdata keeps, often at
//! /usr/share/misc/pci.ids. A tab, here four spaces, stands before what belongs to the line above.
//!
//! ```text
//! # comment
//! 8086  Intel Corporation
//!     1593  Ethernet Controller E810-C for SFP
//!         8086 0002  Ethernet Network Adapter E810-C-Q2
//! C 01  Mass storage controller
//!     08  Non-Volatile memory controller
//!         02  NVM Express
//! ```

use std::borrow::Cow;

use crate::fields::{Lines, hexadecimal, lines, split_once};

/// What has a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Id {
    /// A vendor of devices or of the boards with them.
    Vendor(u16),
    /// A vendor and its device.
    Device(u16, u16),
    /// A vendor, its device, and the vendor of a board with it and that board.
    Subsystem(u16, u16, u16, u16),
    /// A class.
    Class(u8),
    /// A class and its subclass.
    Subclass(u8, u8),
    /// A class, its subclass and a programming interface.
    Interface(u8, u8, u8),
}

/// The names in a pci.ids, in the file's order. Lines that do not fit are passed over, with what belongs to them.
pub fn entries(bytes: &[u8]) -> Entries<'_> {
    Entries {
        lines: lines(bytes),
        above: [None; 2],
    }
}

/// See [`entries`].
#[derive(Debug, Clone)]
pub struct Entries<'a> {
    lines: Lines<'a>,
    /// What the last lines with no tab and with one are about.
    above: [Option<Id>; 2],
}

impl<'a> Iterator for Entries<'a> {
    type Item = (Id, Cow<'a, str>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let line = self.lines.next()?.text;
            if line.starts_with(b"#") {
                continue;
            }
            if let Some(found) = self.entry(line) {
                return Some(found);
            }
        }
    }
}

impl<'a> Entries<'a> {
    fn entry(&mut self, line: &'a [u8]) -> Option<(Id, Cow<'a, str>)> {
        let tabs = line.iter().take_while(|&&byte| byte == b'\t').count();
        let found = named(line.get(tabs..)?);
        let id = found.and_then(|(number, _)| self.id(tabs, number));
        match tabs {
            0 => self.above = [id, None],
            1 => self.above[1] = id,
            _ => {}
        }
        let (_, name) = found?;
        Some((id?, String::from_utf8_lossy(name)))
    }

    fn id(&self, tabs: usize, number: &[u8]) -> Option<Id> {
        match (tabs, self.above) {
            (0, _) => match number.strip_prefix(b"C ") {
                Some(class) => Some(Id::Class(short(class)?)),
                None => Some(Id::Vendor(long(number)?)),
            },
            (1, [Some(Id::Vendor(vendor)), _]) => Some(Id::Device(vendor, long(number)?)),
            (1, [Some(Id::Class(class)), _]) => Some(Id::Subclass(class, short(number)?)),
            (2, [_, Some(Id::Device(vendor, device))]) => {
                let (board_vendor, board) = split_once(number, b' ')?;
                Some(Id::Subsystem(vendor, device, long(board_vendor)?, long(board)?))
            }
            (2, [_, Some(Id::Subclass(class, subclass))]) => Some(Id::Interface(class, subclass, short(number)?)),
            _ => None,
        }
    }
}

/// The number and the name, which have two spaces between them.
fn named(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let (number, name) = text.split_at(memchr::memmem::find(text, b"  ")?);
    Some((number, name.trim_ascii()))
}

fn short(digits: &[u8]) -> Option<u8> {
    hexadecimal(digits)?.try_into().ok()
}

fn long(digits: &[u8]) -> Option<u16> {
    hexadecimal(digits)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::{Id, entries};

    #[test]
    fn devices_and_classes_have_names() {
        let bytes = include_bytes!("../fixtures/pci_ids");
        let found: Vec<_> = entries(bytes).collect();
        let found: Vec<_> = found.iter().map(|(id, name)| (*id, name.as_ref())).collect();
        let expected = [
            (Id::Vendor(0x1af4), "Red Hat, Inc."),
            (Id::Device(0x1af4, 0x1045), "Virtio 1.0 balloon"),
            (Id::Vendor(0x8086), "Intel Corporation"),
            (Id::Device(0x8086, 0x1593), "Ethernet Controller E810-C for SFP"),
            (
                Id::Subsystem(0x8086, 0x1593, 0x8086, 2),
                "Ethernet Network Adapter E810-C-Q2",
            ),
            (Id::Class(1), "Mass storage controller"),
            (Id::Subclass(1, 8), "Non-Volatile memory controller"),
            (Id::Interface(1, 8, 2), "NVM Express"),
            (Id::Class(0xff), "Unassigned class"),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn lines_that_do_not_fit_take_what_belongs_to_them_along() {
        for (text, expected) in [
            ("8086 Intel\n\t1593  E810\n", &[][..]),
            ("80861  Intel\n\t1593  E810\n8087  I\n", &[Id::Vendor(0x8087)]),
            (
                "8086  I\n\tx  E810\n\t\t8086 0002  Q2\n\t2  b\n",
                &[Id::Vendor(0x8086), Id::Device(0x8086, 2)],
            ),
            (
                "8086  I\n\t1  a\nC 01  c\n\t\t8086 0002  Q2\n",
                &[Id::Vendor(0x8086), Id::Device(0x8086, 1), Id::Class(1)],
            ),
            ("C 100  c\n\t08  s\n", &[]),
            (
                "8086  I\n#  comment\n\t2  b\n",
                &[Id::Vendor(0x8086), Id::Device(0x8086, 2)],
            ),
            ("8086  I\n\t\t\t1  a\n", &[Id::Vendor(0x8086)]),
            ("", &[]),
        ] {
            let found: Vec<Id> = entries(text.as_bytes()).map(|(id, _)| id).collect();
            assert_eq!(found, expected, "{text:?}");
        }
    }
}
