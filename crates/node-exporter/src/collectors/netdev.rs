//! Traffic of network devices, from netlink, or with `--no-collector.netdev.netlink` from /proc/net/dev, which holds the
//! same sums but not `receive_nohandler`. Where netlink is refused, as in units that restrict address families, the file
//! takes its place. Addresses of devices are asked of netlink always.

mod addresses;
mod columns;

use std::path::{Path, PathBuf};

use exporter_toolkit::collector::{BuildError, CollectError, Collector, CollectorSpec};
use exporter_toolkit::flags::Flag;
use exposition::{Desc, Encoder};
use kernel_stats::{net_dev, rtnl_link};

use self::addresses::Addresses;
use self::columns::Column;
use crate::context::Context;
use crate::filter::Filter;
use crate::netlink::table::{Dump, Table};
use crate::source::Source;
use crate::sysfs::{Attributes, Folder};

const INCLUDE: &str = "collector.netdev.device-include";
const EXCLUDE: &str = "collector.netdev.device-exclude";
const ADDRESS_INFO: &str = "collector.netdev.address-info";
const DETAILED: &str = "collector.netdev.enable-detailed-metrics";
const NETLINK: &str = "collector.netdev.netlink";
const LABEL_IFALIAS: &str = "collector.netdev.label-ifalias";

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "netdev",
    enabled_by_default: true,
    flags: &[
        Flag::optional(
            INCLUDE,
            "Regexp of net devices to include (mutually exclusive to device-exclude).",
        ),
        Flag::optional(
            EXCLUDE,
            "Regexp of net devices to exclude (mutually exclusive to device-include).",
        ),
        Flag::switch(ADDRESS_INFO, false, "Collect address-info for every device"),
        Flag::switch(
            DETAILED,
            false,
            "Use (incompatible) metric names that provide more detailed stats on Linux",
        ),
        Flag::switch(NETLINK, true, "Use netlink to gather stats instead of /proc/net/dev."),
        Flag::switch(LABEL_IFALIAS, false, "Add ifAlias label"),
    ],
    build,
};

fn build(context: &Context) -> Result<Box<dyn Collector>, BuildError> {
    let flags = context.flags();
    Ok(Box::new(NetDev {
        netlink: flags.switch(NETLINK),
        detailed: flags.switch(DETAILED),
        aliases: flags.switch(LABEL_IFALIAS),
        links: Table::of(Dump::Links),
        source: context.proc("net/dev"),
        class: context.sys_path("class/net"),
        attributes: Attributes::default(),
        devices: context.network_devices(Filter::from_flags(flags, INCLUDE, EXCLUDE)?),
        addresses: flags.switch(ADDRESS_INFO).then(|| Addresses::new(context)),
    }))
}

struct NetDev {
    netlink: bool,
    detailed: bool,
    aliases: bool,
    links: Table,
    source: Source,
    class: PathBuf,
    attributes: Attributes,
    devices: Filter,
    /// `None` unless the flag asks for them.
    addresses: Option<Addresses>,
}

/// A device, what its labels may be, and its numbers.
struct Device<'a, T> {
    /// Its name and its alias.
    labels: [&'a str; 2],
    stats: T,
}

impl Collector for NetDev {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        self.collect_stats(out)?;
        self.addresses
            .as_mut()
            .map_or(Ok(()), |addresses| addresses.collect(out))
    }
}

impl NetDev {
    fn collect_stats(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        if self.netlink {
            match self.links.read() {
                Ok(_) => return self.collect_links(out),
                Err(error) => log::debug!(
                    "asking netlink for links: {error}; reading {}",
                    self.source.path().display()
                ),
            }
        }
        self.collect_file(out)
    }

    fn collect_links(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let links = rtnl_link::parse(self.links.last()).map_err(CollectError::failed)?;
        let shown = links.iter().filter(|link| self.devices.shows(link.name));
        let mut devices: Vec<_> = shown
            .filter_map(|link| {
                let labels = [link.name, link.alias.trim_ascii()];
                link.stats.map(|stats| Device { labels, stats })
            })
            .collect();
        let columns = if self.detailed {
            columns::LINK_DETAILED
        } else {
            columns::LINK
        };
        encode(columns, &mut devices, self.aliases, out);
        Ok(())
    }

    fn collect_file(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let mut interfaces = self.source.parse(net_dev::parse)?;
        interfaces.retain(|interface| self.devices.shows(interface.name));
        let names = interfaces.iter().map(|interface| interface.name);
        let aliases = if self.aliases {
            aliases(&self.class, names, &mut self.attributes)?
        } else {
            vec![String::new(); interfaces.len()]
        };
        let devices = interfaces.iter().zip(&aliases).map(|(interface, alias)| Device {
            labels: [interface.name, alias.as_str()],
            stats: (interface.receive, interface.transmit),
        });
        let columns = if self.detailed {
            columns::FILE_DETAILED
        } else {
            columns::FILE
        };
        encode(columns, &mut devices.collect::<Vec<_>>(), self.aliases, out);
        self.attributes.finish()
    }
}

/// What /sys calls each of these devices beside its name; empty if nothing.
fn aliases<'a>(
    class: &Path,
    devices: impl Iterator<Item = &'a str>,
    attributes: &mut Attributes,
) -> Result<Vec<String>, CollectError> {
    let class = Folder::open(class)?;
    let alias = |device: &str| {
        let folder = class.folder(device)?;
        attributes.text(&folder, c"ifalias").map(str::to_owned)
    };
    Ok(devices.map(alias).map(Option::unwrap_or_default).collect())
}

fn encode<T>(columns: &[Column<T>], devices: &mut Vec<Device<'_, T>>, aliases: bool, out: &mut Encoder) {
    devices.sort_unstable_by_key(|device| device.labels);
    // An interrupted answer of netlink may have a device twice.
    devices.dedup_by_key(|device| device.labels);
    let names: &[&str] = if aliases { &["device", "ifalias"] } else { &["device"] };
    for (desc, value) in columns {
        let desc = Desc { labels: names, ..*desc };
        let mut family = out.family(&desc);
        for device in &*devices {
            family.sample(&device.labels[..names.len()], value(&device.stats) as f64);
        }
    }
}

#[cfg(test)]
mod tests {
    use exporter_toolkit::flags::Flags;
    use exposition::{Format, assemble};

    use super::*;
    use crate::context::FLAGS;
    use crate::testing::root;

    const FILE: &str = "head\nhead\n lo: 1 0 2 0 0 0 0 0 0 0 0 0 0 0 0 0\neth0: 3 0 4 0 0 0 0 0 0 0 0 0 0 0 0 0\n";

    /// The samples of `receive_bytes` and `receive_errs` or `receive_errors` of a host with two devices.
    fn received(files: &[(&str, &str)], args: &[&str]) -> Vec<String> {
        let host = root(&[&[("proc/net/dev", FILE)], files].concat());
        let paths = ["procfs", "sysfs"].map(|path| {
            let name = path.strip_suffix("fs").unwrap();
            format!("--path.{path}={}", host.path().join(name).display())
        });
        let args = paths.into_iter().chain(args.iter().map(|arg| (*arg).to_owned()));
        let args = args.chain(["--no-collector.netdev.netlink".to_owned()]).map(Into::into);
        let flags = Flags::parse("x", "", [FLAGS, SPEC.flags], args).unwrap();
        let (mut out, mut text) = (Encoder::new(Format::Text004), Vec::new());
        build(&Context::new(flags).unwrap()).unwrap().collect(&mut out).unwrap();
        assemble([&out], &mut text);
        let text = String::from_utf8(text).unwrap();
        let prefix = "node_network_receive_";
        let lines = text.lines().filter_map(|line| line.strip_prefix(prefix));
        lines
            .filter(|line| line.starts_with("bytes") || line.starts_with("err"))
            .map(str::to_owned)
            .collect()
    }

    #[test]
    fn an_alias_is_a_label_when_asked_for() {
        let files = [
            ("sys/class/net/eth0/ifalias", "up \"link\"\n"),
            ("sys/class/net/lo/ifalias", ""),
        ];
        let expected = [
            r#"bytes_total{device="eth0",ifalias="up \"link\""} 3"#,
            r#"bytes_total{device="lo",ifalias=""} 1"#,
            r#"errs_total{device="eth0",ifalias="up \"link\""} 4"#,
            r#"errs_total{device="lo",ifalias=""} 2"#,
        ];
        assert_eq!(received(&files, &["--collector.netdev.label-ifalias"]), expected);
    }

    #[test]
    fn details_of_the_file_have_other_names() {
        let args = [
            "--collector.netdev.enable-detailed-metrics",
            "--collector.netdev.device-exclude=lo",
        ];
        let expected = [r#"bytes_total{device="eth0"} 3"#, r#"errors_total{device="eth0"} 4"#];
        assert_eq!(received(&[], &args), expected);
    }

    #[test]
    fn a_device_that_is_told_twice_is_shown_once() {
        let device = |name, bytes| Device {
            labels: [name, ""],
            stats: rtnl_link::LinkStats {
                rx_bytes: bytes,
                ..Default::default()
            },
        };
        let mut devices = vec![device("veth0", 1), device("lo", 2), device("veth0", 3)];
        let mut out = Encoder::new(Format::Text004);
        encode(&columns::LINK[..1], &mut devices, false, &mut out);
        assert_eq!(out.sample_count(), 2);
    }
}
