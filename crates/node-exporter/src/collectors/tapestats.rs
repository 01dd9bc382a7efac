//! I/O of SCSI tape drives, from /sys/class/scsi_tape/st*/stats. The other devices of a drive, as nst0 and st0a, count
//! the same and are left out.

use std::ffi::CStr;
use std::path::PathBuf;

use exporter_toolkit::collector::{CollectError, Collector, CollectorSpec};
use exporter_toolkit::flags::Flag;
use exporter_toolkit::go_regex::Expression;
use exposition::{Desc, Encoder};

use crate::context::Context;
use crate::filter::regex_flag;
use crate::source::SourceError;
use crate::sysfs::{Attributes, Folder};

const IGNORED: &str = "collector.tapestats.ignored-devices";

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "tapestats",
    enabled_by_default: true,
    flags: &[Flag::value(IGNORED, "^$", "Regexp of devices to ignore for tapestats.")],
    build: |context| {
        Ok(Box::new(TapeStats {
            directory: context.sys_path("class/scsi_tape"),
            ignored: regex_flag(context.flags(), IGNORED)?,
            attributes: Attributes::default(),
        }))
    },
};

const SECONDS_PER_NANO: f64 = 1e-9;

/// A file, the family that shows it, and the file's unit.
type Column = (&'static CStr, Desc<'static>, f64);

macro_rules! column {
    ($file:literal, $kind:ident, $name:literal, $unit:expr, $help:literal) => {
        (
            $file,
            Desc::$kind(concat!("node_tape_", $name), $help, &["device"]),
            $unit,
        )
    };
}

const COLUMNS: [Column; 10] = [
    column!(
        c"in_flight",
        gauge,
        "io_now",
        1.0,
        "The number of I/Os currently outstanding to this device."
    ),
    column!(
        c"io_ns",
        counter,
        "io_time_seconds_total",
        SECONDS_PER_NANO,
        "The amount of time spent waiting for all I/O to complete (including read and write). This includes tape \
         movement commands such as seeking between file or set marks and implicit tape movement such as when rewind \
         on close tape devices are used."
    ),
    column!(
        c"other_cnt",
        counter,
        "io_others_total",
        1.0,
        "The number of I/Os issued to the tape drive other than read or write commands. The time taken to complete \
         these commands uses the following calculation \
         io_time_seconds_total-read_time_seconds_total-write_time_seconds_total"
    ),
    column!(
        c"read_byte_cnt",
        counter,
        "read_bytes_total",
        1.0,
        "The number of bytes read from the tape drive."
    ),
    column!(
        c"read_cnt",
        counter,
        "reads_completed_total",
        1.0,
        "The number of read requests issued to the tape drive."
    ),
    column!(
        c"read_ns",
        counter,
        "read_time_seconds_total",
        SECONDS_PER_NANO,
        "The amount of time spent waiting for read requests to complete."
    ),
    column!(
        c"resid_cnt",
        counter,
        "residual_total",
        1.0,
        "The number of times during a read or write we found the residual amount to be non-zero. This should mean \
         that a program is issuing a read larger thean the block size on tape. For write not all data made it to tape."
    ),
    column!(
        c"write_byte_cnt",
        counter,
        "written_bytes_total",
        1.0,
        "The number of bytes written to the tape drive."
    ),
    column!(
        c"write_cnt",
        counter,
        "writes_completed_total",
        1.0,
        "The number of write requests issued to the tape drive."
    ),
    column!(
        c"write_ns",
        counter,
        "write_time_seconds_total",
        SECONDS_PER_NANO,
        "The amount of time spent waiting for write requests to complete."
    ),
];

struct TapeStats {
    directory: PathBuf,
    ignored: Expression,
    attributes: Attributes,
}

impl Collector for TapeStats {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let drives = self.drives()?;
        for (file, desc, unit) in &COLUMNS {
            let mut family = out.family(desc);
            for (name, stats) in &drives {
                if let Some(count) = self.attributes.u64(stats, *file) {
                    family.sample(&[name.as_str()], count as f64 * unit);
                }
            }
        }
        self.attributes.finish()
    }
}

impl TapeStats {
    /// The names of all drives that are shown, with their folders of statistics.
    fn drives(&self) -> Result<Vec<(String, Folder)>, SourceError> {
        let class = Folder::open(&self.directory)?;
        let drives = class.open_folders(|name| is_drive(name) && !self.ignored.is_match(name))?;
        let stats = drives
            .into_iter()
            .filter_map(|(name, drive)| Some((name, drive.folder("stats")?)));
        Ok(stats.collect())
    }
}

fn is_drive(name: &str) -> bool {
    let number = name.strip_prefix("st").unwrap_or_default();
    !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{collector, root, samples};

    #[test]
    fn drives_are_filtered_and_their_other_devices_left_out() {
        let root = root(&[
            ("sys/class/scsi_tape/st0/stats/in_flight", "1\n"),
            ("sys/class/scsi_tape/st1/stats/in_flight", "2\n"),
            ("sys/class/scsi_tape/st1/stats/io_ns", "2500000000\n"),
            ("sys/class/scsi_tape/st2/stats/in_flight", "odd\n"),
            ("sys/class/scsi_tape/st3/power", "\n"),
            ("sys/class/scsi_tape/nst1/stats/in_flight", "3\n"),
            ("sys/class/scsi_tape/st1m/stats/in_flight", "4\n"),
            ("sys/class/scsi_tape/st/stats/in_flight", "5\n"),
        ]);
        let mut collector = collector(&SPEC, root.path(), &["--collector.tapestats.ignored-devices=^st0$"]);
        let expected = "\
node_tape_io_now{device=\"st1\"} 2
node_tape_io_time_seconds_total{device=\"st1\"} 2.5
";
        assert_eq!(samples(&mut *collector).unwrap(), expected);
    }
}
