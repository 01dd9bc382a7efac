//! Counts in a row per event and a column per CPU: what /proc/interrupts and /proc/softirqs hold.

use crate::ParseError;
use crate::fields::{Line, lines, split_once, unsigned, unsigned_32};

/// The counts since boot of all events on all CPUs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CpuTable<'a> {
    /// The kernel's numbers of the CPUs, in the order of the columns.
    pub cpus: Vec<u32>,
    /// The events, in the order of the rows.
    pub events: Vec<Event<'a>>,
    counts: Vec<u64>,
}

/// One row's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event<'a> {
    /// What stands before the colon.
    pub name: &'a str,
    /// What stands after the counts, without white space at its ends.
    pub description: &'a str,
}

impl CpuTable<'_> {
    /// The count of the event in row `event` on the CPU in column `cpu`, both counted from 0; `None` out of range.
    pub fn count(&self, event: usize, cpu: usize) -> Option<u64> {
        let row = event.checked_mul(self.cpus.len())?;
        (cpu < self.cpus.len()).then(|| self.counts.get(row + cpu).copied())?
    }
}

/// Parses a header of CPUs and rows; an empty file gives nothing. Rows without a colon, with too few counts, or without
/// the description that is asked for, are not about CPUs and passed over.
pub(crate) fn parse(bytes: &[u8], described: bool) -> Result<CpuTable<'_>, ParseError> {
    let mut lines = lines(bytes);
    let mut table = CpuTable::default();
    if let Some(header) = lines.next() {
        table.cpus = cpus(header)?;
    }
    for line in lines {
        table.push(line, described)?;
    }
    Ok(table)
}

fn cpus(header: Line<'_>) -> Result<Vec<u32>, ParseError> {
    let mut fields = header.fields("a header of CPU and its number for each column");
    let mut cpus = Vec::new();
    while let Some(cpu) = fields.optional(|word| unsigned_32(word.strip_prefix(b"CPU")?))? {
        cpus.push(cpu);
    }
    Ok(cpus)
}

impl<'a> CpuTable<'a> {
    fn push(&mut self, line: Line<'a>, described: bool) -> Result<(), ParseError> {
        let shape = "a name, a colon and a number for each CPU";
        let Some((name, rest)) = split_once(line.text, b':') else {
            return Ok(());
        };
        // `ERR: 0` is one number for the whole machine, so the columns are counted before they are read.
        let columns = self.cpus.len() + usize::from(described);
        if line.fields_of(rest, shape).take(columns).count() < columns {
            return Ok(());
        }
        let mut fields = line.fields_of(rest, shape);
        for _ in &self.cpus {
            self.counts.push(fields.parsed(unsigned)?);
        }
        let text = |part: &'a [u8]| std::str::from_utf8(part.trim_ascii()).map_err(|_| line.error_at(shape, part));
        self.events.push(Event {
            name: text(name)?,
            description: text(fields.rest())?,
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn counts_are_found_by_row_and_column() {
        let table = parse(b"CPU0 CPU4\nA: 1 2\nB: 3 4\n", false).unwrap();
        let counts = [(0, 0), (0, 1), (1, 0), (1, 1), (0, 2), (2, 0), (usize::MAX, 0)]
            .map(|(event, cpu)| table.count(event, cpu));
        assert_eq!(counts, [Some(1), Some(2), Some(3), Some(4), None, None, None]);
    }

    #[test]
    fn an_empty_file_and_a_bare_header_have_no_events() {
        for bytes in [b"".as_slice(), b"CPU0 CPU1\n"] {
            assert_eq!(parse(bytes, false).unwrap().events, []);
        }
    }
}
