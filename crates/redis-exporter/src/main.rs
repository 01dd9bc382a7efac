//! The `redis-exporter` program.

use std::process::ExitCode;

use exporter_toolkit::app;
use redis_exporter::{PROGRAM, Settings, exporter, flags};

fn main() -> ExitCode {
    app::run(&PROGRAM, &flags(), std::env::args_os().skip(1), |flags| {
        exporter(Settings::from_flags(flags)?)
    })
}
