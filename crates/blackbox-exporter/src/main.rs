//! The `blackbox-exporter` program.

use std::process::ExitCode;

use blackbox_exporter::{PROGRAM, Settings, flags, start};
use exporter_toolkit::app;

fn main() -> ExitCode {
    app::run(&PROGRAM, &flags(), std::env::args_os().skip(1), |flags| {
        start(Settings::from_flags(flags)?)
    })
}
