//! Software RAID arrays, from /proc/mdstat and /sys/block/md*/md.

use std::path::{Path, PathBuf};

use exporter_toolkit::collector::{CollectError, Collector, CollectorSpec};
use exposition::{Desc, Encoder};
use kernel_stats::mdstat::{self, Array, State};

use crate::context::Context;
use crate::source::{Source, SourceError};
use crate::sysfs::{Attributes, Folder};

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "mdadm",
    enabled_by_default: true,
    flags: &[],
    build: |context| {
        Ok(Box::new(Mdadm {
            source: context.proc("mdstat"),
            block: context.sys_path("block"),
            attributes: Attributes::default(),
        }))
    },
};

const DISKS: Desc<'_> = Desc::gauge(
    "node_md_disks",
    "Number of active/failed/spare disks of device.",
    &["device", "state"],
);
const STATE: Desc<'_> = Desc::gauge(
    "node_md_state",
    "Indicates the state of md-device.",
    &["device", "state"],
);
const DEGRADED: Desc<'_> = Desc::gauge("node_md_degraded", "Number of degraded disks on device.", &["device"]);
const RAID_DISKS: Desc<'_> = Desc::gauge("node_md_raid_disks", "Number of raid disks on device.", &["device"]);

/// A family and the number that it shows.
type Column = (Desc<'static>, fn(&Array<'_>) -> u64);

const COLUMNS: [Column; 3] = [
    (
        Desc::gauge("node_md_blocks", "Total number of blocks on device.", &["device"]),
        |array| array.blocks,
    ),
    (
        Desc::gauge(
            "node_md_blocks_synced",
            "Number of blocks synced on device.",
            &["device"],
        ),
        |array| array.blocks_synced,
    ),
    (
        Desc::gauge(
            "node_md_disks_required",
            "Total number of disks of device.",
            &["device"],
        ),
        |array| array.disks_required,
    ),
];

/// The states that are shown; an array in any other has none of these.
const STATES: [(&str, State); 5] = [
    ("active", State::Active),
    ("check", State::Checking),
    ("inactive", State::Inactive),
    ("recovering", State::Recovering),
    ("resync", State::Resyncing),
];

/// The levels whose arrays can be degraded, and have a file that says so. Others never are.
const REDUNDANT: [&str; 5] = ["raid1", "raid10", "raid4", "raid5", "raid6"];

struct Mdadm {
    source: Source,
    block: PathBuf,
    attributes: Attributes,
}

/// What /sys says of an array.
#[derive(Debug, PartialEq)]
struct Redundancy {
    device: String,
    degraded: Option<u64>,
    raid_disks: Option<u64>,
}

impl Collector for Mdadm {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let mut arrays = self.source.parse(mdstat::parse)?;
        arrays.sort_unstable_by_key(|array| array.name);
        encode_arrays(&arrays, out);
        encode_redundancy(&read(&self.block, &mut self.attributes), out);
        self.attributes.finish()
    }
}

/// What /sys/block says of all arrays; nothing where it cannot be read.
fn read(block: &Path, attributes: &mut Attributes) -> Vec<Redundancy> {
    let folders = || -> Result<_, SourceError> {
        let block = Folder::open(block)?;
        Ok((block.folders()?, block))
    };
    let Ok((names, block)) = folders() else {
        return Vec::new();
    };
    let arrays = names.into_iter().filter(|name| name.starts_with("md"));
    let read = |device: String| {
        let folder = block.folder(&device)?.folder("md")?;
        let is_redundant = attributes
            .text(&folder, c"level")
            .map(|level| REDUNDANT.contains(&level));
        Some(Redundancy {
            device,
            degraded: match is_redundant {
                Some(false) => Some(0),
                _ => attributes.u64(&folder, c"degraded"),
            },
            raid_disks: attributes.u64(&folder, c"raid_disks"),
        })
    };
    arrays.filter_map(read).collect()
}

fn encode_arrays(arrays: &[Array<'_>], out: &mut Encoder) {
    for (desc, value) in &COLUMNS {
        let mut family = out.family(desc);
        for array in arrays {
            family.sample(&[array.name], value(array) as f64);
        }
    }
    let mut family = out.family(&DISKS);
    for array in arrays {
        family
            .sample(&[array.name, "active"], array.disks_active as f64)
            .sample(&[array.name, "failed"], array.disks_failed as f64)
            .sample(&[array.name, "spare"], array.disks_spare as f64);
    }
    let mut family = out.family(&STATE);
    for array in arrays {
        for (name, state) in STATES {
            family.sample(&[array.name, name], f64::from(u8::from(array.state == state)));
        }
    }
}

fn encode_redundancy(arrays: &[Redundancy], out: &mut Encoder) {
    for (desc, value) in [
        (&DEGRADED, (|array| array.degraded) as fn(&Redundancy) -> Option<u64>),
        (&RAID_DISKS, |array| array.raid_disks),
    ] {
        let mut family = out.family(desc);
        for array in arrays {
            if let Some(value) = value(array) {
                family.sample(&[array.device.as_str()], value as f64);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::root;

    #[test]
    fn what_sys_does_not_say_is_missing_alone() {
        let root = root(&[
            ("md0/md/level", "raid1\n"),
            ("md0/md/degraded", "1\n"),
            ("md1/md/level", "raid5\n"),
            ("md1/md/raid_disks", "3\n"),
            ("md2/md/level", "raid0\n"),
            ("md3/md/raid_disks", "0\n"),
            ("md4/size", "1\n"),
            ("sda/md/level", "raid1\n"),
        ]);
        let array = |device: &str, degraded, raid_disks| Redundancy {
            device: device.to_owned(),
            degraded,
            raid_disks,
        };
        let expected = [
            array("md0", Some(1), None),
            array("md1", None, Some(3)),
            array("md2", Some(0), None),
            array("md3", None, Some(0)),
        ];
        assert_eq!(read(root.path(), &mut Attributes::default()), expected);
        assert_eq!(read(&root.path().join("none"), &mut Attributes::default()), []);
    }
}
