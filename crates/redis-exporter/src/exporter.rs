//! The exporter put together: the target of the telemetry path, and pages.

use std::sync::Arc;
use std::time::{Duration, Instant};

use exporter_toolkit::app::Exporter;
use exporter_toolkit::collector::{CollectError, Collector};
use exporter_toolkit::scrape::RegistryBuilder;
use exporter_toolkit::workers::Workers;
use exposition::Encoder;
use tokio::runtime::{Builder, Runtime};

use crate::build_info::BuildInfo;
use crate::context::Context;
use crate::output::Output;
use crate::pages::RedisPages;
use crate::scrape::{Scrape, scrape};
use crate::settings::Settings;
use crate::totals::Totals;

/// Threads for `/scrape` at most.
const MOST_WORKERS: usize = 4;

/// Threads that look up names at once. The system's lookup may hang; those who come later then wait until their time is up.
const MOST_LOOKUPS: usize = 4;

/// How long a scrape may take that has no deadline.
const UNSPECIFIED: Duration = Duration::from_secs(30);

/// Reads the files that the settings name, and makes the exporter.
///
/// # Errors
/// All that is wrong with these files, or when the system has no thread to give.
pub fn exporter(settings: Settings) -> Result<Exporter, Vec<String>> {
    let context = Arc::new(Context::new(settings)?);
    let started = |error: std::io::Error| vec![format!("starting the scrapers: {error}")];
    let mut registry = RegistryBuilder::default();
    registry.with_own_build_info();
    let build = BuildInfo::new(&context.settings);
    if let Some(build) = build.clone() {
        registry.own(Box::new(build));
    }
    let totals = Arc::new(Totals::default());
    let collector = RedisCollector {
        context: Arc::clone(&context),
        totals: Arc::clone(&totals),
        role: String::new(),
        runtime: Some(runtime().map_err(started)?),
    };
    registry.collector("redis", Box::new(collector));
    let count = std::thread::available_parallelism().map_or(1, usize::from);
    let workers = Workers::start("scrape", count.min(MOST_WORKERS)).map_err(started)?;
    let web = context.settings.web.clone();
    Ok(Exporter {
        registry,
        pages: Box::new(RedisPages::new(context, totals, workers, build)),
        web,
    })
}

fn runtime() -> std::io::Result<Runtime> {
    Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(MOST_LOOKUPS)
        .build()
}

/// Scrapes the target of the telemetry path.
struct RedisCollector {
    context: Arc<Context>,
    totals: Arc<Totals>,
    /// What the target was when it was last seen.
    role: String,
    /// The registry's threads have none. `None` at the end only.
    runtime: Option<Runtime>,
}

impl Drop for RedisCollector {
    /// At the end of the program, which is no place to wait in: the web server's own runtime still runs around it.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Collector for RedisCollector {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        self.collect_before(out, Instant::now() + UNSPECIFIED)
    }

    fn collect_before(&mut self, out: &mut Encoder, deadline: Instant) -> Result<(), CollectError> {
        let settings = &self.context.settings;
        let mut out = Output::new(out, &settings.namespace);
        self.totals.begin();
        if let (Some(target), Some(runtime)) = (&settings.target, &self.runtime) {
            let order = Scrape {
                context: &self.context,
                target,
                options: &settings.options,
                deadline,
            };
            let scrape = scrape(&order, &mut self.role, &mut out);
            self.totals.observe(runtime.block_on(scrape));
        }
        out.set_role(None);
        self.totals.encode(&mut out);
        Ok(())
    }
}
