//! Frequencies of CPUs and their governors, from /sys/devices/system/cpu/cpu*/cpufreq. What `cpuinfo_cur_freq` says is
//! for root only.

use std::ffi::CStr;
use std::path::PathBuf;

use exporter_toolkit::collector::{CollectError, Collector, CollectorSpec};
use exposition::{Desc, Encoder};
use kernel_stats::cpu_list;

use crate::context::Context;
use crate::cpu_labels::CpuLabels;
use crate::source::Source;
use crate::sysfs::{Attributes, Folder};

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "cpufreq",
    enabled_by_default: true,
    flags: &[],
    build: |context| {
        Ok(Box::new(CpuFreq {
            directory: context.sys_path("devices/system/cpu"),
            online: context.sys("devices/system/cpu/online"),
            labels: CpuLabels::default(),
            cpus: Vec::new(),
            attributes: Attributes::default(),
        }))
    },
};

macro_rules! frequency {
    ($name:literal, $help:literal) => {
        Desc::gauge(concat!("node_cpu_", $name, "_hertz"), $help, &["cpu"])
    };
}

/// The files that hold a frequency, and their families.
const FREQUENCIES: [(&CStr, Desc<'_>); 6] = [
    (
        c"cpuinfo_cur_freq",
        frequency!("frequency", "Current CPU thread frequency in hertz."),
    ),
    (
        c"cpuinfo_max_freq",
        frequency!("frequency_max", "Maximum CPU thread frequency in hertz."),
    ),
    (
        c"cpuinfo_min_freq",
        frequency!("frequency_min", "Minimum CPU thread frequency in hertz."),
    ),
    (
        c"scaling_cur_freq",
        frequency!("scaling_frequency", "Current scaled CPU thread frequency in hertz."),
    ),
    (
        c"scaling_max_freq",
        frequency!("scaling_frequency_max", "Maximum scaled CPU thread frequency in hertz."),
    ),
    (
        c"scaling_min_freq",
        frequency!("scaling_frequency_min", "Minimum scaled CPU thread frequency in hertz."),
    ),
];
/// The files' unit is the kilohertz.
const HERTZ_PER_UNIT: f64 = 1000.0;

const GOVERNOR: Desc<'_> = Desc::gauge(
    "node_cpu_scaling_governor",
    "Current enabled CPU frequency governor.",
    &["cpu", "governor"],
);

/// More CPUs than any kernel has, to bound what a broken file can ask for.
const MOST_CPUS: usize = 1 << 16;

struct CpuFreq {
    directory: PathBuf,
    online: Source,
    labels: CpuLabels,
    /// One for each CPU that is online, in the order of their numbers.
    cpus: Vec<Cpu>,
    attributes: Attributes,
}

/// What the files of one CPU hold.
#[derive(Debug, Default)]
struct Cpu {
    /// Where they are, from the folder of all CPUs.
    path: String,
    frequencies: [Option<u64>; FREQUENCIES.len()],
    /// Empty where the CPU has none.
    governor: String,
    governors: Governors,
}

/// The governors to choose from, sorted, and the text that they were made from.
#[derive(Debug, Default)]
struct Governors {
    text: String,
    names: Vec<String>,
}

impl Collector for CpuFreq {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        self.read()?;
        encode(&self.labels, &self.cpus, out);
        self.attributes.finish()
    }
}

impl CpuFreq {
    /// CPUs that are offline have no frequency.
    fn read(&mut self) -> Result<(), CollectError> {
        let online = self.online.parse(cpu_list::parse)?;
        let numbers = online.iter().cloned().flatten().take(MOST_CPUS);
        if self.labels.update(numbers.clone()) {
            let paths = numbers.map(|number| format!("cpu{number}/cpufreq"));
            self.cpus = paths.map(|path| Cpu { path, ..Cpu::default() }).collect();
        }
        let all = Folder::open(&self.directory)?;
        for cpu in &mut self.cpus {
            match all.folder(&cpu.path) {
                Some(folder) => cpu.read(&folder, &mut self.attributes),
                None => cpu.clear(),
            }
        }
        Ok(())
    }
}

impl Cpu {
    fn read(&mut self, folder: &Folder, attributes: &mut Attributes) {
        for ((file, _), frequency) in FREQUENCIES.iter().zip(&mut self.frequencies) {
            *frequency = attributes.u64(folder, *file);
        }
        self.governor.clear();
        let governor = attributes.text(folder, c"scaling_governor");
        self.governor.push_str(governor.unwrap_or_default());
        let governors = attributes.text(folder, c"scaling_available_governors");
        self.governors.update(governors.unwrap_or_default());
    }

    fn clear(&mut self) {
        self.frequencies = Default::default();
        self.governor.clear();
    }
}

impl Governors {
    /// They change when a module is loaded, and hardly ever else.
    fn update(&mut self, text: &str) {
        if self.text != text {
            text.clone_into(&mut self.text);
            self.names = text.split_ascii_whitespace().map(str::to_owned).collect();
            self.names.sort_unstable();
        }
    }
}

fn encode(labels: &CpuLabels, cpus: &[Cpu], out: &mut Encoder) {
    for (index, (_, desc)) in FREQUENCIES.iter().enumerate() {
        let mut family = out.family(desc);
        for (label, cpu) in labels.rows(cpus) {
            if let Some(frequency) = cpu.frequencies[index] {
                family.sample(&[label], frequency as f64 * HERTZ_PER_UNIT);
            }
        }
    }
    let mut family = out.family(&GOVERNOR);
    for (label, cpu) in labels.rows(cpus).filter(|(_, cpu)| !cpu.governor.is_empty()) {
        for name in &cpu.governors.names {
            family.sample(&[label, name], f64::from(u8::from(*name == cpu.governor)));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use exposition::{Format, assemble};
    use tempfile::TempDir;

    use super::*;
    use crate::testing::root;

    fn collector(host: &TempDir) -> CpuFreq {
        CpuFreq {
            directory: host.path().to_owned(),
            online: Source::new(host.path().join("online")),
            labels: CpuLabels::default(),
            cpus: Vec::new(),
            attributes: Attributes::default(),
        }
    }

    fn samples(collector: &mut CpuFreq) -> String {
        let (mut out, mut text) = (Encoder::new(Format::Text004), Vec::new());
        collector.collect(&mut out).unwrap();
        assemble([&out], &mut text);
        let text = String::from_utf8(text).unwrap();
        let shown = text.lines().filter(|line| !line.starts_with('#'));
        shown.map(|line| format!("{line}\n")).collect()
    }

    #[test]
    fn what_a_driver_does_not_tell_is_missing_alone() {
        let host = root(&[
            ("online", "0-2\n"),
            ("cpu0/cpufreq/cpuinfo_cur_freq", "<unknown>\n"),
            ("cpu0/cpufreq/scaling_cur_freq", "1500000\n"),
            ("cpu0/cpufreq/scaling_available_governors", "powersave performance \n"),
            ("cpu1/cpufreq/scaling_available_governors", "performance\n"),
            ("cpu1/cpufreq/scaling_governor", "\n"),
            ("cpu2/online", "1\n"),
        ]);
        let mut collector = collector(&host);
        assert_eq!(
            samples(&mut collector),
            "node_cpu_scaling_frequency_hertz{cpu=\"0\"} 1.5e+09\n"
        );
    }

    #[test]
    fn governors_are_the_ones_of_now() {
        let host = root(&[
            ("online", "0\n"),
            ("cpu0/cpufreq/scaling_available_governors", "powersave performance \n"),
            ("cpu0/cpufreq/scaling_governor", "powersave\n"),
        ]);
        let mut collector = collector(&host);
        let expected = "\
node_cpu_scaling_governor{cpu=\"0\",governor=\"performance\"} 0
node_cpu_scaling_governor{cpu=\"0\",governor=\"powersave\"} 1
";
        assert_eq!(samples(&mut collector), expected);
        let folder = host.path().join("cpu0/cpufreq");
        fs::write(folder.join("scaling_available_governors"), "schedutil performance \n").unwrap();
        fs::write(folder.join("scaling_governor"), "schedutil\n").unwrap();
        assert_eq!(samples(&mut collector), expected.replace("powersave", "schedutil"));
    }

    #[test]
    fn cpus_that_go_offline_are_left_out() {
        let host = root(&[
            ("online", "0-1\n"),
            ("cpu0/cpufreq/scaling_cur_freq", "1\n"),
            ("cpu1/cpufreq/scaling_cur_freq", "2\n"),
        ]);
        let mut collector = collector(&host);
        let first = "node_cpu_scaling_frequency_hertz{cpu=\"0\"} 1000\n";
        let second = "node_cpu_scaling_frequency_hertz{cpu=\"1\"} 2000\n";
        assert_eq!(samples(&mut collector), format!("{first}{second}"));
        fs::remove_dir_all(host.path().join("cpu1")).unwrap();
        assert_eq!(samples(&mut collector), first);
        fs::write(host.path().join("online"), "1\n").unwrap();
        assert_eq!(samples(&mut collector), "");
    }
}
