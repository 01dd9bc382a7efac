//! The few questions that the test asks of Prometheus' HTTP API.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::seen::{Number, SeenExemplar, SeenSample};

type Labels = std::collections::BTreeMap<String, String>;

/// Type and help of a family, as `/api/v1/targets/metadata` tells them.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub(super) struct Metadata {
    pub(super) metric: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) help: String,
}

#[derive(Deserialize)]
struct Answer<T> {
    data: T,
}

#[derive(Deserialize)]
struct Vector {
    result: Vec<Series>,
}

#[derive(Deserialize)]
struct Series {
    metric: Labels,
    value: (f64, String),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Exemplars {
    series_labels: Labels,
    exemplars: Vec<Exemplar>,
}

#[derive(Deserialize)]
struct Exemplar {
    labels: Labels,
    value: String,
    timestamp: f64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Targets {
    active_targets: Vec<ScrapedTarget>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ScrapedTarget {
    scrape_url: String,
    last_error: String,
}

/// Whether the server says that it is ready.
pub(super) fn is_ready(server: SocketAddr) -> bool {
    get(server, "/-/ready").is_ok_and(|(status, _)| status == 200)
}

/// Every series of a job with its newest value, without the labels `job` and `instance`, in order.
pub(super) fn series(server: SocketAddr, job: &str) -> Vec<SeenSample> {
    let vector: Vector = ask(server, &format!("query?query=%7Bjob%3D%22{job}%22%7D"));
    let mut series: Vec<_> = vector.result.into_iter().map(sample).collect();
    series.sort();
    series
}

fn sample(series: Series) -> SeenSample {
    let (name, labels) = name_and_labels(series.metric);
    SeenSample {
        name,
        labels,
        value: number(series.value.1),
        exemplar: None,
    }
}

/// Name and labels of the series of a job that have exemplars, with each of those, in order.
pub(super) fn exemplars(server: SocketAddr, job: &str) -> Vec<(String, Labels, SeenExemplar)> {
    let query = format!("query_exemplars?query=%7Bjob%3D%22{job}%22%7D&start=0&end=9999999999");
    let found: Vec<Exemplars> = ask(server, &query);
    let mut exemplars: Vec<_> = found
        .into_iter()
        .flat_map(|series| {
            let (name, labels) = name_and_labels(series.series_labels);
            let exemplars = series.exemplars.into_iter();
            exemplars.map(move |exemplar| (name.clone(), labels.clone(), seen_exemplar(exemplar)))
        })
        .collect();
    exemplars.sort();
    exemplars
}

fn seen_exemplar(exemplar: Exemplar) -> SeenExemplar {
    SeenExemplar {
        labels: exemplar.labels,
        value: number(exemplar.value),
        timestamp: Some(exemplar.timestamp.into()),
    }
}

/// Type and help of every family of a job, in order.
pub(super) fn metadata(server: SocketAddr, job: &str) -> Vec<Metadata> {
    let query = format!("targets/metadata?match_target=%7Bjob%3D%22{job}%22%7D");
    let mut metadata: Vec<Metadata> = ask(server, &query);
    metadata.sort();
    metadata
}

/// The URL and last error of each target; the error is empty where there was none.
pub(super) fn scrape_errors(server: SocketAddr) -> Vec<(String, String)> {
    let targets: Targets = ask(server, "targets");
    let targets = targets.active_targets.into_iter();
    targets.map(|target| (target.scrape_url, target.last_error)).collect()
}

fn name_and_labels(mut labels: Labels) -> (String, Labels) {
    labels.retain(|name, _| name != "job" && name != "instance");
    (labels.remove("__name__").unwrap_or_default(), labels)
}

fn number(text: String) -> Number {
    Number::try_from(text).expect("a number")
}

fn ask<T: DeserializeOwned>(server: SocketAddr, query: &str) -> T {
    let (status, body) = get(server, &format!("/api/v1/{query}")).expect("the server answers");
    assert_eq!(status, 200, "{query}: {body}");
    let answer: Answer<T> = serde_json::from_str(&body).unwrap_or_else(|error| panic!("{query}: {error}: {body}"));
    answer.data
}

/// HTTP 1.0: the answer comes in one piece and ends with the connection.
fn get(server: SocketAddr, path: &str) -> io::Result<(u16, String)> {
    let mut connection = TcpStream::connect(server)?;
    connection.set_read_timeout(Some(Duration::from_secs(10)))?;
    write!(connection, "GET {path} HTTP/1.0\r\nHost: {server}\r\n\r\n")?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    Ok((status.unwrap_or(0), body.to_owned()))
}
