//! What the CPUs are, from /proc/cpuinfo. Off unless asked for: the file is slow to make on large hosts.

use exporter_toolkit::collector::{BuildError, CollectError, is_selected};
use exporter_toolkit::flags::Flag;
use exporter_toolkit::go_regex::Expression;
use exposition::{Desc, Encoder};
use kernel_stats::cpuinfo::{self, Processor};

use crate::context::Context;
use crate::filter::regex_flag;
use crate::source::Source;

const ENABLED: &str = "collector.cpu.info";
const FLAGS_INCLUDE: &str = "collector.cpu.info.flags-include";
const BUGS_INCLUDE: &str = "collector.cpu.info.bugs-include";

pub(super) const FLAG: Flag = Flag::switch(ENABLED, false, "Enables metric cpu_info");
pub(super) const FLAGS_FLAG: Flag = Flag::optional(
    FLAGS_INCLUDE,
    "Filter the `flags` field in cpuInfo with a value that must be a regular expression",
);
pub(super) const BUGS_FLAG: Flag = Flag::optional(
    BUGS_INCLUDE,
    "Filter the `bugs` field in cpuInfo with a value that must be a regular expression",
);

const INFO: Desc<'_> = Desc::gauge(
    "node_cpu_info",
    "CPU information from /proc/cpuinfo.",
    &[
        "cachesize",
        "core",
        "cpu",
        "family",
        "microcode",
        "model",
        "model_name",
        "package",
        "stepping",
        "vendor",
    ],
);
const FLAG_INFO: Desc<'_> = Desc::gauge(
    "node_cpu_flag_info",
    "The `flags` field of CPU information from /proc/cpuinfo taken from the first core.",
    &["flag"],
);
const BUG_INFO: Desc<'_> = Desc::gauge(
    "node_cpu_bug_info",
    "The `bugs` field of CPU information from /proc/cpuinfo taken from the first core.",
    &["bug"],
);

/// cpufreq has a family of this name too, for hosts that tell it more than a constant.
const FREQUENCY: Desc<'_> = Desc::gauge(
    "node_cpu_frequency_hertz",
    "CPU frequency in hertz from /proc/cpuinfo.",
    &["core", "cpu", "package"],
);
const HERTZ_PER_MEGAHERTZ: f64 = 1e6;

pub(super) struct Info {
    source: Source,
    /// As in node_exporter, the frequency is shown where the cpufreq collector runs.
    frequency: bool,
    flags: Option<Expression>,
    bugs: Option<Expression>,
}

impl Info {
    /// `None` unless one of the three flags asks for it.
    pub(super) fn from_flags(context: &Context) -> Result<Option<Self>, BuildError> {
        let flags = context.flags();
        let include = |name| match flags.value(name) {
            "" => Ok(None),
            _ => regex_flag(flags, name).map(Some),
        };
        let (cpu_flags, cpu_bugs) = (include(FLAGS_INCLUDE)?, include(BUGS_INCLUDE)?);
        let wanted = flags.switch(ENABLED) || cpu_flags.is_some() || cpu_bugs.is_some();
        let source = context.proc("cpuinfo");
        Ok(wanted.then_some(Self {
            source,
            frequency: is_selected("cpufreq", true, flags),
            flags: cpu_flags,
            bugs: cpu_bugs,
        }))
    }

    pub(super) fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let processors = self.source.parse(cpuinfo::parse)?;
        if let Some(first) = processors.first() {
            encode_words(&FLAG_INFO, first.flags, self.flags.as_ref(), out);
            encode_words(&BUG_INFO, first.bugs, self.bugs.as_ref(), out);
        }
        encode(&processors, out);
        if self.frequency {
            encode_frequency(&processors, out);
        }
        Ok(())
    }
}

fn encode(processors: &[Processor<'_>], out: &mut Encoder) {
    let mut family = out.family(&INFO);
    for cpu in processors {
        let number = cpu.number.to_string();
        let labels = [
            cpu.cache_size,
            cpu.core_id,
            &number,
            cpu.cpu_family,
            cpu.microcode,
            cpu.model,
            cpu.model_name,
            cpu.physical_id,
            cpu.stepping,
            cpu.vendor_id,
        ];
        family.sample(&labels, 1.0);
    }
}

fn encode_frequency(processors: &[Processor<'_>], out: &mut Encoder) {
    let mut family = out.family(&FREQUENCY);
    for cpu in processors {
        if let Some(mhz) = cpu.mhz {
            let number = cpu.number.to_string();
            family.sample(&[cpu.core_id, &number, cpu.physical_id], mhz * HERTZ_PER_MEGAHERTZ);
        }
    }
}

fn encode_words(desc: &Desc<'_>, words: &str, shown: Option<&Expression>, out: &mut Encoder) {
    let Some(shown) = shown else { return };
    let mut family = out.family(desc);
    for word in words.split_ascii_whitespace().filter(|word| shown.is_match(word)) {
        family.sample(&[word], 1.0);
    }
}
