//! The `node-exporter` program.

use std::path::Path;
use std::process::ExitCode;

use exporter_toolkit::app;
use exporter_toolkit::collector::build_selected;
use node_exporter::{Context, PROGRAM, SCRAPE_DESCS, SPECS, flags, preflight};

fn main() -> ExitCode {
    app::run(&PROGRAM, &flags(), std::env::args_os().skip(1), |flags| {
        let context = Context::new(flags.clone()).map_err(|error| vec![error.to_string()])?;
        for warning in preflight::warnings(&context, Path::new("/")) {
            log::warn!("{warning}");
        }
        let mut registry = build_selected(SPECS, &context, flags)?;
        registry.descs(SCRAPE_DESCS);
        Ok(registry)
    })
}
