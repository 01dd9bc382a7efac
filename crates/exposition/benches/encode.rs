//! Encoding 10,000 series of four labels, beside the way by `MetricFamily`s and the `prometheus` crate's TextEncoder.
#![allow(missing_docs)] // criterion_group! makes public items without docs.

use criterion::{Criterion, criterion_group};
use exposition::{Desc, Encoder, Escaping, Format, Gzip, assemble};
use prometheus::Encoder as _;
use prometheus::proto::{Gauge, LabelPair, Metric, MetricFamily, MetricType};
use std::hint::black_box;
use std::time::{Duration, Instant};

const SERIES: usize = 10_000;
const NAMES: [&str; 4] = ["code", "device", "instance", "method"];
const DESC: Desc<'_> = Desc::gauge("http_request_duration_seconds", "Time that a request took.", &NAMES);

/// Label values and a value: half whole numbers, half fractions. In order, as collectors write them.
fn rows() -> Vec<([String; 4], f64)> {
    let row = |i: usize| {
        let labels = [
            format!("{}", 200 + i / 2000),
            format!("eth{i:05}"),
            format!("host-{}:9100", i % 100),
            "GET".into(),
        ];
        let value = if i.is_multiple_of(2) {
            (i * 7919) as f64
        } else {
            i as f64 * 0.137
        };
        (labels, value)
    };
    (0..SERIES).map(row).collect()
}

/// What a collector does at each scrape: the text of all its samples.
fn encode(encoder: &mut Encoder, rows: &[([String; 4], f64)], format: Format) {
    encoder.reset(format, Escaping::Underscores);
    let mut family = encoder.family(&DESC);
    for (labels, value) in rows {
        let [a, b, c, d] = labels;
        family.sample(&[a.as_str(), b, c, d], *value);
    }
}

/// The same, and the answer made of it: sorted, joined, nothing twice. TextEncoder does none of that.
fn answer(encoder: &mut Encoder, rows: &[([String; 4], f64)], out: &mut Vec<u8>) {
    encode(encoder, rows, Format::Text004);
    out.clear();
    assert!(assemble([&*encoder], out).is_empty());
}

/// What a collector on the `prometheus` crate does at each scrape.
fn families(rows: &[([String; 4], f64)]) -> Vec<MetricFamily> {
    let metric = |(labels, value): &([String; 4], f64)| {
        let pair = |(name, text): (&&str, &String)| {
            let mut pair = LabelPair::default();
            pair.set_name((*name).to_owned());
            pair.set_value(text.clone());
            pair
        };
        let mut gauge = Gauge::default();
        gauge.set_value(*value);
        let mut metric = Metric::from_gauge(gauge);
        metric.set_label(NAMES.iter().zip(labels).map(pair).collect());
        metric
    };
    let mut family = MetricFamily::default();
    family.set_name(DESC.name.to_owned());
    family.set_help(DESC.help.to_owned());
    family.set_field_type(MetricType::GAUGE);
    family.set_metric(rows.iter().map(metric).collect());
    vec![family]
}

fn benches(criterion: &mut Criterion) {
    let rows = rows();
    let mut group = criterion.benchmark_group("10,000 series of 4 labels");
    group.sample_size(20);
    for format in Format::ALL {
        let mut encoder = Encoder::new(format);
        group.bench_function(format!("exposition {format:?}"), |b| {
            b.iter(|| {
                encode(&mut encoder, black_box(&rows), format);
                encoder.sample_count()
            });
        });
    }
    let mut backwards = rows.clone();
    backwards.reverse();
    for (name, rows) in [("in order", &rows), ("out of order", &backwards)] {
        let (mut encoder, mut out) = (Encoder::new(Format::Text004), Vec::new());
        group.bench_function(format!("exposition Text004 and assemble, {name}"), |b| {
            b.iter(|| answer(&mut encoder, black_box(rows), &mut out));
        });
    }
    let mut text = Vec::new();
    group.bench_function("prometheus crate, MetricFamily and TextEncoder", |b| {
        b.iter(|| {
            text.clear();
            prometheus::TextEncoder::new()
                .encode(&families(black_box(&rows)), &mut text)
                .expect("valid families");
        });
    });
    let (mut gzip, mut packed) = (Gzip::new(), Vec::new());
    group.bench_function("gzip of the text", |b| {
        b.iter(|| {
            packed.clear();
            gzip.compress(black_box(&text), &mut packed);
        });
    });
    group.finish();
}

/// How often each side runs in turns.
const TURNS: usize = 200;

/// The ratio of the two, run in turns: whatever else the machine does hits both alike, as it does not above.
#[expect(clippy::print_stdout, reason = "the person who runs the benchmark reads it")]
fn in_turns() {
    let rows = rows();
    let mut encoders = Format::ALL.map(Encoder::new);
    let mut times = [const { Vec::new() }; 5];
    let mut text = Vec::new();
    let timed = |times: &mut Vec<Duration>, run: &mut dyn FnMut()| {
        let started = Instant::now();
        run();
        times.push(started.elapsed());
    };
    for _ in 0..TURNS {
        for (encoder, times) in encoders.iter_mut().zip(&mut times) {
            let format = encoder.format();
            timed(times, &mut || encode(encoder, black_box(&rows), format));
        }
        timed(&mut times[4], &mut || {
            text.clear();
            let families = families(black_box(&rows));
            prometheus::TextEncoder::new()
                .encode(&families, &mut text)
                .expect("valid families");
        });
    }
    let [median_text, .., reference] = times.map(|mut times| {
        times.sort_unstable();
        times[TURNS / 2]
    });
    let ratio = reference.as_secs_f64() / median_text.as_secs_f64();
    println!(
        "in turns, medians: TextEncoder {reference:?}, exposition Text004 {median_text:?}: {ratio:.1} times faster"
    );
}

criterion_group!(encoding, benches);

fn main() {
    encoding();
    Criterion::default().configure_from_args().final_summary();
    in_turns();
}
