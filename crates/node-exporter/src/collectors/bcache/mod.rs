//! bcache, from /sys/fs/bcache: sets of caches, their backing devices and their cache devices. A host without any of
//! them has no families and is no failure, as in node_exporter. `--collector.bcache.priorityStats` adds what the kernel
//! has to walk all buckets for.

mod families;

use std::ffi::CStr;
use std::path::PathBuf;

use exporter_toolkit::collector::{CollectError, Collector, CollectorSpec};
use exporter_toolkit::flags::Flag;
use exposition::Encoder;
use kernel_stats::bcache::{self, PriorityStats, WritebackRate};

use self::families::{
    BACKING, CACHE, Number, PRIORITY, RATE, READ_DURATION, READ_DURATION_FILE, SECONDS_PER_UNIT, SET,
};
use crate::context::Context;
use crate::sysfs::{Attributes, Folder};

const PRIORITY_STATS: &str = "collector.bcache.priorityStats";

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "bcache",
    enabled_by_default: true,
    flags: &[Flag::switch(PRIORITY_STATS, false, "Expose expensive priority stats.")],
    build: |context| {
        Ok(Box::new(Bcache {
            directory: context.sys_path("fs/bcache"),
            priority_stats: context.flags().switch(PRIORITY_STATS),
            attributes: Attributes::default(),
        }))
    },
};

struct Bcache {
    directory: PathBuf,
    priority_stats: bool,
    attributes: Attributes,
}

/// What the files of one set say, and those of its devices.
struct Set {
    uuid: String,
    numbers: [Option<f64>; SET.len()],
    read_duration: Option<f64>,
    backing: Vec<Backing>,
    caches: Vec<Cache>,
}

struct Backing {
    name: String,
    numbers: [Option<f64>; BACKING.len()],
    rate: Option<WritebackRate>,
}

struct Cache {
    name: String,
    numbers: [Option<f64>; CACHE.len()],
    priority: Option<PriorityStats>,
}

impl Collector for Bcache {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let directory = match Folder::open(&self.directory).map_err(CollectError::from) {
            Err(CollectError::NoData(_)) => return Ok(()),
            directory => directory?,
        };
        let mut sets = Vec::new();
        // The names of sets are UUIDs, which have dashes; files and folders beside them have none.
        for uuid in directory.folders()?.into_iter().filter(|name| name.contains('-')) {
            let Some(folder) = directory.folder(&uuid) else {
                continue;
            };
            sets.push(self.set(uuid, &folder)?);
        }
        encode_sets(&sets, out);
        encode_backing(&sets, out);
        encode_caches(&sets, out);
        self.attributes.finish()
    }
}

impl Bcache {
    fn set(&mut self, uuid: String, folder: &Folder) -> Result<Set, CollectError> {
        let (mut backing, mut caches) = (Vec::new(), Vec::new());
        for name in folder.folders()? {
            let Some(device) = folder.folder(&name) else { continue };
            if is_numbered(&name, "bdev") {
                backing.push(self.backing(name, &device));
            } else if is_numbered(&name, "cache") {
                caches.push(self.cache(name, &device));
            }
        }
        Ok(Set {
            uuid,
            numbers: self.numbers(&SET, folder),
            read_duration: self.number(READ_DURATION_FILE, folder),
            backing,
            caches,
        })
    }

    fn backing(&mut self, name: String, folder: &Folder) -> Backing {
        let rate = self
            .attributes
            .parse(folder, c"writeback_rate_debug", bcache::parse_writeback_rate);
        Backing {
            name,
            numbers: self.numbers(&BACKING, folder),
            rate,
        }
    }

    fn cache(&mut self, name: String, folder: &Folder) -> Cache {
        let priority = match self.priority_stats {
            true => self
                .attributes
                .parse(folder, c"priority_stats", bcache::parse_priority_stats),
            false => None,
        };
        Cache {
            name,
            numbers: self.numbers(&CACHE, folder),
            priority,
        }
    }

    fn numbers<const N: usize>(&mut self, table: &[Number; N], folder: &Folder) -> [Option<f64>; N] {
        table.each_ref().map(|(file, _)| self.number(file, folder))
    }

    fn number(&mut self, file: &CStr, folder: &Folder) -> Option<f64> {
        bcache::parse_size(self.attributes.bytes(folder, file)?).ok()
    }
}

/// Whether `name` is that of a device: `prefix` and a number.
fn is_numbered(name: &str, prefix: &str) -> bool {
    name.strip_prefix(prefix)
        .is_some_and(|number| number.starts_with(|first: char| first.is_ascii_digit()))
}

fn encode_sets(sets: &[Set], out: &mut Encoder) {
    for (index, (_, desc)) in SET.iter().enumerate() {
        let mut family = out.family(desc);
        for set in sets {
            if let Some(number) = set.numbers[index] {
                family.sample(&[set.uuid.as_str()], number);
            }
        }
    }
    let mut family = out.family(&READ_DURATION);
    for set in sets {
        if let Some(duration) = set.read_duration {
            family.sample(&[set.uuid.as_str()], duration * SECONDS_PER_UNIT);
        }
    }
}

fn encode_backing(sets: &[Set], out: &mut Encoder) {
    let devices = || {
        sets.iter()
            .flat_map(|set| set.backing.iter().map(move |device| (set, device)))
    };
    for (index, (_, desc)) in BACKING.iter().enumerate() {
        let mut family = out.family(desc);
        for (set, device) in devices() {
            if let Some(number) = device.numbers[index] {
                family.sample(&[device.name.as_str(), &set.uuid], number);
            }
        }
    }
    for (desc, value) in &RATE {
        let mut family = out.family(desc);
        for (set, device) in devices() {
            if let Some(rate) = &device.rate {
                family.sample(&[device.name.as_str(), &set.uuid], value(rate));
            }
        }
    }
}

fn encode_caches(sets: &[Set], out: &mut Encoder) {
    let devices = || {
        sets.iter()
            .flat_map(|set| set.caches.iter().map(move |device| (set, device)))
    };
    for (index, (_, desc)) in CACHE.iter().enumerate() {
        let mut family = out.family(desc);
        for (set, device) in devices() {
            if let Some(number) = device.numbers[index] {
                family.sample(&[device.name.as_str(), &set.uuid], number);
            }
        }
    }
    for (desc, value) in &PRIORITY {
        let mut family = out.family(desc);
        for (set, device) in devices() {
            if let Some(priority) = &device.priority {
                family.sample(&[device.name.as_str(), &set.uuid], value(priority) as f64);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use exposition::{Format, assemble};

    use super::*;
    use crate::testing::root;

    fn scrape(files: &[(&str, &str)], priority_stats: bool) -> (Result<(), CollectError>, String) {
        let root = root(files);
        let (mut out, mut text) = (Encoder::new(Format::Text004), Vec::new());
        let mut collector = Bcache {
            directory: root.path().join("bcache"),
            priority_stats,
            attributes: Attributes::default(),
        };
        let result = collector.collect(&mut out);
        assemble([&out], &mut text);
        let text = String::from_utf8(text).unwrap();
        let samples = text.lines().filter(|line| !line.starts_with('#'));
        (result, samples.map(|line| format!("{line}\n")).collect())
    }

    #[test]
    fn a_host_without_sets_is_no_failure() {
        for files in [
            &[][..],
            &[("bcache/register", ""), ("bcache/pending/tree_depth", "1\n")],
        ] {
            let (result, text) = scrape(files, true);
            assert!(result.is_ok());
            assert_eq!(text, "");
        }
    }

    #[test]
    fn what_cannot_be_read_is_missing_alone() {
        let (result, text) = scrape(
            &[
                ("bcache/a-b/tree_depth", "2\n"),
                ("bcache/a-b/congested", "odd\n"),
                ("bcache/a-b/bdev0/dirty_data", "1.0k\n"),
                ("bcache/a-b/bdev_odd/dirty_data", "1.0k\n"),
                ("bcache/a-b/cache1/written", "\n"),
            ],
            true,
        );
        assert!(result.is_ok());
        let expected = "\
node_bcache_dirty_data_bytes{backing_device=\"bdev0\",uuid=\"a-b\"} 1024
node_bcache_tree_depth{uuid=\"a-b\"} 2
";
        assert_eq!(text, expected);
    }

    #[test]
    fn priorities_are_read_only_when_asked_for() {
        let files = [("bcache/a-b/cache0/priority_stats", "Unused:\t97%\nMetadata:\tx%\n")];
        let (result, text) = scrape(&files, false);
        assert!(result.is_ok());
        assert_eq!(text, "");
        let error = scrape(&files, true).0.unwrap_err();
        assert!(error.to_string().ends_with("found \"x%\""), "{error}");
    }
}
