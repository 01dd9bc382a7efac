//! The way from the `prometheus` crate, whose values live between scrapes, to the encoder.

use exposition::{Bucket, Desc, Encoder, Histogram, Kind};
use prometheus::proto::{MetricFamily, MetricType};

use crate::collector::{CollectError, Collector};

/// Writes what a registry of the `prometheus` crate holds, so that one encoder makes every format.
pub struct PrometheusRegistry(pub prometheus::Registry);

impl Collector for PrometheusRegistry {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        for family in self.0.gather() {
            encode_family(out, &family);
        }
        Ok(())
    }
}

fn encode_family(out: &mut Encoder, family: &MetricFamily) {
    let kind = match family.get_field_type() {
        MetricType::COUNTER => Kind::Counter,
        MetricType::GAUGE => Kind::Gauge,
        MetricType::HISTOGRAM => Kind::Histogram,
        MetricType::SUMMARY => Kind::Summary,
        MetricType::UNTYPED => Kind::Untyped,
    };
    let desc = Desc::new(family.name(), family.help(), kind, &[]);
    let mut written = out.family(&desc);
    for metric in family.get_metric() {
        let pairs: Vec<(&str, &str)> = metric
            .get_label()
            .iter()
            .map(|pair| (pair.name(), pair.value()))
            .collect();
        let labels = pairs.as_slice();
        match kind {
            Kind::Counter => written.sample(labels, metric.get_counter().get_value()),
            Kind::Histogram => {
                let histogram = metric.get_histogram();
                let bucket = |bucket: &prometheus::proto::Bucket| Bucket {
                    upper_bound: bucket.upper_bound(),
                    cumulative_count: bucket.cumulative_count(),
                    exemplar: None,
                };
                let buckets: Vec<Bucket<'_>> = histogram.get_bucket().iter().map(bucket).collect();
                let (sum, count) = (histogram.get_sample_sum(), histogram.get_sample_count());
                written.histogram(
                    labels,
                    &Histogram {
                        buckets: &buckets,
                        sum,
                        count,
                    },
                )
            }
            _ => written.sample(labels, metric.get_gauge().get_value()),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use exposition::{Format, assemble};
    use prometheus::{HistogramOpts, IntCounterVec, Opts, Registry};

    #[test]
    fn counters_and_histograms_come_out_as_the_crate_itself_writes_them() {
        let registry = Registry::new();
        let counter = IntCounterVec::new(Opts::new("requests_total", "Requests."), &["code"]).unwrap();
        counter.with_label_values(&["200"]).inc_by(7);
        let histogram = HistogramOpts::new("seconds", "Time.").buckets(vec![0.5, 1.0]);
        let histogram = prometheus::Histogram::with_opts(histogram).unwrap();
        histogram.observe(0.7);
        registry.register(Box::new(counter)).unwrap();
        registry.register(Box::new(histogram)).unwrap();
        let expected = prometheus::TextEncoder::new()
            .encode_to_string(&registry.gather())
            .unwrap();
        let (mut encoder, mut text) = (Encoder::new(Format::Text004), Vec::new());
        PrometheusRegistry(registry).collect(&mut encoder).unwrap();
        assert!(assemble([&encoder], &mut text).is_empty());
        assert_eq!(String::from_utf8(text).unwrap(), expected);
    }
}
