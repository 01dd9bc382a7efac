//! What holds of the whole encoder, whatever is written: it reads back, in order, once, and each format has its end.
//! The text is read by [`exposition::parse`]; tests/readers has the readers that were written elsewhere.

use std::collections::BTreeMap;

use exposition::parse::{self, parse};
use exposition::{Bucket, Desc, Encoder, Escaping, Format, Histogram, Kind, Quantile, Reason, Summary, assemble};
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;

const TEXT: [Format; 3] = [Format::Text004, Format::Text100, Format::OpenMetrics100];

fn answer(format: Format, escaping: Escaping, write: impl FnOnce(&mut Encoder)) -> Vec<u8> {
    let mut encoder = Encoder::new(format);
    encoder.reset(format, escaping);
    write(&mut encoder);
    let mut out = Vec::new();
    assert_eq!(assemble([&encoder], &mut out), []);
    out
}

/// Any text, and often what has a meaning in some format.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[ \t\r\n\\\\\"#{}=,a-cEOFü]{0,24}"]
}

/// Numbers of every exponent, and the special ones.
fn number() -> impl Strategy<Value = f64> {
    any::<u64>().prop_map(f64::from_bits)
}

fn same(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
}

/// Bounds, each once and rising.
fn bounds() -> impl Strategy<Value = Vec<f64>> {
    btree_set(-1_000_000..1_000_000_i64, 0..8).prop_map(|bounds| bounds.into_iter().map(|i| i as f64 / 128.0).collect())
}

#[test]
fn a_name_that_is_only_a_suffix_stays() {
    for (name, kind, word) in [("_total", Kind::Counter, "unknown"), ("_info", Kind::Info, "gauge")] {
        let body = answer(Format::OpenMetrics100, Escaping::Underscores, |encoder| {
            encoder.scalar(&Desc::new(name, "Help.", kind, &[]), 1.0);
        });
        let expected = format!("# HELP {name} Help.\n# TYPE {name} {word}\n{name} 1\n# EOF\n");
        assert_eq!(String::from_utf8(body).unwrap(), expected);
    }
}

fn is_legacy(name: &str) -> bool {
    !name.starts_with(|first: char| first.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == ':')
}

proptest! {
    #[test]
    fn label_values_and_help_read_back(values in vec(text(), 2), help in text(), value in number()) {
        let desc = Desc::gauge("g", &help, &["a", "b"]);
        for format in [Format::Text004, Format::Text100] {
            let body = answer(format, Escaping::Underscores, |encoder| {
                encoder.family(&desc).sample(&[values[0].as_str(), &values[1]], value);
            });
            let families = parse(&body).unwrap();
            prop_assert_eq!(families.len(), 1);
            // Blanks before the text separate it from the name.
            prop_assert_eq!(families[0].help.as_deref().unwrap_or(""), help.trim_start_matches([' ', '\t']));
            let metric = families[0].metrics().next().unwrap();
            prop_assert_eq!(metric.label("a"), Some(values[0].as_str()));
            prop_assert_eq!(metric.label("b"), Some(values[1].as_str()));
            prop_assert!(matches!(metric.value, parse::Value::Number(seen) if same(seen, value)));
        }
    }

    #[test]
    fn any_name_becomes_one_that_everything_reads(name in "\\PC{1,12}", label in "\\PC{1,12}", kind in 0..4_usize) {
        let kind = [Kind::Counter, Kind::Gauge, Kind::Untyped, Kind::Info][kind];
        let labels = [label.as_str()];
        let desc = Desc::new(&name, "Help.", kind, &labels);
        let body = answer(Format::Text004, Escaping::Underscores, |encoder| {
            encoder.family(&desc).sample(&["x"], 1.0);
        });
        let families = parse(&body).unwrap();
        prop_assert_eq!(families.len(), 1);
        prop_assert!(is_legacy(families[0].name), "{}", families[0].name);
        prop_assert_eq!(families[0].name.chars().count(), name.chars().count());
        let metric = families[0].metrics().next().unwrap();
        prop_assert!(is_legacy(metric.labels[0].name) && !metric.labels[0].name.contains(':'));
    }

    #[test]
    fn pairs_are_written_like_values(values in vec(text(), 2), names in vec("\\PC{1,8}", 2), value in number()) {
        let names = [names[0].as_str(), names[1].as_str()];
        let values = [values[0].as_str(), values[1].as_str()];
        let pairs = [(names[0], values[0]), (names[1], values[1])];
        let (with_names, without) = (Desc::gauge("g", "G.", &names), Desc::gauge("g", "G.", &[]));
        for format in Format::ALL {
            for escaping in [Escaping::Underscores, Escaping::AllowUtf8] {
                let by_values = answer(format, escaping, |encoder| {
                    encoder.family(&with_names).sample(&values, value);
                });
                let by_pairs = answer(format, escaping, |encoder| {
                    encoder.family(&without).sample(pairs.as_slice(), value);
                });
                prop_assert_eq!(by_values, by_pairs, "{:?} {:?}", format, escaping);
            }
        }
    }

    #[test]
    fn histograms_read_back(bounds in bounds(), steps in vec(0..1_000_000_u64, 8), sum in number(), label in text()) {
        let mut count = 0;
        let mut buckets: Vec<_> = bounds.iter().zip(steps).map(|(upper_bound, step)| {
            count += step;
            Bucket { upper_bound: *upper_bound, cumulative_count: count, exemplar: None }
        }).collect();
        let desc = Desc::new("h", "H.", Kind::Histogram, &["a"]);
        let body = answer(Format::Text004, Escaping::Underscores, |encoder| {
            encoder.family(&desc).histogram(&[label.as_str()], &Histogram { buckets: &buckets, sum, count });
        });
        buckets.push(Bucket { upper_bound: f64::INFINITY, cumulative_count: count, exemplar: None });
        let families = parse(&body).unwrap();
        let metric = families[0].metrics().next().unwrap();
        prop_assert_eq!(metric.label("a"), Some(label.as_str()));
        let parse::Value::Histogram(seen) = metric.value else { panic!("{:?}", metric.value) };
        prop_assert_eq!((seen.buckets, seen.count), (buckets.as_slice(), count));
        prop_assert!(same(seen.sum, sum));
    }

    #[test]
    fn summaries_read_back(ranks in btree_set(0..=128_u8, 0..6), values in vec(number(), 6), sum in number(), count: u64) {
        let quantiles: Vec<_> = ranks.iter().zip(values).map(|(rank, value)| {
            Quantile { quantile: f64::from(*rank) / 128.0, value }
        }).collect();
        let desc = Desc::new("s", "S.", Kind::Summary, &[]);
        let body = answer(Format::Text004, Escaping::Underscores, |encoder| {
            encoder.family(&desc).summary(&[], &Summary { quantiles: &quantiles, sum, count });
        });
        let families = parse(&body).unwrap();
        let parse::Value::Summary(seen) = families[0].metrics().next().unwrap().value else { panic!("{families:?}") };
        prop_assert!(same(seen.sum, sum));
        // Counts go through a float, as everywhere in Prometheus.
        prop_assert_eq!(seen.count, count as f64 as u64);
        prop_assert_eq!(seen.quantiles.len(), quantiles.len());
        for (seen, expected) in seen.quantiles.iter().zip(&quantiles) {
            prop_assert!(same(seen.quantile, expected.quantile) && same(seen.value, expected.value));
        }
    }

    #[test]
    fn series_are_in_order_and_none_is_twice(written in vec(("[abc]", "[a-c]{0,2}", "[a-c]{0,2}", 0..3_usize), 0..40)) {
        let mut expected = BTreeMap::new();
        let mut parts: [Encoder; 3] = std::array::from_fn(|_| Encoder::new(Format::Text004));
        for (part, encoder) in parts.iter_mut().enumerate() {
            for (index, (name, a, b, of)) in written.iter().enumerate() {
                if *of == part {
                    let desc = Desc::gauge(name, "Help.", &["a", "b"]);
                    encoder.family(&desc).sample(&[a.as_str(), b], index as f64);
                    expected.entry((name.as_str(), a.as_str(), b.as_str())).or_insert(index as f64);
                }
            }
        }
        let mut out = Vec::new();
        let rejected = assemble(&parts, &mut out);
        prop_assert!(rejected.iter().all(|rejected| rejected.reason == Reason::Duplicate));
        prop_assert_eq!(rejected.len(), written.len() - expected.len());
        let families = parse(&out).unwrap();
        let seen: Vec<_> = families.iter().flat_map(|family| family.metrics().map(|metric| {
            let label = |name| metric.label(name).unwrap();
            let parse::Value::Number(value) = metric.value else { panic!("{metric:?}") };
            ((family.name, label("a"), label("b")), value)
        })).collect();
        prop_assert_eq!(seen, expected.into_iter().collect::<Vec<_>>());
    }

    #[test]
    fn each_format_has_its_end_and_a_line_for_each_thing(values in vec(text(), 0..5), help in text()) {
        for format in TEXT {
            let body = answer(format, Escaping::AllowUtf8, |encoder| {
                for (index, value) in values.iter().enumerate() {
                    let name = format!("g{index}");
                    encoder.family(&Desc::gauge(&name, &help, &["a"])).sample(&[value.as_str()], 1.0);
                }
            });
            let text = String::from_utf8(body).unwrap();
            let open_metrics = format == Format::OpenMetrics100;
            let lines: Vec<_> = text.split_terminator('\n').collect();
            prop_assert_eq!(lines.len(), 3 * values.len() + usize::from(open_metrics));
            prop_assert!(text.is_empty() || text.ends_with('\n'));
            prop_assert_eq!(lines.iter().filter(|line| **line == "# EOF").count(), usize::from(open_metrics));
            prop_assert!(!open_metrics || text.ends_with("# EOF\n"));
            prop_assert!(lines.iter().all(|line| line.starts_with("# ") || line.ends_with(" 1")));
        }
    }
}
