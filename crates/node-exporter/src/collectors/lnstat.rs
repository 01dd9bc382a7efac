//! Caches of the network stack per CPU, from the files of /proc/net/stat.

use std::collections::BTreeMap;
use std::path::PathBuf;

use exporter_toolkit::collector::{CollectError, Collector, CollectorSpec};
use exposition::{Desc, Encoder};
use kernel_stats::net_stat::{self, NetStat};

use crate::context::Context;
use crate::cpu_labels::CpuLabels;
use crate::source::{Source, if_present, names_in};

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "lnstat",
    enabled_by_default: false,
    flags: &[],
    build: |context| Ok(Box::new(LnStat::new(context.proc_path("net/stat")))),
};

const HELP: &str = "linux network cache stats";
const LABELS: &[&str] = &["cpu", "subsystem"];

struct LnStat {
    directory: PathBuf,
    /// The files and their names, which are the label `subsystem`.
    files: Vec<(Source, String)>,
    cpus: CpuLabels,
    families: Families,
}

/// The family of each column that was ever seen.
type Families = BTreeMap<String, String>;

impl LnStat {
    fn new(directory: PathBuf) -> Self {
        Self {
            directory,
            files: Vec::new(),
            cpus: CpuLabels::default(),
            families: Families::new(),
        }
    }

    /// Finds the files, of which each subsystem of the kernel has one.
    fn list(&mut self) -> Result<(), CollectError> {
        let names = if_present(names_in(&self.directory))?.unwrap_or_default();
        if !names.iter().eq(self.files.iter().map(|(_, name)| name)) {
            let file = |name: String| (Source::new(self.directory.join(&name)), name);
            self.files = names.into_iter().map(file).collect();
        }
        Ok(())
    }
}

impl Collector for LnStat {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        self.list()?;
        let mut stats = Vec::new();
        for (source, subsystem) in &mut self.files {
            if let Some(stat) = if_present(source.parse(net_stat::parse))? {
                name_families(&mut self.families, &stat);
                stats.push((subsystem.as_str(), stat));
            }
        }
        let rows = stats.iter().map(|(_, stat)| stat.rows()).max().unwrap_or(0);
        self.cpus.update(0..u32::try_from(rows).unwrap_or(u32::MAX));
        for (column, family) in &self.families {
            encode(&Desc::counter(family, HELP, LABELS), column, &stats, &self.cpus, out);
        }
        Ok(())
    }
}

fn name_families(families: &mut Families, stat: &NetStat<'_>) {
    for column in &stat.columns {
        if !families.contains_key(*column) {
            families.insert((*column).to_owned(), format!("node_lnstat_{column}_total"));
        }
    }
}

/// Writes one column of all files that have it.
fn encode(desc: &Desc<'_>, column: &str, stats: &[(&str, NetStat<'_>)], cpus: &CpuLabels, out: &mut Encoder) {
    let place = |stat: &NetStat<'_>| stat.columns.iter().position(|name| *name == column);
    let places: Vec<_> = stats
        .iter()
        .filter_map(|(subsystem, stat)| Some((*subsystem, stat, place(stat)?)))
        .collect();
    let mut family = out.family(desc);
    for (cpu, row) in cpus.positions() {
        for (subsystem, stat, column) in &places {
            if let Some(number) = stat.number(row, *column) {
                family.sample(&[cpu, subsystem], number as f64);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use exposition::{Format, assemble};

    use super::*;
    use crate::testing::root;

    fn samples(collector: &mut LnStat) -> Vec<String> {
        let (mut out, mut text) = (Encoder::new(Format::Text004), Vec::new());
        collector.collect(&mut out).unwrap();
        assemble([&out], &mut text);
        let text = String::from_utf8(text).unwrap();
        let samples = text.lines().filter(|line| !line.starts_with('#'));
        samples.map(|line| line.replace("node_lnstat_", "")).collect()
    }

    #[test]
    fn files_and_columns_come_and_go() {
        let root = root(&[("arp_cache", "hits\na\nb\n"), ("rt_cache", "hits in\n1 2\n")]);
        let mut collector = LnStat::new(root.path().to_owned());
        let expected = [
            r#"hits_total{cpu="0",subsystem="arp_cache"} 10"#,
            r#"hits_total{cpu="0",subsystem="rt_cache"} 1"#,
            r#"hits_total{cpu="1",subsystem="arp_cache"} 11"#,
            r#"in_total{cpu="0",subsystem="rt_cache"} 2"#,
        ];
        assert_eq!(samples(&mut collector), expected);
        std::fs::remove_file(root.path().join("rt_cache")).unwrap();
        assert_eq!(samples(&mut collector), [expected[0], expected[2]]);
    }

    #[test]
    fn a_file_that_goes_away_after_the_listing_is_missing_alone() {
        let root = root(&[("arp_cache", "hits\na\n")]);
        std::os::unix::fs::symlink("gone", root.path().join("rt_cache")).unwrap();
        let expected = [r#"hits_total{cpu="0",subsystem="arp_cache"} 10"#];
        assert_eq!(samples(&mut LnStat::new(root.path().to_owned())), expected);
    }
}
