//! The `container-exporter` program.

use std::process::ExitCode;

use container_exporter::{PROGRAM, Settings, exporter, flags};
use exporter_toolkit::app;

fn main() -> ExitCode {
    app::run(&PROGRAM, &flags(), std::env::args_os().skip(1), |flags| {
        exporter(Settings::from_flags(flags)?)
    })
}
