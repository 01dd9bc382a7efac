//! The values that every reader must find in every format, and how names and bounds are spelled there.

use exposition::{Bucket, Desc, Encoder, Escaping, Exemplar, Format, Histogram, Kind, Quantile, Summary, assemble};

/// A family, and what it is called where its `Desc` alone does not tell.
pub(crate) struct Row {
    pub(crate) desc: Desc<'static>,
    /// The type in every format but OpenMetrics; readers say `unknown` where the text says `untyped`.
    pub(crate) kind: &'static str,
    /// The family's name and type in OpenMetrics.
    pub(crate) open_metrics: (&'static str, &'static str),
    pub(crate) samples: &'static [Sample],
}

pub(crate) struct Sample {
    /// Values for the label names of the `Desc`.
    pub(crate) labels: &'static [&'static str],
    pub(crate) value: Value,
}

pub(crate) enum Value {
    Number(f64),
    Exemplified(f64, Exemplar<'static>),
    Histogram(Histogram<'static>),
    Summary(Summary<'static>),
}

/// What `Escaping::Underscores` makes of the names below that need it.
pub(crate) const UNDERSCORED: &[(&str, &str)] = &[
    ("disk.reads_total", "disk_reads_total"),
    ("disk.reads", "disk_reads"),
    ("größe.bytes", "gr__e_bytes"),
    ("latency.seconds", "latency_seconds"),
    ("1st-answer seconds", "_st_answer_seconds"),
    ("http.method", "http_method"),
    ("2nd", "_nd"),
    ("Straße", "Stra_e"),
    ("with \"quotes\" \\ and\nlines", "with__quotes____and_lines"),
];

/// How bounds and ranks are spelled in text, and in OpenMetrics, where they always look like floats.
pub(crate) const BOUNDS: &[(f64, &str, &str)] = &[
    (-2.5, "-2.5", "-2.5"),
    (0.0, "0", "0.0"),
    (0.00001, "1e-05", "1e-05"),
    (0.005, "0.005", "0.005"),
    (0.5, "0.5", "0.5"),
    (0.99, "0.99", "0.99"),
    (1.0, "1", "1.0"),
    (5.0, "5", "5.0"),
    (1e6, "1e+06", "1e+06"),
    (2.5e9, "2.5e+09", "2.5e+09"),
    (f64::INFINITY, "+Inf", "+Inf"),
];

/// When the exemplars that say so were observed.
pub(crate) const OBSERVED: f64 = 1_520_879_607.702;

const TRACE: Exemplar<'_> = Exemplar {
    labels: &[("trace_id", "4bf92f35"), ("span", "a \"b\" \\ \n ü")],
    value: 0.25,
    timestamp: Some(OBSERVED),
};

const UNTIMED: Exemplar<'_> = Exemplar {
    labels: &[("trace_id", "oHg5SJ#YRHA0")],
    value: 0.67,
    timestamp: None,
};

pub(crate) const TABLE: &[Row] = &[
    Row {
        desc: Desc::counter(
            "http_requests_total",
            "Requests that were answered.",
            &["code", "method"],
        ),
        kind: "counter",
        open_metrics: ("http_requests", "counter"),
        samples: &[
            // Out of order, as collectors may write them.
            sample(&["500", "GET"], 3.0),
            exemplified(&["200", "GET"], 1_044_480.0, TRACE),
            exemplified(&["200", "POST"], 0.5, UNTIMED),
            sample(&["404", ""], 0.0),
        ],
    },
    Row {
        desc: Desc::counter("legacy_hits", "A counter without its suffix.", &["zone"]),
        kind: "counter",
        open_metrics: ("legacy_hits", "unknown"),
        samples: &[
            exemplified(&["a"], 7.0, TRACE),
            sample(&["b"], 18_446_744_073_709_552_000.0),
        ],
    },
    Row {
        desc: Desc::gauge("strings", "Label values of every sort.", &["text"]),
        kind: "gauge",
        open_metrics: ("strings", "gauge"),
        samples: &[
            sample(&["a \"quoted\" word"], 1.0),
            sample(&["\""], 2.0),
            sample(&["C:\\new\\"], 3.0),
            sample(&["\\\""], 4.0),
            sample(&["two\nlines\n"], 5.0),
            sample(&["Größe 日本 🦀"], 6.0),
            sample(&[""], 7.0),
            sample(&["{a=\"b\", c}} # {x} 1"], 8.0),
            sample(&["tab\tand\rreturn"], 9.0),
            sample(&["\\n"], 10.0),
            sample(&["# EOF"], 11.0),
        ],
    },
    Row {
        desc: Desc::gauge("numbers", "Numbers of every sort.", &["written"]),
        kind: "gauge",
        open_metrics: ("numbers", "gauge"),
        samples: &[
            sample(&["0"], 0.0),
            sample(&["-0"], -0.0),
            sample(&["1"], 1.0),
            sample(&["-125000"], -125_000.0),
            sample(&["329204"], 329_204.0),
            sample(&["999999"], 999_999.0),
            sample(&["1e+06"], 1e6),
            sample(&["1.04448e+06"], 1_044_480.0),
            sample(&["1.305e-06"], 1.305e-6),
            sample(&["0.0001"], 0.0001),
            sample(&["9.99e-05"], 0.000_099_9),
            sample(&["0.21"], 0.21),
            sample(&["304.21"], 304.21),
            sample(&["1.2345675e+06"], 1_234_567.5),
            sample(&["999999.5"], 999_999.5),
            sample(&["1.7953109718635187e+09"], 1_795_310_971.863_518_7),
            sample(&["9.007199254740993e+15"], 9_007_199_254_740_993.0),
            sample(&["9.223372036854776e+18"], 9_223_372_036_854_775_807.0),
            sample(&["1.8446744073709552e+19"], 18_446_744_073_709_551_615.0),
            sample(&["1e+21"], 1e21),
            sample(&["-1e+100"], -1e100),
            sample(&["5e-324"], 5e-324),
            sample(&["2.2250738585072014e-308"], f64::MIN_POSITIVE),
            sample(&["1.7976931348623157e+308"], f64::MAX),
            sample(&["-1.7976931348623157e+308"], f64::MIN),
            sample(&["NaN"], f64::NAN),
            sample(&["+Inf"], f64::INFINITY),
            sample(&["-Inf"], f64::NEG_INFINITY),
        ],
    },
    Row {
        desc: Desc::new("pages_fault", "A value of unknown type.", Kind::Untyped, &[]),
        kind: "unknown",
        open_metrics: ("pages_fault", "unknown"),
        samples: &[sample(&[], 42.0)],
    },
    Row {
        desc: Desc::new("icmp_total", "An untyped value called a total.", Kind::Untyped, &[]),
        kind: "unknown",
        open_metrics: ("icmp_total", "unknown"),
        samples: &[sample(&[], 1.5)],
    },
    Row {
        desc: Desc::gauge("memory_total", "A gauge called a total.", &[]),
        kind: "gauge",
        open_metrics: ("memory_total", "gauge"),
        samples: &[sample(&[], 16.0)],
    },
    Row {
        desc: Desc::new("app_build_info", "Facts.", Kind::Info, &["revision", "version"]),
        kind: "gauge",
        open_metrics: ("app_build", "info"),
        samples: &[sample(&["abc", "1.2.3"], 1.0)],
    },
    Row {
        desc: Desc::new("os_facts", "Facts without their suffix.", Kind::Info, &["id"]),
        kind: "gauge",
        open_metrics: ("os_facts", "gauge"),
        samples: &[sample(&["debian"], 1.0)],
    },
    Row {
        desc: Desc::new("request_seconds", "With the last bucket.", Kind::Histogram, &["code"]),
        kind: "histogram",
        open_metrics: ("request_seconds", "histogram"),
        samples: &[
            histogram(
                &["200"],
                &[
                    bucket(0.00001, 0, None),
                    bucket(0.005, 10, Some(UNTIMED)),
                    bucket(1.0, 150, Some(TRACE)),
                    bucket(1e6, 1_234_567, None),
                    bucket(f64::INFINITY, 1_234_569, Some(TRACE)),
                ],
                12.5,
                1_234_569,
            ),
            histogram(
                &["\"\\\n"],
                &[bucket(0.5, 0, None), bucket(f64::INFINITY, 0, None)],
                0.0,
                0,
            ),
        ],
    },
    Row {
        desc: Desc::new("queue_seconds", "Without the last bucket.", Kind::Histogram, &[]),
        kind: "histogram",
        open_metrics: ("queue_seconds", "histogram"),
        samples: &[histogram(
            &[],
            &[bucket(0.0, 1, None), bucket(5.0, 2, None), bucket(2.5e9, 2, None)],
            1e10,
            u64::MAX,
        )],
    },
    Row {
        desc: Desc::new("bare_seconds", "Without any bucket.", Kind::Histogram, &["a"]),
        kind: "histogram",
        open_metrics: ("bare_seconds", "histogram"),
        samples: &[histogram(&["x"], &[], 3.5, 2)],
    },
    Row {
        desc: Desc::new("gc_seconds", "Quantiles.", Kind::Summary, &["pool"]),
        kind: "summary",
        open_metrics: ("gc_seconds", "summary"),
        samples: &[
            summary(&["idle"], &[quantile(0.5, f64::NAN), quantile(0.99, f64::NAN)], 0.0, 0),
            summary(
                &["busy"],
                &[
                    quantile(0.0, 0.000_012),
                    quantile(0.5, 0.25),
                    quantile(0.99, 2.0),
                    quantile(1.0, 7e6),
                ],
                12_000_000.5,
                4_711,
            ),
        ],
    },
    Row {
        desc: Desc::new("rpc_seconds", "No quantiles.", Kind::Summary, &[]),
        kind: "summary",
        open_metrics: ("rpc_seconds", "summary"),
        samples: &[summary(&[], &[], 17.25, 3)],
    },
    Row {
        desc: Desc::gauge("größe.bytes", "Size: 日本.", &["2nd", "Straße", "plain"]),
        kind: "gauge",
        open_metrics: ("größe.bytes", "gauge"),
        samples: &[
            sample(&["zwei", "Ring\n", "x"], 1.0),
            sample(&["zwei", "Weg", "y"], 2.0),
        ],
    },
    Row {
        desc: Desc::counter("disk.reads_total", "Reads.", &[]),
        kind: "counter",
        open_metrics: ("disk.reads", "counter"),
        samples: &[exemplified(&[], 12.0, TRACE)],
    },
    Row {
        desc: Desc::new("latency.seconds", "Latency.", Kind::Histogram, &["http.method"]),
        kind: "histogram",
        open_metrics: ("latency.seconds", "histogram"),
        samples: &[histogram(&["GET"], &[bucket(0.5, 1, Some(UNTIMED))], 0.75, 2)],
    },
    Row {
        desc: Desc::new("1st-answer seconds", "First answer.", Kind::Summary, &["plain"]),
        kind: "summary",
        open_metrics: ("1st-answer seconds", "summary"),
        samples: &[summary(&["x"], &[quantile(0.5, 0.125)], 0.25, 2)],
    },
    Row {
        desc: Desc::gauge("with \"quotes\" \\ and\nlines", "Name with quotes.", &[]),
        kind: "gauge",
        open_metrics: ("with \"quotes\" \\ and\nlines", "gauge"),
        samples: &[sample(&[], 1.0)],
    },
    Row {
        desc: Desc::gauge(
            "odd_help",
            "A \"quoted\" word, C:\\new\\dir,\ntwo lines, 日本 # EOF.",
            &[],
        ),
        kind: "gauge",
        open_metrics: ("odd_help", "gauge"),
        samples: &[sample(&[], 1.0)],
    },
    Row {
        desc: Desc::gauge("no_help", "", &[]),
        kind: "gauge",
        open_metrics: ("no_help", "gauge"),
        samples: &[sample(&[], 1.0)],
    },
    Row {
        desc: Desc::gauge("job:load1:avg5m", "A name with colons.", &[]),
        kind: "gauge",
        open_metrics: ("job:load1:avg5m", "gauge"),
        samples: &[sample(&[], 0.33)],
    },
    Row {
        desc: Desc::gauge("never_written", "A family without samples.", &["a"]),
        kind: "gauge",
        open_metrics: ("never_written", "gauge"),
        samples: &[],
    },
];

const fn sample(labels: &'static [&'static str], value: f64) -> Sample {
    let value = Value::Number(value);
    Sample { labels, value }
}

const fn exemplified(labels: &'static [&'static str], value: f64, exemplar: Exemplar<'static>) -> Sample {
    let value = Value::Exemplified(value, exemplar);
    Sample { labels, value }
}

const fn histogram(
    labels: &'static [&'static str],
    buckets: &'static [Bucket<'static>],
    sum: f64,
    count: u64,
) -> Sample {
    let value = Value::Histogram(Histogram { buckets, sum, count });
    Sample { labels, value }
}

const fn bucket(upper_bound: f64, cumulative_count: u64, exemplar: Option<Exemplar<'static>>) -> Bucket<'static> {
    Bucket {
        upper_bound,
        cumulative_count,
        exemplar,
    }
}

const fn summary(labels: &'static [&'static str], quantiles: &'static [Quantile], sum: f64, count: u64) -> Sample {
    let value = Value::Summary(Summary { quantiles, sum, count });
    Sample { labels, value }
}

const fn quantile(quantile: f64, value: f64) -> Quantile {
    Quantile { quantile, value }
}

/// The two ways of giving labels.
#[derive(Clone, Copy)]
pub(crate) enum Style {
    Values,
    Pairs,
}

/// The whole table as a scraper gets it.
pub(crate) fn body(format: Format, escaping: Escaping, style: Style) -> Vec<u8> {
    let mut encoder = Encoder::new(format);
    encoder.reset(format, escaping);
    for row in TABLE {
        write(&mut encoder, row, style);
    }
    let mut body = Vec::new();
    assert_eq!(assemble([&encoder], &mut body), []);
    body
}

fn write(encoder: &mut Encoder, row: &Row, style: Style) {
    let desc = match style {
        Style::Values => row.desc,
        Style::Pairs => Desc {
            labels: &[],
            ..row.desc
        },
    };
    let mut family = encoder.family(&desc);
    for Sample { labels, value } in row.samples {
        let pairs: Vec<_> = row.desc.labels.iter().copied().zip(labels.iter().copied()).collect();
        let labels = match style {
            Style::Values => exposition::Labels::from(*labels),
            Style::Pairs => pairs.as_slice().into(),
        };
        match value {
            Value::Number(value) => family.sample(labels, *value),
            Value::Exemplified(value, exemplar) => family.sample_with_exemplar(labels, *value, exemplar),
            Value::Histogram(value) => family.histogram(labels, value),
            Value::Summary(value) => family.summary(labels, value),
        };
    }
}
