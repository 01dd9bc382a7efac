//! The exporter put together: configuration, workers, pages.

use std::sync::Arc;

use exporter_toolkit::app::{Exporter, Start};
use exporter_toolkit::scrape::RegistryBuilder;
use exporter_toolkit::workers::Workers;

use crate::live_config::{ConfigMetrics, LiveConfig};
use crate::net::Network;
use crate::pages::{BlackboxPages, State};
use crate::reload::Reloader;
use crate::settings::Settings;

/// Threads that probe at most; more CPUs than these help nobody.
const MOST_WORKERS: usize = 8;

/// Reads the configuration and, unless that is all there is to do, starts the workers.
///
/// # Errors
/// What is wrong with the configuration; the file is named.
pub fn start(settings: Settings) -> Result<Start, Vec<String>> {
    let config = LiveConfig::open(settings.config_file.clone()).map_err(|error| vec![error])?;
    if settings.only_checks {
        log::info!("Config file is ok exiting...");
        return Ok(Start::Done);
    }
    log::info!("Loaded config file");
    Ok(exporter(settings, Arc::new(config))?.into())
}

fn exporter(settings: Settings, config: Arc<LiveConfig>) -> Result<Exporter, Vec<String>> {
    let count = std::thread::available_parallelism()
        .map_or(1, usize::from)
        .min(MOST_WORKERS);
    let workers = Workers::start("probe", count).map_err(|error| vec![format!("starting the workers: {error}")])?;
    let reloader = Reloader::start(Arc::clone(&config), settings.auto_reload)
        .map_err(|error| vec![format!("starting to watch the configuration: {error}")])?;
    let mut registry = RegistryBuilder::default();
    registry.own(Box::new(ConfigMetrics(Arc::clone(&config))));
    let network = Arc::new(Network::new(settings.admission.clone()));
    let state = State::new(settings, config, reloader, network, workers);
    Ok(Exporter {
        registry,
        pages: Box::new(BlackboxPages::new(state)),
        web: None,
    })
}
