//! Dashboards beside the stack that they tell of.

use std::{net::TcpListener, time::Duration};

use ::dashboards::{
    board::Asker,
    prometheus::Client,
    viewer::{Shelf, Site, serve},
};
use anyhow::{Context, Result};

use super::{options::Options, service::page_url};
use crate::drill::Pace;

/// As the stack's own configuration has it.
const SCRAPE_INTERVAL: Duration = Duration::from_secs(15);

/// Comes back only when they cannot be shown.
pub(super) async fn show(options: &Options, listener: TcpListener) -> Result<()> {
    listener
        .set_nonblocking(true)
        .context("listening for readers of dashboards")?;
    let listener = tokio::net::TcpListener::from_std(listener).context("listening for readers of dashboards")?;
    let client = Client::new(&page_url(options.prometheus_listen), None)?;
    let local = options.dashboards_listen.ip().is_loopback();
    // In a drill as often as it probes: what lasts seconds there would not be seen.
    let interval = options.drill.unwrap_or(Pace::REAL).probe(SCRAPE_INTERVAL);
    let asker = Asker::new(client, interval.as_secs_f64());
    let site = Site::new(Shelf::new(&options.dashboards_dir), asker, local).context("showing dashboards")?;
    serve(listener, site).await;
    Ok(())
}
