//! What the firmware says of the machine, from /sys/class/dmi/id. Absent on machines without DMI, as most that are not
//! x86. It does not change before the next boot and is read once. Serial numbers are for root only.

use std::ffi::CStr;
use std::path::Path;

use exporter_toolkit::collector::{CollectError, Collector, CollectorSpec};
use exposition::{Desc, Encoder};

use crate::context::Context;
use crate::sysfs::{Attributes, Folder};

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "dmi",
    enabled_by_default: true,
    flags: &[],
    build: |context| {
        Ok(Box::new(Dmi {
            values: read(&context.sys_path("class/dmi/id")),
        }))
    },
};

const INFO: Desc<'_> = Desc::gauge(
    "node_dmi_info",
    "A metric with a constant '1' value labeled by bios_date, bios_release, bios_vendor, bios_version, \
     board_asset_tag, board_name, board_serial, board_vendor, board_version, chassis_asset_tag, chassis_serial, \
     chassis_vendor, chassis_version, product_family, product_name, product_serial, product_sku, product_uuid, \
     product_version, system_vendor if provided by DMI.",
    &[
        "bios_date",
        "bios_release",
        "bios_vendor",
        "bios_version",
        "board_asset_tag",
        "board_name",
        "board_serial",
        "board_vendor",
        "board_version",
        "chassis_asset_tag",
        "chassis_serial",
        "chassis_vendor",
        "chassis_version",
        "product_family",
        "product_name",
        "product_serial",
        "product_sku",
        "product_uuid",
        "product_version",
        "system_vendor",
    ],
);

/// The files of the labels, in their order.
const FILES: [&CStr; INFO.labels.len()] = [
    c"bios_date",
    c"bios_release",
    c"bios_vendor",
    c"bios_version",
    c"board_asset_tag",
    c"board_name",
    c"board_serial",
    c"board_vendor",
    c"board_version",
    c"chassis_asset_tag",
    c"chassis_serial",
    c"chassis_vendor",
    c"chassis_version",
    c"product_family",
    c"product_name",
    c"product_serial",
    c"product_sku",
    c"product_uuid",
    c"product_version",
    c"sys_vendor",
];

struct Dmi {
    /// The files' texts, empty where there is none; `None` where no file is.
    values: Option<[String; FILES.len()]>,
}

impl Collector for Dmi {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let Some(values) = &self.values else {
            return Err(CollectError::NoData("this machine has no DMI".into()));
        };
        out.family(&INFO).sample(&values.each_ref().map(String::as_str), 1.0);
        Ok(())
    }
}

fn read(directory: &Path) -> Option<[String; FILES.len()]> {
    let folder = Folder::open(directory).ok()?;
    let mut attributes = Attributes::default();
    let values = FILES.map(|file| {
        let bytes = attributes.bytes(&folder, file)?.trim_ascii();
        Some(String::from_utf8_lossy(bytes).into_owned())
    });
    let is_any = values.iter().any(Option::is_some);
    is_any.then(|| values.map(Option::unwrap_or_default))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::root;

    #[test]
    fn files_that_are_not_there_are_empty() {
        let root = root(&[("product_name", " X570 \n"), ("sys_vendor", "Gigabyte\n")]);
        let values = read(root.path()).unwrap();
        let shown: Vec<(&str, &str)> = INFO
            .labels
            .iter()
            .copied()
            .zip(values.iter().map(String::as_str))
            .collect();
        let given: Vec<_> = shown.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        assert_eq!(given, [("product_name", "X570"), ("system_vendor", "Gigabyte")]);
    }

    #[test]
    fn text_that_is_not_utf_8_is_mended() {
        let root = root(&[("board_name", "")]);
        std::fs::write(root.path().join("board_name"), b"X11\xff\n").unwrap();
        assert!(read(root.path()).unwrap().contains(&"X11\u{fffd}".to_owned()));
    }

    #[test]
    fn a_folder_without_the_files_is_no_data() {
        let root = root(&[("uevent", "MODALIAS=dmi:\n")]);
        let mut dmi = Dmi {
            values: read(root.path()),
        };
        let error = dmi.collect(&mut Encoder::new(exposition::Format::Text004)).unwrap_err();
        assert!(matches!(error, CollectError::NoData(_)), "{error}");
    }
}
