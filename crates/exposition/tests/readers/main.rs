//! One table of values in every format, read back by programs that were not written here: prometheus_client's parsers,
//! google.protobuf, promtool and a Prometheus server.
#![expect(
    clippy::disallowed_methods,
    reason = "the readers are other programs, which no exporter runs"
)]
#![expect(clippy::panic, reason = "a test fails by it")]

mod prometheus;
mod random;
mod seen;
mod table;
mod tools;

use std::process::Command;

use exposition::{Escaping, Format};

use seen::{Number, SeenFamily, expected, sorted};
use table::{Style, body};

const BOTH: [Escaping; 2] = [Escaping::Underscores, Escaping::AllowUtf8];

#[test]
fn labels_given_as_pairs_are_written_like_values() {
    for format in Format::ALL {
        for escaping in BOTH {
            let [values, pairs] = [Style::Values, Style::Pairs].map(|style| body(format, escaping, style));
            assert!(values == pairs, "{format:?} {escaping:?}");
        }
    }
}

#[test]
fn prometheus_client_reads_text() {
    for format in [Format::Text004, Format::Text100] {
        for escaping in BOTH {
            let expected = as_prometheus_client_tells(expected(format, escaping));
            assert_equal(&read("text", format, escaping), &expected, format);
        }
    }
}

#[test]
fn prometheus_client_reads_open_metrics() {
    let format = Format::OpenMetrics100;
    for escaping in BOTH {
        let expected = with_unsigned_zeros(expected(format, escaping));
        assert_equal(&read("openmetrics", format, escaping), &expected, format);
    }
}

#[test]
fn google_protobuf_reads_protobuf() {
    let format = Format::Protobuf;
    for escaping in BOTH {
        let mut seen = read("protobuf", format, escaping);
        for family in &mut seen {
            family.kind = family.kind.replace("untyped", "unknown");
        }
        assert_equal(&sorted(seen), &expected(format, escaping), format);
    }
}

#[test]
fn promtool_finds_nothing_but_bad_names() {
    for format in [Format::Text004, Format::Text100] {
        let body = body(format, Escaping::Underscores, Style::Values);
        let mut promtool = Command::new(tools::prometheus_program("promtool"));
        let output = tools::run(promtool.args(["check", "metrics"]), &body);
        // 3 is for names and help texts that its linter dislikes, and the table has such; 1 is for text that it cannot read.
        let readable = matches!(output.status.code(), Some(0 | 3));
        let said = tools::said(&output);
        assert!(readable && !said.contains("error while linting"), "{format:?}: {said}");
    }
}

fn read(reader: &str, format: Format, escaping: Escaping) -> Vec<SeenFamily> {
    read_body(reader, &body(format, escaping, Style::Values))
}

fn read_body(reader: &str, body: &[u8]) -> Vec<SeenFamily> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/readers/reader.py");
    let output = tools::run(Command::new(tools::python()).args([script, reader]), body);
    let said = tools::said(&output);
    assert!(output.status.success(), "{reader}: {said}");
    sorted(serde_json::from_slice(&output.stdout).expect("reader.py writes families"))
}

/// prometheus_client gives all counters the form that OpenMetrics wants, when it reads text too.
fn as_prometheus_client_tells(mut families: Vec<SeenFamily>) -> Vec<SeenFamily> {
    for family in families.iter_mut().filter(|family| family.kind == "counter") {
        if let Some(name) = family.name.strip_suffix("_total") {
            family.name = name.to_owned();
            continue;
        }
        for sample in &mut family.samples {
            sample.name += "_total";
        }
    }
    with_unsigned_zeros(families)
}

/// prometheus_client reads whole numbers as integers, of which there is no negative zero.
fn with_unsigned_zeros(mut families: Vec<SeenFamily>) -> Vec<SeenFamily> {
    let samples = families.iter_mut().flat_map(|family| &mut family.samples);
    for sample in samples.filter(|sample| sample.value == Number::from(-0.0)) {
        sample.value = Number::from(0.0);
    }
    sorted(families)
}

/// One family at a time, for messages that can be read.
fn assert_equal(seen: &[SeenFamily], expected: &[SeenFamily], format: Format) {
    let names =
        |families: &[SeenFamily]| -> Vec<String> { families.iter().map(|family| family.name.clone()).collect() };
    assert_eq!(names(seen), names(expected), "{format:?}");
    for (seen, expected) in seen.iter().zip(expected) {
        assert_eq!(seen, expected, "{format:?}");
    }
}
