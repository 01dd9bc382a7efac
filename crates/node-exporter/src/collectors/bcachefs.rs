//! bcachefs, from /sys/fs/bcachefs/UUID: file systems, their devices and what they count. The families of `counters`
//! have the names of the kernel's files. A file that this kernel lacks is missing alone.

use std::path::PathBuf;

use exporter_toolkit::collector::{CollectError, Collector, CollectorSpec};
use exposition::{Desc, Encoder, Kind};
use kernel_stats::bcachefs;

use crate::context::Context;
use crate::field_names::FieldFamily;
use crate::sysfs::{Attributes, Folder};

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "bcachefs",
    enabled_by_default: true,
    flags: &[],
    build: |context| {
        Ok(Box::new(Bcachefs {
            directory: context.sys_path("fs/bcachefs"),
            attributes: Attributes::default(),
        }))
    },
};

const INFO: Desc<'_> = Desc::gauge("node_bcachefs_info", "Filesystem information.", &["uuid"]);
const BTREE_CACHE_SIZE: Desc<'_> = Desc::gauge(
    "node_bcachefs_btree_cache_size_bytes",
    "Btree cache memory usage in bytes.",
    &["uuid"],
);
const COMPRESSED: Desc<'_> = Desc::gauge(
    "node_bcachefs_compression_compressed_bytes",
    "Compressed size by algorithm.",
    &["algorithm", "uuid"],
);
const UNCOMPRESSED: Desc<'_> = Desc::gauge(
    "node_bcachefs_compression_uncompressed_bytes",
    "Uncompressed size by algorithm.",
    &["algorithm", "uuid"],
);
const ERRORS: Desc<'_> = Desc::counter(
    "node_bcachefs_errors_total",
    "Error count by error type.",
    &["error_type", "uuid"],
);
const BTREE_WRITES: Desc<'_> = Desc::counter(
    "node_bcachefs_btree_writes_total",
    "Number of btree writes by type.",
    &["type", "uuid"],
);
const BTREE_WRITE_SIZE: Desc<'_> = Desc::gauge(
    "node_bcachefs_btree_write_average_size_bytes",
    "Average btree write size by type.",
    &["type", "uuid"],
);
const DEVICE_INFO: Desc<'_> = Desc::gauge(
    "node_bcachefs_device_info",
    "Device information.",
    &["device", "label", "state", "uuid"],
);
const BUCKET_SIZE: Desc<'_> = Desc::gauge(
    "node_bcachefs_device_bucket_size_bytes",
    "Bucket size in bytes.",
    &["device", "uuid"],
);
const BUCKETS: Desc<'_> = Desc::gauge(
    "node_bcachefs_device_buckets",
    "Total number of buckets.",
    &["device", "uuid"],
);
const DURABILITY: Desc<'_> = Desc::gauge(
    "node_bcachefs_device_durability",
    "Device durability setting.",
    &["device", "uuid"],
);
const IO_DONE: Desc<'_> = Desc::counter(
    "node_bcachefs_device_io_done_bytes_total",
    "IO bytes by operation type and data type.",
    &["data_type", "device", "operation", "uuid"],
);
const IO_ERRORS: Desc<'_> = Desc::counter(
    "node_bcachefs_device_io_errors_total",
    "IO errors by error type.",
    &["device", "type", "uuid"],
);

struct Bcachefs {
    directory: PathBuf,
    attributes: Attributes,
}

/// One mounted file system.
struct FileSystem<'a> {
    uuid: &'a str,
    folder: Folder,
}

impl Collector for Bcachefs {
    /// Reads and writes one file system after the other: there are few, and their tables need not be kept.
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let directory = Folder::open(&self.directory)?;
        let uuids = directory.folders()?;
        for uuid in &uuids {
            let Some(folder) = directory.folder(uuid) else { continue };
            let file_system = FileSystem { uuid, folder };
            file_system.encode(&mut self.attributes, out);
            file_system.encode_counters(&mut self.attributes, out)?;
            file_system.encode_devices(&mut self.attributes, out)?;
        }
        self.attributes.finish()?;
        match uuids.is_empty() {
            true => Err(CollectError::NoData("no bcachefs is mounted".into())),
            false => Ok(()),
        }
    }
}

impl FileSystem<'_> {
    fn encode(&self, attributes: &mut Attributes, out: &mut Encoder) {
        let Self { uuid, folder } = self;
        out.family(&INFO).sample(&[*uuid], 1.0);
        if let Some(size) = attributes.parse(folder, c"btree_cache_size", bcachefs::parse_size) {
            out.family(&BTREE_CACHE_SIZE).sample(&[*uuid], size);
        }
        if let Some(rows) = attributes.parse(folder, c"compression_stats", bcachefs::parse_compression_stats) {
            let mut family = out.family(&COMPRESSED);
            for row in &rows {
                family.sample(&[row.algorithm, *uuid], row.compressed);
            }
            let mut family = out.family(&UNCOMPRESSED);
            for row in &rows {
                family.sample(&[row.algorithm, *uuid], row.uncompressed);
            }
        }
        if let Some(errors) = attributes.parse(folder, c"errors", bcachefs::parse_errors) {
            let mut family = out.family(&ERRORS);
            for (error, count) in errors {
                family.sample(&[error, *uuid], count as f64);
            }
        }
        if let Some(rows) = attributes.parse(folder, c"btree_write_stats", bcachefs::parse_btree_write_stats) {
            let mut family = out.family(&BTREE_WRITES);
            for row in &rows {
                family.sample(&[row.reason, *uuid], row.count as f64);
            }
            let mut family = out.family(&BTREE_WRITE_SIZE);
            for row in &rows {
                family.sample(&[row.reason, *uuid], row.average_size);
            }
        }
    }

    fn encode_counters(&self, attributes: &mut Attributes, out: &mut Encoder) -> Result<(), CollectError> {
        let Some(counters) = self.folder.folder("counters") else {
            return Ok(());
        };
        for file in counters.attributes()? {
            if let Some(value) = attributes.parse(&counters, file.as_str(), bcachefs::parse_counter) {
                let family = describe(&file);
                let desc = Desc::new(&family.name, &family.help, Kind::Counter, &["uuid"]);
                out.family(&desc).sample(&[self.uuid], value);
            }
        }
        Ok(())
    }

    fn encode_devices(&self, attributes: &mut Attributes, out: &mut Encoder) -> Result<(), CollectError> {
        for name in self.folder.folders()? {
            let Some(device) = name.strip_prefix("dev-") else {
                continue;
            };
            let Some(folder) = self.folder.folder(&name) else {
                continue;
            };
            let device = Device {
                uuid: self.uuid,
                device,
                folder,
            };
            device.encode(attributes, out);
            device.encode_io(attributes, out);
        }
        Ok(())
    }
}

/// The family of a file of `counters`.
fn describe(counter: &str) -> FieldFamily {
    let sanitised = counter.replace(|letter: char| !letter.is_ascii_alphanumeric(), "_");
    FieldFamily {
        name: format!("node_bcachefs_{sanitised}_total"),
        help: format!("Bcachefs counter {counter} since filesystem creation."),
    }
}

/// One device of a file system.
struct Device<'a> {
    uuid: &'a str,
    device: &'a str,
    folder: Folder,
}

impl Device<'_> {
    fn encode(&self, attributes: &mut Attributes, out: &mut Encoder) {
        let Self { uuid, device, folder } = self;
        let label = attributes.text(folder, c"label").unwrap_or_default().to_owned();
        let state = attributes.text(folder, c"state").unwrap_or_default();
        out.family(&DEVICE_INFO)
            .sample(&[*device, label.as_str(), state, *uuid], 1.0);
        if let Some(size) = attributes.parse(folder, c"bucket_size", bcachefs::parse_size) {
            out.family(&BUCKET_SIZE).sample(&[*device, *uuid], size);
        }
        for (file, desc) in [(c"nbuckets", BUCKETS), (c"durability", DURABILITY)] {
            if let Some(number) = attributes.u64(folder, file) {
                out.family(&desc).sample(&[*device, *uuid], number as f64);
            }
        }
    }

    fn encode_io(&self, attributes: &mut Attributes, out: &mut Encoder) {
        let Self { uuid, device, folder } = self;
        if let Some(rows) = attributes.parse(folder, c"io_done", bcachefs::parse_io_done) {
            let mut family = out.family(&IO_DONE);
            for row in rows {
                family.sample(&[row.data_type, *device, row.operation, *uuid], row.bytes as f64);
            }
        }
        if let Some(errors) = attributes.parse(folder, c"io_errors", bcachefs::parse_io_errors) {
            let mut family = out.family(&IO_ERRORS);
            for (error, count) in errors {
                family.sample(&[*device, error, *uuid], count as f64);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use exposition::{Format, assemble};

    use super::*;
    use crate::testing::root;

    fn scrape(files: &[(&str, &str)]) -> (Result<(), CollectError>, String) {
        let root = root(files);
        let (mut out, mut text) = (Encoder::new(Format::Text004), Vec::new());
        let mut collector = Bcachefs {
            directory: root.path().join("bcachefs"),
            attributes: Attributes::default(),
        };
        let result = collector.collect(&mut out);
        assemble([&out], &mut text);
        let text = String::from_utf8(text).unwrap();
        let samples = text.lines().filter(|line| !line.starts_with('#'));
        (result, samples.map(|line| format!("{line}\n")).collect())
    }

    #[test]
    fn a_host_without_file_systems_has_no_data() {
        for files in [&[][..], &[("bcachefs/file", "")]] {
            let (result, text) = scrape(files);
            assert!(matches!(result, Err(CollectError::NoData(_))), "{result:?}");
            assert_eq!(text, "");
        }
    }

    #[test]
    fn what_cannot_be_read_is_missing_alone() {
        let (result, text) = scrape(&[
            ("bcachefs/u/dev-0/nbuckets", "7\n"),
            ("bcachefs/u/dev-0/durability", "odd\n"),
            ("bcachefs/u/other/nbuckets", "8\n"),
            ("bcachefs/v/errors", ""),
        ]);
        assert!(result.is_ok());
        let expected = "\
node_bcachefs_device_buckets{device=\"0\",uuid=\"u\"} 7
node_bcachefs_device_info{device=\"0\",label=\"\",state=\"\",uuid=\"u\"} 1
node_bcachefs_info{uuid=\"u\"} 1
node_bcachefs_info{uuid=\"v\"} 1
";
        assert_eq!(text, expected);
    }

    #[test]
    fn counters_of_several_file_systems_share_families() {
        let counter = "since mount: 1\nsince filesystem creation: 2\n";
        let (result, text) = scrape(&[
            ("bcachefs/u/counters/a-b.c", counter),
            ("bcachefs/v/counters/a-b.c", counter),
            ("bcachefs/v/counters/bad", "x\n"),
        ]);
        let error = result.unwrap_err();
        assert!(error.to_string().ends_with("found \"x\""), "{error}");
        let expected = "node_bcachefs_a_b_c_total{uuid=\"u\"} 2\nnode_bcachefs_a_b_c_total{uuid=\"v\"} 2\n";
        assert!(text.starts_with(expected), "{text}");
    }
}
