//! The seam between the web server and an exporter.

use std::future::Future;
use std::time::{Duration, Instant};

use exposition::{Escaping, Format};

/// What a scraper wants.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// The format that was negotiated.
    pub format: Format,
    /// What becomes of names outside the old character set.
    pub escaping: Escaping,
    /// Whether the answer goes out as gzip.
    pub gzip: bool,
    /// When the answer must be on its way.
    pub deadline: Instant,
    /// The query's parameters, decoded, in order.
    pub params: Vec<(String, String)>,
}

impl Request {
    /// All values of one query parameter.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.params
            .iter()
            .filter(move |(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

/// The bytes that answer a scrape.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The exposition, compressed when the request wanted that.
    pub body: Vec<u8>,
    /// How many families or series had to be left out of it because they came twice.
    pub rejected: usize,
}

/// Why a scrape gets no metrics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status: 400 for a wrong query, 503 when there was no time.
    pub status: u16,
    /// One sentence for the person who reads the answer.
    pub text: String,
}

/// Answers scrapes: the only thing that the web server knows of an exporter.
pub trait Scrape: Send + Sync + 'static {
    /// The answer, on time.
    fn scrape(&self, request: Request) -> impl Future<Output = Result<Answer, Refusal>> + Send;
}

/// How long a scrape may take that says nothing of its timeout.
const UNSPECIFIED: Duration = Duration::from_secs(30);

/// The longest that a scraper may make us wait.
const LONGEST: Duration = Duration::from_secs(600);

/// How long a scrape may take whose `X-Prometheus-Scrape-Timeout-Seconds` has this value: a tenth less, at most half
/// a second, for the way back.
pub fn deadline_from_header(value: Option<&str>) -> Duration {
    let seconds = value
        .and_then(|text| text.trim().parse::<f64>().ok())
        .filter(|seconds| *seconds > 0.0);
    let Some(timeout) = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()) else {
        return UNSPECIFIED;
    };
    let timeout = timeout.min(LONGEST);
    timeout - (timeout / 10).min(Duration::from_millis(500))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deadline_comes_a_little_before_the_scrapers() {
        for (header, millis) in [
            (Some("10"), 9_500),
            (Some("1"), 900),
            (Some("0.5"), 450),
            (Some("1e9"), 599_500),
            (Some("0"), 30_000),
            (Some("-1"), 30_000),
            (Some("NaN"), 30_000),
            (Some("inf"), 30_000),
            (Some("soon"), 30_000),
            (None, 30_000),
        ] {
            assert_eq!(
                deadline_from_header(header),
                Duration::from_millis(millis),
                "{header:?}"
            );
        }
    }
}
