//! Counters of the kernel, of CPUs and of their caches, and of tracepoints, by perf_event_open(2): of each CPU, and of
//! all that runs on it since this program started. They need CAP_PERFMON, or kernel.perf_event_paranoid at 0 or less.
//! Values are those that were counted, not scaled up, when there are more events than the CPU counts at a time.

mod cpus;
mod events;

use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use exporter_toolkit::collector::{BuildError, CollectError, Collector, CollectorSpec};
use exporter_toolkit::flags::{Flag, Flags};
use exposition::{Desc, Encoder};
use kernel_stats::attribute;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use self::events::Profiler;
use crate::context::Context;
use crate::field_names::FieldFamily;
use crate::source::{Source, SourceError};
use crate::syscall::perf::{self, Event};

const CPUS: &str = "collector.perf.cpus";
const TRACEPOINT: &str = "collector.perf.tracepoint";

/// A table of events, the flag that turns it off and the flag that chooses from it.
type Table = (&'static [Profiler], &'static str, &'static str);

const TABLES: [Table; 3] = [
    (
        events::HARDWARE,
        "collector.perf.disable-hardware-profilers",
        "collector.perf.hardware-profilers",
    ),
    (
        events::SOFTWARE,
        "collector.perf.disable-software-profilers",
        "collector.perf.software-profilers",
    ),
    (
        events::CACHE,
        "collector.perf.disable-cache-profilers",
        "collector.perf.cache-profilers",
    ),
];

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "perf",
    enabled_by_default: false,
    flags: &[
        Flag::value(CPUS, "", "List of CPUs from which perf metrics should be collected"),
        Flag::many(TRACEPOINT, &[], "perf tracepoint that should be collected"),
        Flag::switch(TABLES[0].1, false, "disable perf hardware profilers"),
        Flag::many(TABLES[0].2, &[], "perf hardware profilers that should be collected"),
        Flag::switch(TABLES[1].1, false, "disable perf software profilers"),
        Flag::many(TABLES[1].2, &[], "perf software profilers that should be collected"),
        Flag::switch(TABLES[2].1, false, "disable perf cache profilers"),
        Flag::many(TABLES[2].2, &[], "perf cache profilers that should be collected"),
    ],
    build,
};

fn build(context: &Context) -> Result<Box<dyn Collector>, BuildError> {
    let flags = context.flags();
    let cpus = match flags.value(CPUS) {
        "" => cpus::online(context),
        list => cpus::listed(list).map_err(|error| format!("--{CPUS}: {error}"))?,
    };
    let mut wanted = profilers(flags);
    for tracepoint in flags.many(TRACEPOINT) {
        wanted.push(find_tracepoint(context, tracepoint).map_err(|error| format!("--{TRACEPOINT}: {error}"))?);
    }
    raise_descriptor_limit(wanted.len() * cpus.len());
    let mut labels: Vec<(String, u32)> = cpus.iter().map(|cpu| (cpu.to_string(), *cpu)).collect();
    labels.sort();
    Ok(Box::new(Perf::open(wanted, &labels)))
}

/// The events that the flags choose: all of a table unless some are named.
fn profilers(flags: &Flags) -> Vec<(FieldFamily, Event)> {
    let mut wanted = Vec::new();
    for (table, disable, choose) in TABLES {
        let chosen = flags.many(choose);
        for name in chosen {
            if table.iter().all(|profiler| profiler.name != name) {
                let known: Vec<&str> = table.iter().map(|profiler| profiler.name).collect();
                log::warn!(flag = choose, name:%, known:?; "an unknown profiler was asked for");
            }
        }
        let is_chosen = |profiler: &&Profiler| chosen.iter().any(|name| name == profiler.name);
        let all = !table.iter().any(|profiler| is_chosen(&profiler));
        if !flags.switch(disable) {
            let profilers = table.iter().filter(|profiler| all || is_chosen(profiler));
            wanted
                .extend(profilers.map(|profiler| (family(profiler.family, profiler.help.to_owned()), profiler.event)));
        }
    }
    wanted
}

fn family(name: &str, help: String) -> FieldFamily {
    let name = format!("node_perf_{name}");
    FieldFamily { name, help }
}

/// The event of a tracepoint as `sched:sched_switch`, whose number tracefs tells.
fn find_tracepoint(context: &Context, tracepoint: &str) -> Result<(FieldFamily, Event), BuildError> {
    let parts: Vec<&str> = tracepoint.split(':').collect();
    let [subsystem, event] = parts[..] else {
        return Err(format!("expected SUBSYSTEM:EVENT, found {tracepoint:?}").into());
    };
    let id = |root: &str| -> Result<u64, SourceError> {
        let path: PathBuf = context.sys_path(root).join("events").join(subsystem).join(event);
        Source::new(path.join("id")).parse(attribute::parse_u64)
    };
    // The second place is that of kernels before Linux 4.1.
    let id = id("kernel/tracing").or_else(|error| id("kernel/debug/tracing").map_err(|_| error))?;
    let family = family(&format!("{subsystem}_{event}"), format!("Perf tracepoint {tracepoint}"));
    Ok((family, events::tracepoint(id)))
}

/// Each event takes a descriptor on each CPU, and the usual limit of 1024 is there only for programs that use select(2).
fn raise_descriptor_limit(events: usize) {
    const OTHERS: u64 = 512;
    let needed = events as u64 + OTHERS;
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_none_or(|current| current >= needed) {
        return;
    }
    let current = Some(maximum.map_or(needed, |maximum| maximum.min(needed)));
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current, maximum }) {
        log::warn!(error:%; "the limit of open files could not be raised for perf events");
    }
}

struct Perf {
    series: Vec<Series>,
    /// Why nothing at all can be counted.
    refused: Option<io::Error>,
}

/// One event on all CPUs.
struct Series {
    family: FieldFamily,
    event: Event,
    counters: Vec<Counter>,
}

/// One event on one CPU.
struct Counter {
    label: String,
    cpu: u32,
    /// `None` while the CPU is offline.
    handle: Option<OwnedFd>,
    enabled_nanos: u64,
}

impl Perf {
    /// Starts to count what can be counted: hardware lacks some events, and virtual machines lack most.
    fn open(wanted: Vec<(FieldFamily, Event)>, cpus: &[(String, u32)]) -> Self {
        let mut perf = Self {
            series: Vec::new(),
            refused: None,
        };
        for (family, event) in wanted {
            let mut counters = Vec::new();
            for (label, cpu) in cpus {
                match Counter::open(label, *cpu, event) {
                    Ok(counter) => counters.push(counter),
                    Err(error) => {
                        log::debug!(family = family.name.as_str(), cpu, error:%; "a perf event cannot be counted");
                        perf.refused.get_or_insert(error);
                    }
                }
            }
            if !counters.is_empty() {
                perf.series.push(Series {
                    family,
                    event,
                    counters,
                });
            }
        }
        perf
    }
}

impl Collector for Perf {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        if let (true, Some(error)) = (self.series.is_empty(), &self.refused) {
            return Err(CollectError::NoData(format!("perf_event_open: {error}").into()));
        }
        for series in &mut self.series {
            let desc = Desc::counter(&series.family.name, &series.family.help, &["cpu"]);
            let mut family = out.family(&desc);
            for counter in &mut series.counters {
                if let Some(value) = counter.read(|cpu| perf::open(series.event, cpu)) {
                    family.sample(&[counter.label.as_str()], value as f64);
                }
            }
        }
        Ok(())
    }
}

impl Counter {
    /// # Errors
    /// What the kernel said, unless it is that the CPU is offline, which may change.
    fn open(label: &str, cpu: u32, event: Event) -> io::Result<Self> {
        let handle = match perf::open(event, cpu) {
            Ok(handle) => Some(handle),
            Err(error) if error.raw_os_error() == Some(libc::ENODEV) => None,
            Err(error) => return Err(error),
        };
        Ok(Self {
            label: label.to_owned(),
            cpu,
            handle,
            enabled_nanos: 0,
        })
    }

    /// The value. When a CPU goes offline, the time of its events stands still, for ever; once it is back, counting starts
    /// anew with a new event.
    fn read(&mut self, open: impl Fn(u32) -> io::Result<OwnedFd>) -> Option<u64> {
        let mut reading = self.handle.as_ref().and_then(read);
        if reading.is_none_or(|reading| reading.enabled_nanos == self.enabled_nanos) {
            self.handle = open(self.cpu).ok();
            reading = self.handle.as_ref().and_then(read);
        }
        self.enabled_nanos = reading.map_or(0, |reading| reading.enabled_nanos);
        reading.map(|reading| reading.value)
    }
}

/// What the kernel gives for one event.
#[derive(Clone, Copy)]
struct Reading {
    value: u64,
    enabled_nanos: u64,
}

/// `None` for an event that has failed.
fn read(handle: &OwnedFd) -> Option<Reading> {
    let mut bytes = [0; 16];
    let length = rustix::io::read(handle, &mut bytes).ok()?;
    let (whole, []) = bytes.as_chunks() else { return None };
    match whole {
        [value, time] if length == bytes.len() => Some(Reading {
            value: u64::from_ne_bytes(*value),
            enabled_nanos: u64::from_ne_bytes(*time),
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::io::Write as _;

    use super::*;
    use crate::testing::root;

    fn flags(args: &[&str]) -> Flags {
        let args = args.iter().map(|arg| OsString::from(format!("--collector.perf.{arg}")));
        Flags::parse("x", "", [SPEC.flags], args).unwrap()
    }

    fn families(args: &[&str]) -> Vec<String> {
        let wanted = profilers(&flags(args));
        let names = wanted.into_iter().map(|(family, _)| family.name);
        names.map(|name| name.replace("node_perf_", "")).collect()
    }

    #[test]
    fn flags_choose_profilers() {
        assert_eq!(families(&[]).len(), 9 + 5 + 16);
        let others = ["disable-hardware-profilers", "disable-cache-profilers"];
        let software = |args: &[&str]| families(&[&others[..], args].concat());
        assert_eq!(software(&[]).len(), 5);
        assert_eq!(
            software(&["software-profilers=PageFault", "software-profilers=MajorFault"]),
            ["page_faults_total", "major_faults_total"]
        );
        assert_eq!(software(&["software-profilers=None"]).len(), 5);
        assert!(software(&["disable-software-profilers"]).is_empty());
    }

    #[test]
    fn tracepoints_are_found_by_number() {
        let host = root(&[("kernel/debug/tracing/events/sched/sched_switch/id", "317\n")]);
        let flag = OsString::from(format!("--path.sysfs={}", host.path().display()));
        let flags = Flags::parse("x", "", [crate::FLAGS], [flag]).unwrap();
        let context = Context::new(flags).unwrap();
        let (family, event) = find_tracepoint(&context, "sched:sched_switch").unwrap();
        assert_eq!(family.name, "node_perf_sched_sched_switch");
        assert_eq!(family.help, "Perf tracepoint sched:sched_switch");
        assert_eq!(event, Event { kind: 2, config: 317 });
        for (tracepoint, text) in [
            ("sched", "expected SUBSYSTEM:EVENT, found \"sched\""),
            ("sched:a:b", "expected SUBSYSTEM:EVENT, found \"sched:a:b\""),
            ("sched:none", "kernel/tracing/events/sched/none/id: No such file"),
        ] {
            let error = find_tracepoint(&context, tracepoint).unwrap_err().to_string();
            assert!(error.contains(text), "{error}");
        }
    }

    /// A descriptor that gives these readings, one a read.
    fn event(readings: &[[u64; 2]]) -> OwnedFd {
        let (reader, mut writer) = io::pipe().unwrap();
        for number in readings.as_flattened() {
            writer.write_all(&number.to_ne_bytes()).unwrap();
        }
        reader.into()
    }

    #[test]
    fn a_cpu_that_goes_offline_is_missing_until_it_is_back() {
        let mut counter = Counter {
            label: "1".to_owned(),
            cpu: 1,
            handle: Some(event(&[[5, 100], [5, 200], [6, 200]])),
            enabled_nanos: 0,
        };
        let offline = |_| Err(io::ErrorKind::NotFound.into());
        assert_eq!(counter.read(offline), Some(5));
        assert_eq!(counter.read(offline), Some(5));
        assert_eq!(counter.read(offline), None);
        assert_eq!(counter.read(offline), None);
        let online = |_| Ok(event(&[[1, 50], [2, 60]]));
        assert_eq!(counter.read(online), Some(1));
        assert_eq!(counter.read(online), Some(2));
    }

    #[test]
    fn an_event_that_fails_is_missing() {
        let mut counter = Counter {
            label: "0".to_owned(),
            cpu: 0,
            handle: Some(event(&[])),
            enabled_nanos: 0,
        };
        assert_eq!(counter.read(|_| Ok(event(&[]))), None);
    }

    #[test]
    fn events_that_the_kernel_refuses_are_no_data() {
        let unknown = Event {
            kind: u32::MAX - 1,
            config: 0,
        };
        let wanted = vec![(family("x", String::new()), unknown)];
        let mut perf = Perf::open(wanted, &[("0".to_owned(), 0)]);
        let error = perf
            .collect(&mut Encoder::new(exposition::Format::Text004))
            .unwrap_err();
        assert!(
            matches!(&error, CollectError::NoData(why) if why.to_string().starts_with("perf_event_open: ")),
            "{error}"
        );
    }
}
