//! Every series of the table, in every format, as Prometheus shows it after scraping.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use exposition::{Escaping, Format};

use super::api::{self, Metadata};
use super::process::Prometheus;
use super::target::Target;
use crate::seen::{Number, SeenExemplar, SeenFamily, SeenSample, expected};
use crate::table::OBSERVED;

const DEADLINE: Duration = Duration::from_secs(30);

#[test]
fn a_prometheus_server_scrapes_every_format() {
    let target = Target::start();
    let server = Prometheus::start(target.address);
    wait_until_scraped(&target, &server);
    for format in Format::ALL {
        let seen = api::series(server.address, &format!("{format:?}"));
        let (own, ours): (Vec<_>, Vec<_>) = seen.into_iter().partition(is_of_the_server);
        let up: Vec<_> = own.iter().filter(|sample| sample.name == "up").collect();
        assert_eq!(up.len(), 1, "{format:?}: {own:?}");
        let errors = api::scrape_errors(server.address);
        assert_eq!(up[0].value, Number::from(1.0), "{format:?}: {errors:?}");
        assert_all_equal(&ours, &series_of(format), format);
        let metadata = api::metadata(server.address, &format!("{format:?}"));
        assert_all_equal(&metadata, &metadata_of(format), format);
        let exemplars = comparable(api::exemplars(server.address, &format!("{format:?}")));
        assert_all_equal(&exemplars, &exemplars_of(format), format);
    }
}

/// A target's second scrape shows that its first is stored.
fn wait_until_scraped(target: &Target, server: &Prometheus) {
    let mut scrapes = BTreeMap::new();
    let end = Instant::now() + DEADLINE;
    while Format::ALL
        .iter()
        .any(|format| scrapes.get(&format!("{format:?}")) < Some(&2))
        || !api::is_ready(server.address)
    {
        match target
            .scrapes
            .recv_timeout(end.saturating_duration_since(Instant::now()))
        {
            Ok(format) => *scrapes.entry(format!("{format:?}")).or_insert(0) += 1,
            Err(_) => panic!(
                "no two scrapes of each in {DEADLINE:?}, only {scrapes:?}:\n{}",
                server.log()
            ),
        }
    }
}

/// `up`, `scrape_duration_seconds` and such, which Prometheus adds to each job.
fn is_of_the_server(sample: &SeenSample) -> bool {
    sample.name == "up" || sample.name.starts_with("scrape_")
}

/// Prometheus completes the buckets of a protobuf histogram, and spells bounds as in OpenMetrics.
fn families_of(format: Format) -> Vec<SeenFamily> {
    let format = if format == Format::Protobuf {
        Format::OpenMetrics100
    } else {
        format
    };
    expected(format, Escaping::Underscores)
}

fn series_of(format: Format) -> Vec<SeenSample> {
    let samples = families_of(format).into_iter().flat_map(|family| family.samples);
    let mut samples: Vec<_> = samples
        .map(|mut sample| {
            sample.exemplar = None;
            // To Prometheus an empty label is none.
            sample.labels.retain(|_, value| !value.is_empty());
            sample
        })
        .collect();
    samples.sort();
    samples
}

fn metadata_of(format: Format) -> Vec<Metadata> {
    let families = expected(format, Escaping::Underscores).into_iter();
    let mut metadata: Vec<_> = families
        .map(|family| Metadata {
            metric: family.name,
            kind: family.kind,
            help: family.help,
        })
        .collect();
    metadata.sort();
    metadata
}

type Exemplified = (String, BTreeMap<String, String>, SeenExemplar);

fn exemplars_of(format: Format) -> Vec<Exemplified> {
    let samples = expected(format, Escaping::Underscores)
        .into_iter()
        .flat_map(|family| family.samples);
    let exemplars = samples.filter_map(|sample| Some((sample.name, sample.labels, sample.exemplar?)));
    comparable(exemplars.collect())
}

/// Prometheus gives an exemplar without a time that of the scrape, and 2.42 leaves the values of exemplars' labels
/// escaped.
fn comparable(mut exemplars: Vec<Exemplified>) -> Vec<Exemplified> {
    for (.., exemplar) in &mut exemplars {
        exemplar.timestamp.take_if(|timestamp| *timestamp != OBSERVED.into());
        exemplar.labels.retain(|_, value| !value.contains(['"', '\\', '\n']));
    }
    exemplars.sort();
    exemplars
}

/// One by one, for messages that can be read.
fn assert_all_equal<T: PartialEq + std::fmt::Debug>(seen: &[T], expected: &[T], format: Format) {
    for expected in expected {
        assert!(
            seen.contains(expected),
            "{format:?}: not seen: {expected:?} in {seen:#?}"
        );
    }
    for seen in seen {
        assert!(expected.contains(seen), "{format:?}: not in the table: {seen:?}");
    }
    assert_eq!(seen.len(), expected.len(), "{format:?}: something twice");
}
