//! I/O of block devices since boot, from /proc/diskstats.
//!
//! ```text
//!  254       0 vda 7180 5020 2619858 11559 2614 17966 2883264 5321 0 4420 17085 3266 24 163248 197 226 6
//! ```

use crate::ParseError;
use crate::fields::{Line, lines, unsigned_32};

/// How many fields a line has at least. Linux before 2.6.25 gave partitions 7, which say too little to be read.
const FIELDS: usize = 14;
const SHAPE: &str = "two device numbers, a name and 11, 15 or 17 numbers";

/// One block device: a disk or a partition. A sector is 512 bytes, whatever the device's own are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Disk<'a> {
    /// The major device number.
    pub major: u32,
    /// The minor device number.
    pub minor: u32,
    /// The kernel's name, as in `sda1`.
    pub name: &'a str,
    /// Reads that were completed.
    pub reads_completed: u64,
    /// Reads that were merged into others.
    pub reads_merged: u64,
    /// Sectors that were read.
    pub sectors_read: u64,
    /// Time that reads took, in milliseconds.
    pub read_millis: u64,
    /// Writes that were completed.
    pub writes_completed: u64,
    /// Writes that were merged into others.
    pub writes_merged: u64,
    /// Sectors that were written.
    pub sectors_written: u64,
    /// Time that writes took, in milliseconds.
    pub write_millis: u64,
    /// Requests that are in progress now.
    pub ios_in_progress: u64,
    /// Time during which any request was in progress, in milliseconds.
    pub io_millis: u64,
    /// The same times the number of requests, in milliseconds.
    pub weighted_io_millis: u64,
    /// Discards that were completed. `None` before Linux 4.18.
    pub discards_completed: Option<u64>,
    /// Discards that were merged into others. `None` before Linux 4.18.
    pub discards_merged: Option<u64>,
    /// Sectors that were discarded. `None` before Linux 4.18.
    pub sectors_discarded: Option<u64>,
    /// Time that discards took, in milliseconds. `None` before Linux 4.18.
    pub discard_millis: Option<u64>,
    /// Flush requests that were completed. `None` before Linux 5.5.
    pub flushes_completed: Option<u64>,
    /// Time that flush requests took, in milliseconds. `None` before Linux 5.5.
    pub flush_millis: Option<u64>,
}

/// Parses /proc/diskstats, in the file's order. Lines with fewer than 14 fields are passed over, as are fields past
/// the twentieth. An empty file gives nothing.
///
/// # Errors
/// When a line does not hold two device numbers, a name and numbers.
pub fn parse(bytes: &[u8]) -> Result<Vec<Disk<'_>>, ParseError> {
    disks(bytes).collect()
}

/// The same one by one, for those who keep what they need. Each line of another shape is an error of its own.
pub fn disks(bytes: &[u8]) -> impl Iterator<Item = Result<Disk<'_>, ParseError>> {
    lines(bytes)
        .filter(|line| line.fields(SHAPE).nth(FIELDS - 1).is_some())
        .map(disk)
}

fn disk(line: Line<'_>) -> Result<Disk<'_>, ParseError> {
    let mut fields = line.fields(SHAPE);
    Ok(Disk {
        major: fields.parsed(unsigned_32)?,
        minor: fields.parsed(unsigned_32)?,
        name: fields.text()?,
        reads_completed: fields.number()?,
        reads_merged: fields.number()?,
        sectors_read: fields.number()?,
        read_millis: fields.number()?,
        writes_completed: fields.number()?,
        writes_merged: fields.number()?,
        sectors_written: fields.number()?,
        write_millis: fields.number()?,
        ios_in_progress: fields.number()?,
        io_millis: fields.number()?,
        weighted_io_millis: fields.number()?,
        discards_completed: fields.optional_number()?,
        discards_merged: fields.optional_number()?,
        sectors_discarded: fields.optional_number()?,
        discard_millis: fields.optional_number()?,
        flushes_completed: fields.optional_number()?,
        flush_millis: fields.optional_number()?,
    })
}

#[cfg(test)]
mod tests {
    use super::{Disk, parse};

    const OLDEST: Disk<'_> = Disk {
        major: 8,
        minor: 0,
        name: "sda",
        reads_completed: 1,
        reads_merged: 2,
        sectors_read: 3,
        read_millis: 4,
        writes_completed: 5,
        writes_merged: 6,
        sectors_written: 7,
        write_millis: 8,
        ios_in_progress: 9,
        io_millis: 10,
        weighted_io_millis: 11,
        discards_completed: None,
        discards_merged: None,
        sectors_discarded: None,
        discard_millis: None,
        flushes_completed: None,
        flush_millis: None,
    };

    #[test]
    fn current_kernels_have_twenty_fields() {
        let loop0 = Disk {
            major: 7,
            name: "loop0",
            discards_completed: Some(0),
            discards_merged: Some(0),
            sectors_discarded: Some(0),
            discard_millis: Some(0),
            flushes_completed: Some(0),
            flush_millis: Some(0),
            ..Disk::default()
        };
        let vda = Disk {
            major: 254,
            minor: 0,
            name: "vda",
            reads_completed: 7180,
            reads_merged: 5020,
            sectors_read: 2_619_858,
            read_millis: 11_559,
            writes_completed: 2614,
            writes_merged: 17_966,
            sectors_written: 2_883_264,
            write_millis: 5321,
            ios_in_progress: 0,
            io_millis: 4420,
            weighted_io_millis: 17_085,
            discards_completed: Some(3266),
            discards_merged: Some(24),
            sectors_discarded: Some(163_248),
            discard_millis: Some(197),
            flushes_completed: Some(226),
            flush_millis: Some(6),
        };
        assert_eq!(parse(include_bytes!("../fixtures/diskstats")), Ok(vec![loop0, vda]));
    }

    #[test]
    fn older_kernels_have_fourteen_or_eighteen_fields() {
        let with_discards = Disk {
            discards_completed: Some(12),
            discards_merged: Some(13),
            sectors_discarded: Some(14),
            discard_millis: Some(15),
            ..OLDEST
        };
        assert_eq!(parse(b"8 0 sda 1 2 3 4 5 6 7 8 9 10 11\n"), Ok(vec![OLDEST]));
        assert_eq!(
            parse(b"8 0 sda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15\n"),
            Ok(vec![with_discards])
        );
    }

    #[test]
    fn newer_fields_and_short_lines_are_passed_over() {
        let bytes = b"8 1 sda1 1 2 3 4\n8 0 sda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 x\n";
        let names: Vec<&str> = parse(bytes).unwrap().iter().map(|disk| disk.name).collect();
        assert_eq!(names, ["sda"]);
        assert_eq!(parse(b""), Ok(vec![]));
    }

    #[test]
    fn malformed_numbers_are_errors() {
        let error = parse(b"\n8 x sda 1 2 3 4 5 6 7 8 9 10 11\n").unwrap_err();
        let text = r#"line 2: expected two device numbers, a name and 11, 15 or 17 numbers, found "x""#;
        assert_eq!(error.to_string(), text);
    }
}
