//! The `demo-app` program.

use std::process::ExitCode;

use demo_app::{Options, PROGRAM, flags, start};
use exporter_toolkit::app;

fn main() -> ExitCode {
    app::run(&PROGRAM, &flags(), std::env::args_os().skip(1), |flags| {
        start(&Options::from_flags(flags)?)
    })
}
