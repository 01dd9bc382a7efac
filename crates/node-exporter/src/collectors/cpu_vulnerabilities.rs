//! Vulnerabilities of the CPU, from the files of /sys/devices/system/cpu/vulnerabilities. Linux 4.15 and later.

use std::path::PathBuf;

use exporter_toolkit::collector::{CollectError, Collector, CollectorSpec};
use exposition::{Desc, Encoder};
use kernel_stats::vulnerability::{self, State};
use rustix::fs::CWD;

use crate::context::Context;
use crate::source::{SourceError, if_present, names_in, read_at};

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "cpu_vulnerabilities",
    enabled_by_default: false,
    flags: &[],
    build: |context| {
        Ok(Box::new(CpuVulnerabilities {
            directory: context.sys_path("devices/system/cpu/vulnerabilities"),
            buffer: Vec::new(),
        }))
    },
};

const INFO: Desc<'_> = Desc::gauge(
    "node_cpu_vulnerabilities_info",
    "Details of each CPU vulnerability reported by sysfs. The value of the series is an int encoded state of the \
     vulnerability. The same state is stored as a string in the label",
    &["codename", "mitigation", "state"],
);

struct CpuVulnerabilities {
    directory: PathBuf,
    buffer: Vec<u8>,
}

impl Collector for CpuVulnerabilities {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let mut family = out.family(&INFO);
        for codename in if_present(names_in(&self.directory))?.unwrap_or_default() {
            let path = self.directory.join(&codename);
            self.buffer.clear();
            if read_at(CWD, &path, &mut self.buffer).is_err() {
                continue;
            }
            let found = vulnerability::parse(&self.buffer).map_err(|error| SourceError::Parse { path, error })?;
            family.sample(&[codename.as_str(), found.mitigation, label(found.state)], 1.0);
        }
        Ok(())
    }
}

fn label(state: State) -> &'static str {
    match state {
        State::NotAffected => "not affected",
        State::Vulnerable => "vulnerable",
        State::Mitigation => "mitigation",
        State::Unknown => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use exposition::{Format, assemble};

    use super::*;
    use crate::testing::root;

    #[test]
    fn what_is_no_readable_file_is_missing_alone() {
        let root = root(&[("mds", "Not affected\n"), ("folder/x", "")]);
        let mut collector = CpuVulnerabilities {
            directory: root.path().to_owned(),
            buffer: Vec::new(),
        };
        let (mut out, mut text) = (Encoder::new(Format::Text004), Vec::new());
        collector.collect(&mut out).unwrap();
        assemble([&out], &mut text);
        let text = String::from_utf8(text).unwrap();
        let samples: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
        let expected = r#"node_cpu_vulnerabilities_info{codename="mds",mitigation="",state="not affected"} 1"#;
        assert_eq!(samples, [expected]);
    }
}
