//! How long requests took, by method and endpoint: as a histogram with exemplars, and as a summary beside it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, UNIX_EPOCH};

use exporter_toolkit::collector::{CollectError, Collector};
use exposition::{Bucket, Desc, Encoder, Exemplar, Histogram, Kind, Quantile, Summary};
use prometheus::core::Collector as _;
use prometheus::proto::Metric;
use prometheus::{DEFAULT_BUCKETS, HistogramOpts, HistogramVec};

use super::window::{Quantiles, RANKS, Window};
use super::{Metrics, Seen};
use crate::http_labels::{Endpoint, Verb};

const HISTOGRAM: Desc<'_> = Desc::new(
    "http_request_duration_seconds",
    "Time to answer a request, in seconds, by method and endpoint.",
    Kind::Histogram,
    &["endpoint", "method"],
);
const SUMMARY: Desc<'_> = Desc::new(
    "http_request_duration_summary_seconds",
    "Quantiles of the time to answer the last requests, 500 or a minute's, in seconds, by method and endpoint.",
    Kind::Summary,
    &["endpoint", "method"],
);

#[derive(Debug)]
pub(super) struct Durations {
    /// Registered nowhere: the crate knows no exemplars, so its histograms are written here.
    histograms: HistogramVec,
    last: Mutex<BTreeMap<(Endpoint, Verb), Last>>,
}

/// What of one histogram's observations is kept.
#[derive(Debug, Default)]
struct Last {
    window: Window,
    sum: f64,
    count: u64,
    /// The last of each bucket, +Inf's too.
    traces: [Option<Traced>; DEFAULT_BUCKETS.len() + 1],
}

/// An observation with its trace.
#[derive(Debug)]
struct Traced {
    trace_id: String,
    value: f64,
    /// Seconds since the epoch.
    timestamp: f64,
}

impl Durations {
    pub(super) fn new() -> prometheus::Result<Self> {
        let histograms = HistogramOpts::new(HISTOGRAM.name, HISTOGRAM.help).buckets(DEFAULT_BUCKETS.to_vec());
        let durations = Self {
            histograms: HistogramVec::new(histograms, HISTOGRAM.labels)?,
            last: Mutex::default(),
        };
        for endpoint in Endpoint::KNOWN {
            for verb in endpoint.usual_verbs() {
                durations
                    .histograms
                    .with_label_values(&[endpoint.label(), verb.label()]);
            }
        }
        Ok(durations)
    }

    pub(super) fn observe(&self, seen: &Seen) {
        let value = seen.took.as_secs_f64();
        let labels = [seen.endpoint.label(), seen.verb.label()];
        self.histograms.with_label_values(&labels).observe(value);
        let traced = Traced {
            trace_id: seen.trace.to_string(),
            value,
            timestamp: seen.at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64(),
        };
        let bucket = DEFAULT_BUCKETS.partition_point(|bound| *bound < value);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let last = last.entry((seen.endpoint, seen.verb)).or_default();
        last.window.add(seen.took, seen.since_start);
        last.sum += value;
        last.count += 1;
        if let Some(place) = last.traces.get_mut(bucket) {
            *place = Some(traced);
        }
    }

    pub(super) fn quantiles(&self, endpoint: Endpoint, verb: Verb, since_start: Duration) -> Quantiles {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let none = [f64::NAN; RANKS.len()];
        last.get(&(endpoint, verb))
            .map_or(none, |last| last.window.quantiles(since_start))
    }

    fn encode(&self, out: &mut Encoder, since_start: Duration) {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let mut family = out.family(&HISTOGRAM);
        for metric in self.histograms.collect().iter().flat_map(|family| family.get_metric()) {
            let [endpoint, method] = labels(metric);
            let of_it = last
                .iter()
                .find(|((found, verb), _)| found.label() == endpoint && verb.label() == method);
            write(metric, of_it.map(|(_, last)| last), |histogram| {
                family.histogram(&[endpoint, method], histogram);
            });
        }
        let mut family = out.family(&SUMMARY);
        for ((endpoint, verb), last) in last.iter() {
            let values = last.window.quantiles(since_start);
            let quantiles: Vec<Quantile> = RANKS
                .into_iter()
                .zip(values)
                .map(|(quantile, value)| Quantile { quantile, value })
                .collect();
            let summary = Summary {
                quantiles: &quantiles,
                sum: last.sum,
                count: last.count,
            };
            family.summary(&[endpoint.label(), verb.label()], &summary);
        }
    }
}

/// The values of the labels `endpoint` and `method`.
fn labels(metric: &Metric) -> [&str; 2] {
    ["endpoint", "method"].map(|name| {
        let pair = metric.get_label().iter().find(|pair| pair.name() == name);
        pair.map_or("", |pair| pair.value())
    })
}

/// Hands over the histogram with what is known of its observations.
fn write(metric: &Metric, last: Option<&Last>, to: impl FnOnce(&Histogram<'_>)) {
    let histogram = metric.get_histogram();
    let labels: Vec<Option<[(&str, &str); 1]>> = (0..=DEFAULT_BUCKETS.len())
        .map(|bucket| Some([("trace_id", traced(last, bucket)?.trace_id.as_str())]))
        .collect();
    let exemplar = |bucket: usize| {
        let traced = traced(last, bucket)?;
        Some(Exemplar {
            labels: labels.get(bucket)?.as_ref()?,
            value: traced.value,
            timestamp: Some(traced.timestamp),
        })
    };
    let bounded = histogram
        .get_bucket()
        .iter()
        .map(|bucket| (bucket.upper_bound(), bucket.cumulative_count()));
    let all = bounded.chain([(f64::INFINITY, histogram.get_sample_count())]);
    let buckets: Vec<Bucket<'_>> = all
        .enumerate()
        .map(|(index, (upper_bound, cumulative_count))| Bucket {
            upper_bound,
            cumulative_count,
            exemplar: exemplar(index),
        })
        .collect();
    to(&Histogram {
        buckets: &buckets,
        sum: histogram.get_sample_sum(),
        count: histogram.get_sample_count(),
    });
}

fn traced(last: Option<&Last>, bucket: usize) -> Option<&Traced> {
    last?.traces.get(bucket)?.as_ref()
}

/// Writes both families.
pub(crate) struct DurationsCollector {
    pub(crate) metrics: Arc<Metrics>,
    /// The service's start.
    pub(crate) started: Instant,
}

impl Collector for DurationsCollector {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        self.metrics.durations.encode(out, self.started.elapsed());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::TraceId;
    use exposition::{Format, assemble};

    fn seen(millis: u64, trace: u128) -> Seen {
        Seen {
            endpoint: Endpoint::Users,
            verb: Verb::Get,
            status: "200",
            took: Duration::from_millis(millis),
            since_start: Duration::from_secs(1),
            at: UNIX_EPOCH + Duration::from_millis(1_500),
            trace: TraceId(trace),
            user: None,
        }
    }

    fn lines(durations: &Durations, format: Format, with: &str) -> Vec<String> {
        let (mut encoder, mut text) = (Encoder::new(format), Vec::new());
        durations.encode(&mut encoder, Duration::from_secs(1));
        assert!(assemble([&encoder], &mut text).is_empty());
        let text = String::from_utf8(text).unwrap();
        let lines = text.lines().filter(|line| line.contains(with));
        lines.map(str::to_owned).collect()
    }

    #[test]
    fn each_bucket_has_its_last_observation_as_exemplar_in_openmetrics() {
        let durations = Durations::new().unwrap();
        // A bound belongs to the bucket below it, as in the histogram.
        for (millis, trace) in [(3, 1), (5, 2), (40, 3), (20_000, 4)] {
            durations.observe(&seen(millis, trace));
        }
        let exemplars = lines(&durations, Format::OpenMetrics100, " # ");
        let id = |id: u8| format!(r#"{{trace_id="{id:032x}"}}"#);
        let bucket = r#"http_request_duration_seconds_bucket{endpoint="/api/users",method="GET",le="#;
        assert_eq!(
            exemplars,
            [
                format!("{bucket}\"0.005\"}} 2 # {} 0.005 1.500", id(2)),
                format!("{bucket}\"0.05\"}} 3 # {} 0.04 1.500", id(3)),
                format!("{bucket}\"+Inf\"}} 4 # {} 20 1.500", id(4)),
            ]
        );
        assert_eq!(lines(&durations, Format::Text004, " # "), [""; 0]);
    }

    #[test]
    fn the_summary_tells_the_same_as_the_histogram() {
        let durations = Durations::new().unwrap();
        (1..=100).for_each(|millis| durations.observe(&seen(millis * 10, 1)));
        let of_users = r#"{endpoint="/api/users",method="GET""#;
        let found = lines(&durations, Format::Text004, &format!("summary_seconds{of_users}"));
        let quantile =
            |rank, value| format!("http_request_duration_summary_seconds{of_users},quantile=\"{rank}\"}} {value}");
        assert_eq!(found[0], quantile("0.5", "0.5"));
        assert_eq!(found.len(), 4);
        let (sums, counts) = (
            lines(&durations, Format::Text004, "_sum{"),
            lines(&durations, Format::Text004, "_count{"),
        );
        let of_users: Vec<&String> = sums
            .iter()
            .chain(&counts)
            .filter(|line| line.contains(of_users))
            .collect();
        let values: Vec<&str> = of_users.iter().map(|line| line.rsplit(' ').next().unwrap()).collect();
        assert_eq!(values.len(), 4, "{of_users:?}");
        assert!(values[2..].iter().all(|count| *count == "100"), "{values:?}");
        assert!(
            values[..2].iter().all(|sum| sum.starts_with("50.") || *sum == "50.5"),
            "{values:?}"
        );
    }
}
