//! Slaves of bonding interfaces, from /sys/class/net/bonding_masters and the folders of the masters. Absent until the
//! kernel module is loaded.

use std::path::PathBuf;

use exporter_toolkit::collector::{CollectError, Collector, CollectorSpec};
use exposition::{Desc, Encoder};
use kernel_stats::attribute;

use crate::context::Context;
use crate::filter::Filter;
use crate::source::Source;
use crate::sysfs::{Attributes, Folder};

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "bonding",
    enabled_by_default: true,
    flags: &[],
    build: |context| {
        Ok(Box::new(Bonding {
            directory: context.sys_path("class/net"),
            masters: context.sys("class/net/bonding_masters"),
            attributes: Attributes::default(),
            shown: context.network_devices(Filter::All),
        }))
    },
};

const ACTIVE: Desc<'_> = Desc::gauge(
    "node_bonding_active",
    "Number of active slaves per bonding interface.",
    &["master"],
);
const SLAVES: Desc<'_> = Desc::gauge(
    "node_bonding_slaves",
    "Number of configured slaves per bonding interface.",
    &["master"],
);

struct Bonding {
    directory: PathBuf,
    masters: Source,
    shown: Filter,
    attributes: Attributes,
}

/// How many slaves a bonding interface has.
#[derive(Debug, PartialEq, Eq)]
struct Master {
    name: String,
    slaves: u32,
    active: u32,
}

impl Collector for Bonding {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let masters = self.read()?;
        for (desc, count) in [
            (&ACTIVE, (|master| master.active) as fn(&Master) -> u32),
            (&SLAVES, |master| master.slaves),
        ] {
            let mut family = out.family(desc);
            for master in &masters {
                family.sample(&[master.name.as_str()], count(master).into());
            }
        }
        self.attributes.finish()
    }
}

impl Bonding {
    fn read(&mut self) -> Result<Vec<Master>, CollectError> {
        let mut names: Vec<&str> = self.masters.parse(attribute::text)?.split_ascii_whitespace().collect();
        names.retain(|name| self.shown.shows(name));
        names.sort_unstable();
        let class = Folder::open(&self.directory)?;
        let attributes = &mut self.attributes;
        Ok(names
            .into_iter()
            .filter_map(|name| Master::read(name, &class.folder(name)?, attributes))
            .collect())
    }
}

impl Master {
    /// `None` if the master has gone. A slave whose state cannot be read has just left it.
    fn read(name: &str, folder: &Folder, attributes: &mut Attributes) -> Option<Self> {
        let slaves = attributes.text(folder, c"bonding/slaves")?.to_owned();
        let mut master = Self {
            name: name.to_owned(),
            slaves: 0,
            active: 0,
        };
        for slave in slaves.split_ascii_whitespace() {
            if let Some(is_up) = is_up(slave, folder, attributes) {
                master.slaves += 1;
                master.active += u32::from(is_up);
            }
        }
        Some(master)
    }
}

/// Whether the slave's link is up. Old kernels call its folder `slave_NAME`, later ones `lower_NAME`.
fn is_up(slave: &str, master: &Folder, attributes: &mut Attributes) -> Option<bool> {
    ["lower_", "slave_"].into_iter().find_map(|prefix| {
        let path = format!("{prefix}{slave}/bonding_slave/mii_status");
        Some(attributes.text(master, path.as_str())? == "up")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::root;

    fn read(files: &[(&str, &str)]) -> Vec<(String, u32, u32)> {
        let root = root(files);
        let mut bonding = Bonding {
            directory: root.path().to_owned(),
            masters: Source::new(root.path().join("bonding_masters")),
            attributes: Attributes::default(),
            shown: Filter::All,
        };
        let masters = bonding.read().unwrap();
        masters
            .into_iter()
            .map(|master| (master.name, master.slaves, master.active))
            .collect()
    }

    #[test]
    fn masters_are_sorted_and_may_have_no_slaves() {
        let masters = read(&[
            ("bonding_masters", "uplink bond2 bond10\n"),
            ("bond10/bonding/slaves", "\n"),
            ("bond2/bonding/slaves", "ens1 ens2\n"),
            ("bond2/slave_ens1/bonding_slave/mii_status", "up\n"),
            ("bond2/lower_ens2/bonding_slave/mii_status", "up\n"),
            ("uplink/bonding/slaves", "ens3\n"),
            ("uplink/lower_ens3/bonding_slave/mii_status", "down\n"),
        ]);
        let expected = [("bond10", 0, 0), ("bond2", 2, 2), ("uplink", 1, 0)];
        assert_eq!(
            masters,
            expected.map(|(name, slaves, active)| (name.to_owned(), slaves, active))
        );
    }

    #[test]
    fn masters_and_slaves_that_have_gone_are_left_out() {
        let masters = read(&[
            ("bonding_masters", "bond0 bond1 bond2\n"),
            ("bond0/bonding/slaves", "eth0 eth1\n"),
            ("bond0/lower_eth1/bonding_slave/mii_status", "up\n"),
            ("bond1/mtu", "1500\n"),
        ]);
        assert_eq!(masters, [("bond0".to_owned(), 1, 1)]);
    }
}
