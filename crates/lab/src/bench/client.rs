//! Scrapes as Prometheus does: one kept connection, gzip asked for.

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::{Request, Uri};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};

/// A scraper of one target.
pub(super) struct Scraper {
    client: Client<HttpConnector, Empty<Bytes>>,
    url: Uri,
}

impl Scraper {
    pub(super) fn new(url: Uri) -> Self {
        Self {
            client: Client::builder(TokioExecutor::new()).build_http(),
            url,
        }
    }

    pub(super) fn url(&self) -> &Uri {
        &self.url
    }

    /// One scrape, the whole body read; how many bytes came over the wire.
    pub(super) async fn scrape(&self) -> Result<usize> {
        Ok(self.get("gzip").await?.len())
    }

    /// The text of a scrape.
    pub(super) async fn text(&self) -> Result<String> {
        let body = self.get("identity").await?;
        String::from_utf8(body.to_vec()).with_context(|| format!("reading {}", self.url))
    }

    async fn get(&self, encoding: &str) -> Result<Bytes> {
        let request = Request::get(self.url.clone())
            .header("Accept", "text/plain;version=0.0.4")
            .header("Accept-Encoding", encoding)
            .header("X-Prometheus-Scrape-Timeout-Seconds", "10")
            .body(Empty::new())
            .context("making a request")?;
        let answer = self
            .client
            .request(request)
            .await
            .with_context(|| format!("scraping {}", self.url))?;
        ensure!(
            answer.status() == 200,
            "scraping {}: status {}",
            self.url,
            answer.status()
        );
        let body = answer
            .into_body()
            .collect()
            .await
            .with_context(|| format!("reading {}", self.url))?;
        Ok(body.to_bytes())
    }
}
