//! Dashboards beside the stack that they tell of.

use std::net::TcpListener;

use ::dashboards::{
    board::Asker,
    prometheus::Client,
    viewer::{Shelf, Site, serve},
};
use anyhow::{Context, Result};

use super::{options::Options, service::page_url};

/// As the stack's own configuration has it.
const SCRAPE_INTERVAL: f64 = 15.0;

/// Comes back only when they cannot be shown.
pub(super) async fn show(options: &Options, listener: TcpListener) -> Result<()> {
    listener
        .set_nonblocking(true)
        .context("listening for readers of dashboards")?;
    let listener = tokio::net::TcpListener::from_std(listener).context("listening for readers of dashboards")?;
    let client = Client::new(&page_url(options.prometheus_listen), None)?;
    let local = options.dashboards_listen.ip().is_loopback();
    let asker = Asker::new(client, SCRAPE_INTERVAL);
    let site = Site::new(Shelf::new(&options.dashboards_dir), asker, local).context("showing dashboards")?;
    serve(listener, site).await;
    Ok(())
}
