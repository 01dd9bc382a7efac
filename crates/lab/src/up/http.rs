//! Asks a service whether it is ready.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::Empty;
use hyper::Uri;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use tokio::time::{sleep, timeout};

const PAUSE: Duration = Duration::from_millis(50);
/// For one answer: a service that accepts and says nothing is asked again.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// Comes back when `url` answers 200. The caller sets the deadline.
pub(crate) async fn until_ready(url: &Uri) {
    let client: Client<HttpConnector, Empty<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    while !answers_200(&client, url).await {
        sleep(PAUSE).await;
    }
}

async fn answers_200(client: &Client<HttpConnector, Empty<Bytes>>, url: &Uri) -> bool {
    matches!(timeout(ANSWER_WITHIN, client.get(url.clone())).await, Ok(Ok(answer)) if answer.status() == 200)
}
