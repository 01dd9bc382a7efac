//! Interrupts by source and CPU, from /proc/interrupts. Labels are made when the file's rows change, not at each scrape.

use exporter_toolkit::collector::{CollectError, Collector, CollectorSpec};
use exporter_toolkit::flags::Flag;
use exposition::{Desc, Encoder};
use kernel_stats::cpu_table::Event;
use kernel_stats::interrupts;

use crate::context::Context;
use crate::cpu_labels::CpuLabels;
use crate::filter::Filter;
use crate::source::Source;

const INCLUDE: &str = "collector.interrupts.name-include";
const EXCLUDE: &str = "collector.interrupts.name-exclude";
const INCLUDE_ZEROS: &str = "collector.interrupts.include-zeros";

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "interrupts",
    enabled_by_default: false,
    flags: &[
        Flag::optional(
            INCLUDE,
            "Regexp of interrupts name to include (mutually exclusive to --collector.interrupts.name-exclude).",
        ),
        Flag::optional(
            EXCLUDE,
            "Regexp of interrupts name to exclude (mutually exclusive to --collector.interrupts.name-include).",
        ),
        Flag::switch(INCLUDE_ZEROS, true, "Include interrupts that have a zero value"),
    ],
    build: |context| {
        Ok(Box::new(Interrupts {
            source: context.proc("interrupts"),
            include_zeros: context.flags().switch(INCLUDE_ZEROS),
            cpus: CpuLabels::default(),
            rows: Rows::new(Filter::from_flags(context.flags(), INCLUDE, EXCLUDE)?),
        }))
    },
};

const TOTAL: Desc<'_> = Desc::counter(
    "node_interrupts_total",
    "Interrupt details.",
    &["cpu", "devices", "info", "type"],
);

struct Interrupts {
    source: Source,
    include_zeros: bool,
    cpus: CpuLabels,
    rows: Rows,
}

impl Collector for Interrupts {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let table = self.source.parse(interrupts::parse)?;
        self.cpus.update(table.cpus.iter().copied());
        self.rows.update(&table.events);
        let mut family = out.family(&TOTAL);
        for (cpu, column) in self.cpus.positions() {
            for row in &self.rows.shown {
                match table.count(row.position, column) {
                    Some(count) if count > 0 || self.include_zeros => {
                        family.sample(&[cpu, &row.devices, &row.info, &row.name], count as f64);
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }
}

/// The labels of the rows, which are kept as long as the file has the same rows.
struct Rows {
    filter: Filter,
    /// Names and descriptions of all rows, as the file has them.
    known: Vec<(String, String)>,
    /// The rows that the filter shows, in the order of their labels.
    shown: Vec<Row>,
}

/// One row's labels.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    devices: String,
    info: String,
    name: String,
    /// Where it stands in the file.
    position: usize,
}

impl Rows {
    fn new(filter: Filter) -> Self {
        Self {
            filter,
            known: Vec::new(),
            shown: Vec::new(),
        }
    }

    fn update(&mut self, events: &[Event<'_>]) {
        let texts = events.iter().map(|event| (event.name, event.description));
        let known = self.known.iter().map(|(name, text)| (name.as_str(), text.as_str()));
        if known.eq(texts.clone()) {
            return;
        }
        self.known = texts.map(|(name, text)| (name.to_owned(), text.to_owned())).collect();
        let rows = events
            .iter()
            .zip(0..)
            .map(|(event, position)| Row::new(event, position));
        self.shown = rows.filter(|row| self.filter.shows(&row.filtered())).collect();
        self.shown.sort_unstable();
    }
}

impl Row {
    /// Numbered interrupts name their controller first and then what is connected to it; others are told in words.
    fn new(event: &Event<'_>, position: usize) -> Self {
        let words: Vec<&str> = event.description.split_ascii_whitespace().collect();
        let is_number = event.name.bytes().all(|byte| byte.is_ascii_digit());
        let (info, devices) = words.split_at(if is_number { words.len().min(1) } else { words.len() });
        Self {
            devices: devices.join(" "),
            info: info.join(" "),
            name: event.name.to_owned(),
            position,
        }
    }

    /// What the filter is matched against.
    fn filtered(&self) -> String {
        format!("{};{};{}", self.name, self.info, self.devices)
    }
}

#[cfg(test)]
mod tests {
    use exporter_toolkit::go_regex;
    use exposition::{Format, assemble};
    use tempfile::TempDir;

    use super::*;
    use crate::testing::root;

    const FILE: &str = "CPU0 CPU8\n 9: 1 0 IO-APIC  9-fasteoi  acpi, eth 0\nLOC: 0 4 Local timer interrupts\n";

    fn collector(root: &TempDir, filter: Filter, include_zeros: bool) -> Interrupts {
        Interrupts {
            source: Source::new(root.path().join("interrupts")),
            include_zeros,
            cpus: CpuLabels::default(),
            rows: Rows::new(filter),
        }
    }

    fn samples(collector: &mut Interrupts) -> Vec<String> {
        let (mut out, mut text) = (Encoder::new(Format::Text004), Vec::new());
        collector.collect(&mut out).unwrap();
        assemble([&out], &mut text);
        let text = String::from_utf8(text).unwrap();
        let samples = text.lines().filter(|line| !line.starts_with('#'));
        samples.map(|line| line.replace("node_interrupts_total", "")).collect()
    }

    #[test]
    fn zeros_can_be_left_out() {
        let root = root(&[("interrupts", FILE)]);
        let expected = [
            r#"{cpu="0",devices="9-fasteoi acpi, eth 0",info="IO-APIC",type="9"} 1"#,
            r#"{cpu="8",devices="",info="Local timer interrupts",type="LOC"} 4"#,
        ];
        assert_eq!(samples(&mut collector(&root, Filter::All, false)), expected);
        assert_eq!(samples(&mut collector(&root, Filter::All, true)).len(), 4);
    }

    #[test]
    fn name_information_and_devices_are_filtered_together() {
        let root = root(&[("interrupts", FILE)]);
        for (regex, shown) in [
            ("^9;IO-APIC;9-fasteoi acpi, eth 0$", 2),
            ("^LOC;Local timer interrupts;$", 2),
            ("^acpi", 0),
        ] {
            let filter = Filter::Include(go_regex::parse(regex).unwrap());
            assert_eq!(samples(&mut collector(&root, filter, true)).len(), shown, "{regex}");
        }
    }

    #[test]
    fn labels_follow_the_rows() {
        let root = root(&[("interrupts", FILE)]);
        let mut collector = collector(&root, Filter::All, true);
        samples(&mut collector);
        std::fs::write(
            root.path().join("interrupts"),
            "CPU0\n10: 5 PCI 1-edge nvme0\nLOC: 6 Timer\n",
        )
        .unwrap();
        let expected = [
            r#"{cpu="0",devices="",info="Timer",type="LOC"} 6"#,
            r#"{cpu="0",devices="1-edge nvme0",info="PCI",type="10"} 5"#,
        ];
        assert_eq!(samples(&mut collector), expected);
    }
}
