//! Whatever is written reads back: names, help, labels and numbers of any sort, through every format.
#![no_main]

use arbitrary::Arbitrary;
use exposition::parse::{self, parse};
use exposition::{
    Bucket, Desc, Encoder, Escaping, Exemplar, Format, Histogram, Kind, Quantile, Reason, Summary, assemble,
};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    families: Vec<Family<'a>>,
    parts: u8,
}

#[derive(Arbitrary, Debug)]
struct Family<'a> {
    name: &'a str,
    help: &'a str,
    kind: u8,
    label_names: Vec<&'a str>,
    samples: Vec<Sample<'a>>,
}

#[derive(Arbitrary, Debug)]
struct Sample<'a> {
    labels: Vec<&'a str>,
    value: f64,
    points: Vec<(f64, f64)>,
    count: u64,
    exemplar: Option<(&'a str, &'a str, f64, Option<f64>)>,
}

const KINDS: [Kind; 6] = [
    Kind::Counter,
    Kind::Gauge,
    Kind::Untyped,
    Kind::Info,
    Kind::Histogram,
    Kind::Summary,
];

libfuzzer_sys::fuzz_target!(|input: Input<'_>| {
    for format in Format::ALL {
        for escaping in [Escaping::Underscores, Escaping::AllowUtf8] {
            let (body, duplicates) = encode(&input, format, escaping);
            match format {
                Format::Text004 => read_back(&input, &body, duplicates),
                Format::Text100 if escaping == Escaping::Underscores => read_back(&input, &body, duplicates),
                Format::Text100 => assert!(body.is_empty() || body.ends_with(b"\n")),
                Format::OpenMetrics100 => assert!(body.ends_with(b"# EOF\n")),
                Format::Protobuf => walk_messages(&body),
            }
        }
    }
});

/// The families over several encoders, and how many samples clashed.
fn encode(input: &Input<'_>, format: Format, escaping: Escaping) -> (Vec<u8>, usize) {
    let parts = usize::from(input.parts % 3) + 1;
    let encoder = |part| {
        let mut encoder = Encoder::new(format);
        encoder.reset(format, escaping);
        for (index, family) in input.families.iter().enumerate().skip(part).step_by(parts) {
            write(&mut encoder, index, family);
        }
        encoder
    };
    let encoders: Vec<_> = (0..parts).map(encoder).collect();
    let mut body = Vec::new();
    let rejected = assemble(&encoders, &mut body);
    assert!(rejected.iter().all(|rejected| rejected.reason == Reason::Duplicate));
    (body, rejected.len())
}

/// Names differ by their first characters, so that families and labels stay apart whatever becomes of the rest.
fn write(encoder: &mut Encoder, index: usize, family: &Family<'_>) {
    let name = format!("m{index}_{}", family.name);
    let label_names: Vec<_> = label_names(family).collect();
    let label_names: Vec<_> = label_names.iter().map(String::as_str).collect();
    let kind = KINDS[usize::from(family.kind) % KINDS.len()];
    let desc = Desc::new(&name, family.help, kind, &label_names);
    let mut written = encoder.family(&desc);
    for sample in &family.samples {
        let labels = values(family, sample);
        let bounds = bounds(sample);
        let exemplar_labels = sample.exemplar.map(|(name, value, ..)| [(name, value)]);
        let exemplar = sample.exemplar.zip(exemplar_labels.as_ref());
        let exemplar = exemplar.map(|((.., value, timestamp), labels)| Exemplar {
            labels,
            value,
            timestamp,
        });
        match (kind, &exemplar) {
            (Kind::Histogram, _) => {
                let bucket = |(index, bound): (usize, &f64)| Bucket {
                    upper_bound: *bound,
                    cumulative_count: index as u64,
                    exemplar,
                };
                let buckets: Vec<_> = bounds.iter().enumerate().map(bucket).collect();
                let (sum, count) = (sample.value, sample.count);
                written.histogram(
                    labels.as_slice(),
                    &Histogram {
                        buckets: &buckets,
                        sum,
                        count,
                    },
                )
            }
            (Kind::Summary, _) => {
                let quantile = |bound: &f64| Quantile {
                    quantile: *bound,
                    value: sample.value,
                };
                let quantiles: Vec<_> = bounds.iter().map(quantile).collect();
                let (sum, count) = (sample.value, sample.count);
                written.summary(
                    labels.as_slice(),
                    &Summary {
                        quantiles: &quantiles,
                        sum,
                        count,
                    },
                )
            }
            (_, Some(exemplar)) => written.sample_with_exemplar(labels.as_slice(), sample.value, exemplar),
            (_, None) => written.sample(labels.as_slice(), sample.value),
        };
    }
}

fn label_names(family: &Family<'_>) -> impl Iterator<Item = String> {
    let names = family.label_names.iter().enumerate();
    names.map(|(index, name)| format!("l{index}_{name}"))
}

/// A value for each name.
fn values<'a>(family: &Family<'_>, sample: &Sample<'a>) -> Vec<&'a str> {
    let given = sample.labels.iter().copied().chain(std::iter::repeat(""));
    given.take(family.label_names.len()).collect()
}

/// Bounds as a collector has them: numbers, rising, each once.
fn bounds(sample: &Sample<'_>) -> Vec<f64> {
    let mut bounds: Vec<_> = sample
        .points
        .iter()
        .map(|(bound, _)| bound + 0.0)
        .filter(|bound| !bound.is_nan())
        .collect();
    bounds.sort_by(f64::total_cmp);
    bounds.dedup();
    bounds
}

fn read_back(input: &Input<'_>, body: &[u8], duplicates: usize) {
    let families = parse(body).expect("what the encoder writes can be read");
    let written = input.families.iter().map(|family| family.samples.len()).sum::<usize>();
    let read = families.iter().map(|family| family.metrics().len()).sum::<usize>();
    assert_eq!(read, written - duplicates);
    for family in &families {
        let index = family
            .name
            .trim_start_matches('m')
            .split('_')
            .next()
            .and_then(|index| index.parse::<usize>().ok());
        let source = &input.families[index.expect("the name begins with the index")];
        let help = source.help.trim_start_matches([' ', '\t']);
        assert_eq!(family.help.as_deref().unwrap_or(""), help);
        assert!(
            family
                .metrics()
                .all(|metric| source.samples.iter().any(|sample| is(&metric, source, sample)))
        );
    }
}

/// Whether a metric that was read is the sample that was written.
fn is(metric: &parse::Metric<'_>, family: &Family<'_>, sample: &Sample<'_>) -> bool {
    let same = |number: f64| number.to_bits() == sample.value.to_bits() || (number.is_nan() && sample.value.is_nan());
    let same_value = match metric.value {
        parse::Value::Number(number) => same(number),
        parse::Value::Histogram(histogram) => same(histogram.sum),
        parse::Value::Summary(summary) => same(summary.sum),
    };
    same_value
        && metric
            .labels
            .iter()
            .map(|label| label.value.as_ref())
            .eq(values(family, sample))
}

/// Each message stands behind its length, and the last one ends with the body.
fn walk_messages(mut body: &[u8]) {
    while !body.is_empty() {
        let mut length = 0;
        let mut shift = 0;
        loop {
            let (byte, rest) = body.split_first().expect("a whole length");
            body = rest;
            length |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
        }
        body = body.get(length..).expect("a whole message");
    }
}
