//! I/O of a cgroup by block device. v1: blkio.*; v2: io.stat.

use std::path::Path;

use kernel_stats::{ParseError, blkio, io_stat};

use crate::cgroup::{Controller, Version};
use crate::reader::Source;

/// The operations that v1 tells apart; v2 has [`READ`] and [`WRITE`] alone.
pub(crate) const OPERATIONS: [&str; 6] = ["Async", "Discard", "Read", "Sync", "Total", "Write"];
/// The place of `Read` in [`OPERATIONS`].
pub(crate) const READ: usize = 2;
/// The place of `Write` in [`OPERATIONS`].
pub(crate) const WRITE: usize = 5;

/// Files of v1 for bytes and for requests: of the scheduler BFQ, of CFQ, which Linux 5.0 dropped, and of throttling.
/// The first that knows a device holds: what a disk's scheduler does not count, throttling may. Since Linux 6.10 that
/// counts nothing before the first limit of the machine is set.
const FILES_V1: [[&str; 2]; 4] = [
    [
        "blkio.bfq.io_service_bytes_recursive",
        "blkio.bfq.io_serviced_recursive",
    ],
    ["blkio.io_service_bytes_recursive", "blkio.io_serviced_recursive"],
    [WITH_CGROUPS_BELOW, "blkio.throttle.io_serviced_recursive"],
    ["blkio.throttle.io_service_bytes", "blkio.throttle.io_serviced"],
];

const WITH_CGROUPS_BELOW: &str = "blkio.throttle.io_service_bytes_recursive";

/// The files of [`FILES_V1`] in which the root names no device: they count for the cgroups below, too, so that none of
/// these has one there. Most machines have no disk under BFQ.
#[derive(Debug, Default)]
pub(crate) struct Undriven([bool; FILES_V1.len()]);

/// The devices that a cgroup used. Their names are found once and kept.
#[derive(Debug, Default)]
pub(crate) struct Devices {
    list: Vec<Device>,
}

/// How much of each of the [`OPERATIONS`]; `None` for those that the kernel does not tell.
pub(crate) type PerOperation = [Option<u64>; OPERATIONS.len()];

/// One device.
#[derive(Debug)]
pub(crate) struct Device {
    /// Major and minor.
    pub(crate) numbers: [u32; 2],
    /// Its path, such as `/dev/sda`, or its numbers where the kernel tells no name. Empty until it is looked up.
    pub(crate) name: String,
    /// Its major number as a label.
    pub(crate) major: String,
    /// Its minor number as a label.
    pub(crate) minor: String,
    /// Bytes since the cgroup was made.
    pub(crate) bytes: PerOperation,
    /// Requests since the cgroup was made.
    pub(crate) requests: PerOperation,
    /// What io.cost says of it, if it runs.
    pub(crate) cost: Cost,
}

/// Times of io.cost in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Cost {
    pub(crate) usage: Option<u64>,
    pub(crate) wait: Option<u64>,
    pub(crate) indebt: Option<u64>,
    pub(crate) indelay: Option<u64>,
}

impl Devices {
    /// Reads them.
    pub(super) fn read(&mut self, source: &mut Source<'_>) {
        self.forget_values();
        match source.version() {
            Version::V1 => self.read_v1(source),
            Version::V2 => self.read_v2(source),
        }
        self.list.retain(Device::has_values);
        self.find_names(&source.paths.sysfs);
    }

    /// All that were used.
    pub(crate) fn iter(&self) -> std::slice::Iter<'_, Device> {
        self.list.iter()
    }

    fn forget_values(&mut self) {
        for device in &mut self.list {
            device.bytes = PerOperation::default();
            device.requests = PerOperation::default();
            device.cost = Cost::default();
        }
    }

    fn read_v1(&mut self, source: &mut Source<'_>) {
        for (index, [bytes, requests]) in FILES_V1.into_iter().enumerate() {
            let is_there = source.undriven.0[index] || self.read_file(source, bytes, |device| &mut device.bytes);
            if self.list.iter().any(Device::has_values) {
                self.read_file(source, requests, |device| &mut device.requests);
                return;
            }
            source.undriven.0[index] |= is_there && source.container.is_root() && bytes.ends_with("_recursive");
            // What comes behind counts the same without the cgroups below: it has nothing either.
            if is_there && bytes == WITH_CGROUPS_BELOW {
                return;
            }
        }
    }

    /// Whether the file is there.
    fn read_file(
        &mut self,
        source: &mut Source<'_>,
        name: &'static str,
        values: fn(&mut Device) -> &mut PerOperation,
    ) -> bool {
        let read = source.parse(Controller::Blkio, name, |bytes| {
            for entry in blkio::entries(bytes) {
                let entry = entry?;
                let operation = OPERATIONS.iter().position(|name| *name == entry.operation);
                let device = values(self.device(entry.major, entry.minor));
                if let Some(place) = operation.and_then(|index| device.get_mut(index)) {
                    *place = Some(entry.value);
                }
            }
            Ok(())
        });
        read.is_some()
    }

    fn read_v2(&mut self, source: &mut Source<'_>) {
        let set = |bytes: &[u8]| -> Result<(), ParseError> {
            for device in io_stat::devices(bytes) {
                let device = device?;
                self.device(device.major, device.minor).set(&device);
            }
            Ok(())
        };
        source.parse(Controller::Blkio, "io.stat", set);
    }

    fn device(&mut self, major: u32, minor: u32) -> &mut Device {
        let numbers = [major, minor];
        let index = match self.list.iter().position(|device| device.numbers == numbers) {
            Some(index) => index,
            None => {
                self.list.push(Device::new(numbers));
                self.list.len() - 1
            }
        };
        &mut self.list[index]
    }

    fn find_names(&mut self, sysfs: &Path) {
        for device in self.list.iter_mut().filter(|device| device.name.is_empty()) {
            let [major, minor] = device.numbers;
            device.name = name(sysfs, &format!("{major}:{minor}"));
        }
    }
}

impl Device {
    fn new(numbers: [u32; 2]) -> Self {
        let [major, minor] = numbers.map(|number| number.to_string());
        Self {
            numbers,
            name: String::new(),
            major,
            minor,
            bytes: PerOperation::default(),
            requests: PerOperation::default(),
            cost: Cost::default(),
        }
    }

    fn set(&mut self, device: &io_stat::Device) {
        self.bytes[READ] = Some(device.rbytes);
        self.bytes[WRITE] = Some(device.wbytes);
        self.requests[READ] = Some(device.rios);
        self.requests[WRITE] = Some(device.wios);
        self.cost = Cost {
            usage: device.cost_usage_micros,
            wait: device.cost_wait_micros,
            indebt: device.cost_indebt_micros,
            indelay: device.cost_indelay_micros,
        };
    }

    /// Of `bytes` or `requests`, those that the kernel tells, by name.
    pub(crate) fn by_operation(values: &PerOperation) -> impl Iterator<Item = (&'static str, u64)> {
        let pairs = OPERATIONS.into_iter().zip(values);
        pairs.filter_map(|(name, value)| Some((name, (*value)?)))
    }

    fn has_values(&self) -> bool {
        self.bytes.iter().chain(&self.requests).any(Option::is_some)
    }
}

/// `/dev/sda` for the numbers `8:0`. Names with a slash have an exclamation mark for it in /sys.
fn name(sysfs: &Path, numbers: &str) -> String {
    let link = std::fs::read_link(sysfs.join("dev/block").join(numbers)).ok();
    let name = link.as_ref().and_then(|link| link.file_name()?.to_str());
    match name {
        Some(name) => format!("/dev/{}", name.replace('!', "/")),
        None => numbers.to_owned(),
    }
}
