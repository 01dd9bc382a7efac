//! Families of files, written again.

use std::borrow::Cow;

use exposition::parse::{Family, Value};
use exposition::{Bucket, Desc, Encoder, Histogram, Kind, Quantile, Summary};

/// Writes one file's part of a family. Its metrics get all label names that any of them has, empty where they lack one.
pub(super) fn encode(family: &Family<'_>, help: &str, kind: Kind, out: &mut Encoder) {
    let mut labels: Vec<&str> = family
        .metrics()
        .flat_map(|metric| metric.labels.iter().map(|label| label.name))
        .collect();
    labels.sort_unstable();
    labels.dedup();
    let desc = Desc::new(family.name, help, kind, &labels);
    let mut written = out.family(&desc);
    let mut values = Vec::with_capacity(labels.len());
    for metric in family.metrics() {
        values.clear();
        values.extend(labels.iter().map(|name| metric.label(name).unwrap_or_default()));
        match metric.value {
            Value::Number(number) => written.sample(values.as_slice(), number),
            Value::Histogram(histogram) => written.histogram(
                values.as_slice(),
                &Histogram {
                    buckets: &sorted(histogram.buckets, |bucket: &Bucket<'_>| bucket.upper_bound),
                    ..histogram
                },
            ),
            Value::Summary(summary) => written.summary(
                values.as_slice(),
                &Summary {
                    quantiles: &sorted(summary.quantiles, |quantile: &Quantile| quantile.quantile),
                    ..summary
                },
            ),
        };
    }
}

/// The parts by rising bound; of several with one bound the last.
fn sorted<T: Copy>(parts: &[T], bound: impl Fn(&T) -> f64) -> Cow<'_, [T]> {
    if parts.is_sorted_by(|a, b| bound(a) < bound(b)) {
        return Cow::Borrowed(parts);
    }
    let mut sorted = parts.to_vec();
    sorted.reverse();
    sorted.sort_by(|a, b| bound(a).total_cmp(&bound(b)));
    sorted.dedup_by(|a, b| bound(a).total_cmp(&bound(b)).is_eq());
    Cow::Owned(sorted)
}

#[cfg(test)]
mod tests {
    use exposition::parse::parse;
    use exposition::{Format, assemble};

    use super::*;

    fn again(text: &str) -> String {
        let families = parse(text.as_bytes()).unwrap();
        let (mut out, mut again) = (Encoder::new(Format::Text004), Vec::new());
        for family in &families {
            encode(family, family.help.as_deref().unwrap_or("Help."), family.kind, &mut out);
        }
        assemble([&out], &mut again);
        String::from_utf8(again).unwrap()
    }

    #[test]
    fn missing_labels_are_filled_with_empty_ones() {
        let text = "x{b=\"1\",a=\"2\"} 1\nx{b=\"3\"} 2\nx 3\n";
        let expected = "\
# HELP x Help.
# TYPE x untyped
x{a=\"\",b=\"\"} 3
x{a=\"\",b=\"3\"} 2
x{a=\"2\",b=\"1\"} 1
";
        assert_eq!(again(text), expected);
    }

    #[test]
    fn buckets_are_sorted_and_the_last_of_equals_counts() {
        let text = "\
# TYPE h histogram
h_bucket{le=\"2\",a=\"b\"} 2
h_bucket{le=\"1\",a=\"b\"} 1
h_bucket{le=\"1\",a=\"b\"} 3
h_sum{a=\"b\"} 3
h_count{a=\"b\"} 4
";
        let expected = "\
# HELP h Help.
# TYPE h histogram
h_bucket{a=\"b\",le=\"1\"} 3
h_bucket{a=\"b\",le=\"2\"} 2
h_bucket{a=\"b\",le=\"+Inf\"} 4
h_sum{a=\"b\"} 3
h_count{a=\"b\"} 4
";
        assert_eq!(again(text), expected);
    }

    #[test]
    fn summaries_and_help_are_kept() {
        let text = "\
# HELP s A \\\\ b\\n.
# TYPE s summary
s{quantile=\"0.5\"} NaN
s{quantile=\"0.9\"} 2
s_sum 3
s_count 4
";
        assert_eq!(again(text), text);
    }
}
