//! What /sys/devices/system/cpu says of CPUs: which are online, which are isolated, and how often cores and packages
//! were throttled. What there is to read is looked up again only when /proc/stat shows other CPUs.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use exporter_toolkit::collector::CollectError;
use exposition::{Desc, Encoder};
use kernel_stats::{attribute, cpu_list};
use rustix::fs::CWD;

use crate::context::Context;
use crate::source::{Source, SourceError, read_at};

const CORE_THROTTLES: Desc<'_> = Desc::counter(
    "node_cpu_core_throttles_total",
    "Number of times this CPU core has been throttled.",
    &["core", "package"],
);
const PACKAGE_THROTTLES: Desc<'_> = Desc::counter(
    "node_cpu_package_throttles_total",
    "Number of times this CPU package has been throttled.",
    &["package"],
);
const ONLINE: Desc<'_> = Desc::gauge("node_cpu_online", "CPUs that are online and being scheduled.", &["cpu"]);
const ISOLATED: Desc<'_> = Desc::gauge(
    "node_cpu_isolated",
    "Whether each core is isolated, information from /sys/devices/system/cpu/isolated.",
    &["cpu"],
);

/// More CPUs than any kernel has, to bound what a broken file can ask for.
const MOST_CPUS: usize = 1 << 16;

pub(super) struct Topology {
    root: PathBuf,
    online: Source,
    known: Known,
    stale: bool,
    buffer: Vec<u8>,
}

/// What a look-up found, all in the order of the labels.
#[derive(Debug, Default, PartialEq, Eq)]
struct Known {
    isolated: Vec<String>,
    /// The CPUs of `node_cpu_online`; none where the first CPU cannot be switched, as in node_exporter.
    switches: Vec<Switch>,
    cores: Vec<Throttle<2>>,
    packages: Vec<Throttle<1>>,
}

#[derive(Debug, PartialEq, Eq)]
struct Switch {
    label: String,
    /// The CPU's number if it can be taken offline. Those that cannot are shown as 0, as in node_exporter.
    number: Option<u32>,
}

/// A counter file and its labels.
#[derive(Debug, PartialEq, Eq)]
struct Throttle<const N: usize> {
    labels: [String; N],
    path: PathBuf,
}

impl Topology {
    pub(super) fn new(context: &Context) -> Self {
        Self {
            root: context.sys_path("devices/system/cpu"),
            online: context.sys("devices/system/cpu/online"),
            known: Known::default(),
            stale: true,
            buffer: Vec::new(),
        }
    }

    /// Writes everything; `changed` says that the CPUs are others than before.
    pub(super) fn collect(&mut self, changed: bool, out: &mut Encoder) -> Result<(), CollectError> {
        self.stale |= changed;
        if self.stale {
            self.known = look_up(&self.root, &mut self.buffer)?;
            self.stale = false;
        }
        let mut isolated = out.family(&ISOLATED);
        for cpu in &self.known.isolated {
            isolated.sample(&[cpu.as_str()], 1.0);
        }
        self.collect_online(out)?;
        collect_throttles(&CORE_THROTTLES, &self.known.cores, &mut self.buffer, out)?;
        collect_throttles(&PACKAGE_THROTTLES, &self.known.packages, &mut self.buffer, out)?;
        Ok(())
    }

    fn collect_online(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        if self.known.switches.is_empty() {
            return Ok(());
        }
        let online = self.online.parse(cpu_list::parse)?;
        let is_online = |number| online.iter().any(|range| range.contains(&number));
        let mut family = out.family(&ONLINE);
        for switch in &self.known.switches {
            family.sample(&[switch.label.as_str()], switch.number.is_some_and(is_online).into());
        }
        Ok(())
    }
}

fn collect_throttles<const N: usize>(
    desc: &Desc<'_>,
    throttles: &[Throttle<N>],
    buffer: &mut Vec<u8>,
    out: &mut Encoder,
) -> Result<(), SourceError> {
    let mut family = out.family(desc);
    for throttle in throttles {
        match read_number(&throttle.path, buffer) {
            Ok(count) => {
                let labels = throttle.labels.each_ref().map(String::as_str);
                family.sample(&labels, count as f64);
            }
            // The CPU has just gone offline.
            Err(SourceError::Read { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn look_up(root: &Path, buffer: &mut Vec<u8>) -> Result<Known, CollectError> {
    let cpus = cpu_directories(root);
    let (mut cores, mut packages) = (Vec::new(), Vec::new());
    for (_, directory) in &cpus {
        let mut number = |name| read_number(&directory.join(name), buffer).ok();
        let package = number("topology/physical_package_id");
        let core = number("topology/core_id");
        let (Some(package), Some(core)) = (package, core) else {
            continue;
        };
        let (package, core) = (package.to_string(), core.to_string());
        let throttle = directory.join("thermal_throttle");
        // Kernels that count for the core need not count for its package, but the other way round none exists.
        if throttle.join("core_throttle_count").exists() {
            packages.push(Throttle {
                labels: [package.clone()],
                path: throttle.join("package_throttle_count"),
            });
            cores.push(Throttle {
                labels: [core, package],
                path: throttle.join("core_throttle_count"),
            });
        }
    }
    packages.retain(|throttle| throttle.path.exists());
    Ok(Known {
        isolated: isolated(root)?,
        switches: switches(&cpus),
        cores: first_of_each(cores),
        packages: first_of_each(packages),
    })
}

/// The CPUs of a core and the cores of a package share a counter: the first one stands for all.
fn first_of_each<const N: usize>(mut throttles: Vec<Throttle<N>>) -> Vec<Throttle<N>> {
    throttles.sort_by(|one, other| one.labels.cmp(&other.labels));
    throttles.dedup_by(|later, first| later.labels == first.labels);
    throttles
}

/// The directories `cpuN` and their numbers as text, in the order of that text. None where sysfs is not there.
fn cpu_directories(root: &Path) -> Vec<(String, PathBuf)> {
    let mut cpus: Vec<(String, PathBuf)> = std::fs::read_dir(root)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name();
            let number = name.to_str()?.strip_prefix("cpu")?;
            number.parse::<u32>().ok()?;
            Some((number.to_owned(), entry.path()))
        })
        .collect();
    cpus.sort_unstable();
    cpus
}

fn switches(cpus: &[(String, PathBuf)]) -> Vec<Switch> {
    let has_switch = |directory: &Path| directory.join("online").exists();
    if !cpus.first().is_some_and(|(_, directory)| has_switch(directory)) {
        return Vec::new();
    }
    cpus.iter()
        .map(|(label, directory)| Switch {
            label: label.clone(),
            number: label.parse().ok().filter(|_| has_switch(directory)),
        })
        .collect()
}

fn isolated(root: &Path) -> Result<Vec<String>, CollectError> {
    let mut source = Source::new(root.join("isolated"));
    let ranges = match source.parse(cpu_list::parse).map_err(CollectError::from) {
        Err(CollectError::NoData(_)) => return Ok(Vec::new()),
        ranges => ranges?,
    };
    let cpus = ranges.into_iter().flat_map(RangeInclusive::into_iter).take(MOST_CPUS);
    let mut labels: Vec<String> = cpus.map(|cpu| cpu.to_string()).collect();
    labels.sort_unstable();
    Ok(labels)
}

fn read_number(path: &Path, buffer: &mut Vec<u8>) -> Result<u64, SourceError> {
    buffer.clear();
    read_at(CWD, path, buffer).map_err(|error| SourceError::Read {
        path: path.to_owned(),
        error,
    })?;
    attribute::parse_u64(buffer).map_err(|error| SourceError::Parse {
        path: path.to_owned(),
        error,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::root;

    fn known(root: &tempfile::TempDir) -> Result<Known, CollectError> {
        look_up(root.path(), &mut Vec::new())
    }

    #[test]
    fn no_sysfs_is_nothing() {
        assert_eq!(known(&root(&[])).unwrap(), Known::default());
    }

    #[test]
    fn the_first_cpu_of_a_core_and_of_a_package_stands_for_all() {
        let root = root(&[
            ("cpu0/topology/physical_package_id", "0\n"),
            ("cpu0/topology/core_id", "0\n"),
            ("cpu1/topology/physical_package_id", "0\n"),
            ("cpu1/topology/core_id", "3\n"),
            ("cpu1/thermal_throttle/core_throttle_count", "1\n"),
            ("cpu1/thermal_throttle/package_throttle_count", "2\n"),
            ("cpu2/topology/physical_package_id", "0\n"),
            ("cpu2/topology/core_id", "3\n"),
            ("cpu2/thermal_throttle/core_throttle_count", "1\n"),
            ("cpu3/topology/physical_package_id", "-1\n"),
            ("cpu3/topology/core_id", "3\n"),
            ("cpu3/thermal_throttle/core_throttle_count", "1\n"),
        ]);
        let path = |name| root.path().join("cpu1/thermal_throttle").join(name);
        let expected = Known {
            cores: vec![Throttle {
                labels: ["3".to_owned(), "0".to_owned()],
                path: path("core_throttle_count"),
            }],
            packages: vec![Throttle {
                labels: ["0".to_owned()],
                path: path("package_throttle_count"),
            }],
            ..Known::default()
        };
        assert_eq!(known(&root).unwrap(), expected);
    }

    #[test]
    fn online_is_shown_where_the_first_cpu_can_be_switched() {
        let fixed = root(&[("cpu0/uevent", ""), ("cpu1/online", "1")]);
        assert_eq!(known(&fixed).unwrap().switches, []);
        let switched = root(&[
            ("cpu0/online", "1"),
            ("cpu10/online", "0"),
            ("cpu2/uevent", ""),
            ("cpufreq/x", ""),
        ]);
        let switch = |label: &str, number| Switch {
            label: label.to_owned(),
            number,
        };
        assert_eq!(
            known(&switched).unwrap().switches,
            [switch("0", Some(0)), switch("10", Some(10)), switch("2", None)]
        );
    }

    #[test]
    fn isolated_cpus_are_in_the_order_of_their_labels() {
        assert_eq!(
            known(&root(&[("isolated", "2,9-10\n")])).unwrap().isolated,
            ["10", "2", "9"]
        );
        assert_eq!(known(&root(&[("isolated", "\n")])).unwrap(), Known::default());
        let error = known(&root(&[("isolated", "x")])).unwrap_err().to_string();
        assert!(
            error.contains("/isolated: ") && error.ends_with(r#"found "x""#),
            "{error}"
        );
    }
}
