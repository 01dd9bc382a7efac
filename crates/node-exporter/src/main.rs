//! The `node-exporter` program.

use std::path::Path;
use std::process::ExitCode;

use exporter_toolkit::app::{self, Program};
use exporter_toolkit::collector::{build_selected, selection_flags};
use exporter_toolkit::scrape::ScrapeDescs;
use exposition::{Desc, Offer};
use node_exporter::{Context, FLAGS, SPECS, preflight};

const PROGRAM: Program = Program {
    name: "node-exporter",
    prefix: "node_exporter",
    title: "Node Exporter",
    description: "Metrics of this host for Prometheus: CPU, memory, disks, file systems, network.",
    listen_address: &[":9100"],
    offer: Offer::TEXT_FIRST,
};

const SCRAPE_DESCS: ScrapeDescs = ScrapeDescs {
    duration: Desc::gauge(
        "node_scrape_collector_duration_seconds",
        "node_exporter: Duration of a collector scrape.",
        &["collector"],
    ),
    success: Desc::gauge(
        "node_scrape_collector_success",
        "node_exporter: Whether a collector succeeded.",
        &["collector"],
    ),
};

fn main() -> ExitCode {
    let flags = [FLAGS, &selection_flags(SPECS)].concat();
    app::run(&PROGRAM, &flags, std::env::args_os().skip(1), |flags| {
        let context = Context::new(flags.clone()).map_err(|error| vec![error.to_string()])?;
        for warning in preflight::warnings(&context, Path::new("/")) {
            log::warn!("{warning}");
        }
        let mut registry = build_selected(SPECS, &context, flags)?;
        registry.descs(SCRAPE_DESCS);
        Ok(registry)
    })
}
