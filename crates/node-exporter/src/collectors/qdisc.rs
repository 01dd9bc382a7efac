//! Queueing disciplines at the root of network devices, from netlink, or with `--collector.qdisc.fixtures` from
//! `results.json` in that directory.

use std::borrow::Cow;
use std::path::Path;

use exporter_toolkit::collector::{BuildError, CollectError, Collector, CollectorSpec};
use exporter_toolkit::flags::{Flag, Flags};
use exposition::{Desc, Encoder};
use kernel_stats::rtnl_qdisc::{self, Qdisc};
use serde::Deserialize;

use crate::context::Context;
use crate::device_names::DeviceNames;
use crate::filter::Filter;
use crate::netlink::failed;
use crate::netlink::table::{Dump, Table};
use crate::source::Source;

const FIXTURES: &str = "collector.qdisc.fixtures";
const INCLUDE: &str = "collector.qdisc.device-include";
const EXCLUDE: &str = "collector.qdisc.device-exclude";
const OLD_INCLUDE: &str = "collector.qdisk.device-include";
const OLD_EXCLUDE: &str = "collector.qdisk.device-exclude";

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "qdisc",
    enabled_by_default: false,
    flags: &[
        Flag::value(
            FIXTURES,
            "",
            "test fixtures to use for qdisc collector end-to-end testing",
        ),
        Flag::optional(
            INCLUDE,
            "Regexp of qdisc devices to include (mutually exclusive to device-exclude).",
        ),
        Flag::optional(
            EXCLUDE,
            "Regexp of qdisc devices to exclude (mutually exclusive to device-include).",
        ),
        Flag::optional(OLD_INCLUDE, "DEPRECATED: Use collector.qdisc.device-include").hidden(),
        Flag::optional(OLD_EXCLUDE, "DEPRECATED: Use collector.qdisc.device-exclude").hidden(),
    ],
    build,
};

macro_rules! family {
    ($kind:ident, $name:literal, $help:literal) => {
        Desc::$kind(concat!("node_qdisc_", $name), $help, &["device", "kind"])
    };
}

/// A family and the number that it shows.
type Family = (Desc<'static>, fn(&Root<'_>) -> u64);

const FAMILIES: [Family; 7] = [
    (
        family!(gauge, "backlog", "Number of bytes currently in queue to be sent."),
        |root| root.backlog,
    ),
    (family!(counter, "bytes_total", "Number of bytes sent."), |root| {
        root.bytes
    }),
    (
        family!(
            gauge,
            "current_queue_length",
            "Number of packets currently in queue to be sent."
        ),
        |root| root.queue_length,
    ),
    (family!(counter, "drops_total", "Number of packets dropped."), |root| {
        root.drops
    }),
    (
        family!(counter, "overlimits_total", "Number of overlimit packets."),
        |root| root.overlimits,
    ),
    (family!(counter, "packets_total", "Number of packets sent."), |root| {
        root.packets
    }),
    (
        family!(
            counter,
            "requeues_total",
            "Number of packets dequeued, not transmitted, and requeued."
        ),
        |root| root.requeues,
    ),
];

fn build(context: &Context) -> Result<Box<dyn Collector>, BuildError> {
    let flags = context.flags();
    let include = spelling(flags, INCLUDE, OLD_INCLUDE)?;
    let exclude = spelling(flags, EXCLUDE, OLD_EXCLUDE)?;
    let fixtures = Some(flags.value(FIXTURES)).filter(|directory| !directory.is_empty());
    Ok(Box::new(QdiscCollector {
        fixtures: fixtures.map(|directory| Source::new(Path::new(directory).join("results.json"))),
        qdiscs: Table::of(Dump::Qdiscs),
        links: Table::of(Dump::LinksWithoutStats),
        devices: context.network_devices(Filter::from_flags(flags, include, exclude)?),
    }))
}

/// Which of two names of a flag was typed.
fn spelling(flags: &Flags, new: &'static str, old: &'static str) -> Result<&'static str, BuildError> {
    if flags.value(old).is_empty() {
        return Ok(new);
    }
    if !flags.value(new).is_empty() {
        return Err(format!("--{old} and --{new} are mutually exclusive").into());
    }
    log::warn!(flag = old, instead = new; "a deprecated flag was given");
    Ok(old)
}

struct QdiscCollector {
    fixtures: Option<Source>,
    qdiscs: Table,
    links: Table,
    devices: Filter,
}

/// A discipline at the root of a device; its JSON is that of node_exporter's fixtures.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Root<'a> {
    #[serde(borrow, rename = "IfaceName")]
    device: Cow<'a, str>,
    #[serde(borrow)]
    kind: Cow<'a, str>,
    /// Another discipline's number; 0 at the root.
    parent: u32,
    bytes: u64,
    packets: u64,
    drops: u64,
    requeues: u64,
    overlimits: u64,
    #[serde(rename = "Qlen")]
    queue_length: u64,
    backlog: u64,
}

impl Collector for QdiscCollector {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let mut roots = match &mut self.fixtures {
            Some(source) => of_file(source)?,
            None => of_kernel(&mut self.qdiscs, &mut self.links)?,
        };
        roots.retain(|root| self.devices.shows(&root.device));
        encode(roots, out);
        Ok(())
    }
}

fn of_file(source: &mut Source) -> Result<Vec<Root<'_>>, CollectError> {
    let path = source.path().to_owned();
    let mut roots: Vec<Root<'_>> = serde_json::from_slice(source.read()?)
        .map_err(|error| CollectError::failed(format!("parsing {}: {error}", path.display())))?;
    roots.retain(|root| root.parent == 0);
    Ok(roots)
}

/// The roots of all devices but those that have gone.
fn of_kernel<'a>(qdiscs: &'a mut Table, links: &'a mut Table) -> Result<Vec<Root<'a>>, CollectError> {
    let qdiscs = qdiscs.read().map_err(|error| failed("queueing disciplines", &error))?;
    let qdiscs = rtnl_qdisc::parse(qdiscs).map_err(CollectError::failed)?;
    let names = DeviceNames::read(links)?;
    Ok(qdiscs.iter().filter_map(|qdisc| root(qdisc, &names)).collect())
}

fn root<'a>(qdisc: &Qdisc<'a>, names: &DeviceNames<'a>) -> Option<Root<'a>> {
    let device = names.get(qdisc.interface).filter(|_| qdisc.is_root)?;
    Some(Root {
        device: device.into(),
        kind: qdisc.kind.into(),
        parent: 0,
        bytes: qdisc.bytes,
        packets: qdisc.packets,
        drops: qdisc.drops.into(),
        requeues: qdisc.requeues.into(),
        overlimits: qdisc.overlimits.into(),
        queue_length: qdisc.queue_length.into(),
        backlog: qdisc.backlog.into(),
    })
}

fn encode(mut roots: Vec<Root<'_>>, out: &mut Encoder) {
    roots.sort_by(|one, other| (&one.device, &one.kind).cmp(&(&other.device, &other.kind)));
    for (desc, value) in &FAMILIES {
        let mut family = out.family(desc);
        for root in &roots {
            family.sample(&[&*root.device, &*root.kind], value(root) as f64);
        }
    }
}

#[cfg(test)]
mod tests {
    use exposition::Format;

    use super::*;
    use crate::context::FLAGS;
    use crate::testing::root as host;

    fn build_with(args: &[&str]) -> Result<Box<dyn Collector>, String> {
        let args = args.iter().map(|arg| arg.to_owned().into());
        let flags = Flags::parse("x", "", [FLAGS, SPEC.flags], args).unwrap();
        build(&Context::new(flags).unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn old_names_of_flags_count_and_exclude_new_ones() {
        for (args, error) in [
            (&["--collector.qdisk.device-include=a"][..], None),
            (&["--collector.qdisk.device-exclude=a"], None),
            (
                &[
                    "--collector.qdisk.device-include=a",
                    "--collector.qdisc.device-include=b",
                ],
                Some("--collector.qdisk.device-include and --collector.qdisc.device-include are mutually exclusive"),
            ),
            (
                &[
                    "--collector.qdisk.device-exclude=a",
                    "--collector.qdisc.device-include=b",
                ],
                Some("--collector.qdisc.device-include and --collector.qdisk.device-exclude are mutually exclusive"),
            ),
        ] {
            assert_eq!(build_with(args).err().as_deref(), error, "{args:?}");
        }
    }

    #[test]
    fn an_old_flag_filters() {
        let host = host(&[("results.json", r#"[{"IfaceName": "a"}, {"IfaceName": "b"}]"#)]);
        let fixtures = format!("--collector.qdisc.fixtures={}", host.path().display());
        for (args, samples) in [
            (&[fixtures.as_str()][..], 14),
            (&[&fixtures, "--collector.qdisk.device-exclude=b"], 7),
        ] {
            let mut out = Encoder::new(Format::Text004);
            build_with(args).unwrap().collect(&mut out).unwrap();
            assert_eq!(out.sample_count(), samples, "{args:?}");
        }
    }

    #[test]
    fn a_malformed_file_is_a_failure_that_names_itself() {
        let host = host(&[("results.json", r#"[{"IfaceName": 3}]"#)]);
        let mut source = Source::new(host.path().join("results.json"));
        let error = of_file(&mut source).unwrap_err();
        assert!(matches!(error, CollectError::Failed(_)));
        let start = format!("parsing {}/results.json: invalid type", host.path().display());
        assert!(error.to_string().starts_with(&start), "{error}");
    }

    #[test]
    fn only_roots_of_known_devices_are_shown() {
        let names = DeviceNames::new(vec![(3, "eth0")]);
        for (interface, is_root, device) in [(3, true, Some("eth0")), (3, false, None), (4, true, None)] {
            let qdisc = Qdisc {
                interface,
                is_root,
                kind: "fq",
                ..Qdisc::default()
            };
            let found = root(&qdisc, &names).map(|root| root.device.into_owned());
            assert_eq!(found.as_deref(), device);
        }
    }
}
