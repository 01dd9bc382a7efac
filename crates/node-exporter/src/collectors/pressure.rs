//! Pressure stall information, from /proc/pressure/{cpu,io,memory,irq}. Linux 4.20 and later, `irq` 6.1 and later;
//! absent files are left out.

use exporter_toolkit::collector::{CollectError, Collector, CollectorSpec};
use exposition::{Desc, Encoder};
use kernel_stats::pressure;

use crate::context::Context;
use crate::source::Source;

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "pressure",
    enabled_by_default: true,
    flags: &[],
    build: |context| {
        Ok(Box::new(PressureStalls {
            resources: RESOURCES.map(|families| (families, context.proc(families.path))),
        }))
    },
};

/// The families of one resource. One that is `None` is not read, as `full` of `cpu` is always 0 for a whole system.
#[derive(Clone, Copy)]
struct Families {
    path: &'static str,
    waiting: Option<Desc<'static>>,
    stalled: Option<Desc<'static>>,
}

const RESOURCES: [Families; 4] = [
    Families {
        path: "pressure/cpu",
        waiting: Some(Desc::counter(
            "node_pressure_cpu_waiting_seconds_total",
            "Total time in seconds that processes have waited for CPU time",
            &[],
        )),
        stalled: None,
    },
    Families {
        path: "pressure/io",
        waiting: Some(Desc::counter(
            "node_pressure_io_waiting_seconds_total",
            "Total time in seconds that processes have waited due to IO congestion",
            &[],
        )),
        stalled: Some(Desc::counter(
            "node_pressure_io_stalled_seconds_total",
            "Total time in seconds no process could make progress due to IO congestion",
            &[],
        )),
    },
    Families {
        path: "pressure/memory",
        waiting: Some(Desc::counter(
            "node_pressure_memory_waiting_seconds_total",
            "Total time in seconds that processes have waited for memory",
            &[],
        )),
        stalled: Some(Desc::counter(
            "node_pressure_memory_stalled_seconds_total",
            "Total time in seconds no process could make progress due to memory congestion",
            &[],
        )),
    },
    Families {
        path: "pressure/irq",
        waiting: None,
        stalled: Some(Desc::counter(
            "node_pressure_irq_stalled_seconds_total",
            "Total time in seconds no process could make progress due to IRQ congestion",
            &[],
        )),
    },
];

struct PressureStalls {
    resources: [(Families, Source); 4],
}

impl Collector for PressureStalls {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let mut found = false;
        for (families, source) in &mut self.resources {
            let pressure = match source.parse(pressure::parse).map_err(CollectError::from) {
                Err(CollectError::NoData(_)) => continue,
                read => read?,
            };
            found |= encode(families.waiting, pressure.some_micros, out);
            found |= encode(families.stalled, pressure.full_micros, out);
        }
        match found {
            true => Ok(()),
            false => Err(CollectError::NoData("the kernel tells no pressure".into())),
        }
    }
}

fn encode(desc: Option<Desc<'_>>, micros: Option<u64>, out: &mut Encoder) -> bool {
    let (Some(desc), Some(micros)) = (desc, micros) else {
        return false;
    };
    // Two divisions, because node_exporter has two and one would round differently.
    out.scalar(&desc, micros as f64 / 1000.0 / 1000.0);
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use exposition::{Format, assemble};

    fn collect(files: &[(&str, &str)]) -> (Result<(), CollectError>, String) {
        let root = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(root.path().join(name), text).unwrap();
        }
        let resources = RESOURCES.map(|families| {
            let name = families.path.trim_start_matches("pressure/");
            (families, Source::new(root.path().join(name)))
        });
        let mut out = Encoder::new(Format::Text004);
        let result = PressureStalls { resources }.collect(&mut out);
        let mut text = Vec::new();
        assert!(assemble([&out], &mut text).is_empty());
        (result, String::from_utf8(text).unwrap())
    }

    const SOME: &str = "some avg10=0.00 avg60=0.00 avg300=0.00 total=2572544\n";

    #[test]
    fn a_kernel_without_pressure_is_no_data() {
        for files in [&[][..], &[("cpu", "")]] {
            let (result, text) = collect(files);
            assert!(matches!(result, Err(CollectError::NoData(_))) && text.is_empty());
        }
    }

    #[test]
    fn absent_files_and_lines_are_left_out() {
        let (result, text) = collect(&[("memory", SOME)]);
        assert!(result.is_ok());
        let samples: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(
            samples,
            ["node_pressure_memory_waiting_seconds_total 2.5725439999999997"]
        );
    }

    #[test]
    fn a_malformed_file_is_a_failure_that_names_it() {
        let (result, _) = collect(&[("cpu", SOME), ("io", "some total=x\n")]);
        let text = result.unwrap_err().to_string();
        assert!(text.contains("/io: ") && text.ends_with(r#"found "x""#), "{text}");
    }
}
