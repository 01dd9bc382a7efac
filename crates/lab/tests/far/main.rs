//! Between hosts, and past one machine: what deploy/tls, deploy/web-config and the further files of prometheus/ promise, shown with
//! the exporters, real Prometheis, an Alertmanager and a VictoriaMetrics.
#![expect(
    clippy::disallowed_methods,
    reason = "these tests run programs, and poll until something has happened"
)]
#![expect(
    clippy::panic,
    reason = "a test ends where a program or a file is not what it must be"
)]
#![expect(clippy::print_stderr, reason = "these tests say what they cannot test here")]

mod agent;
#[path = "../tools/built.rs"]
mod built;
mod certificates;
mod files;
mod pair;
mod renewal;
mod running;
mod secured;
mod shards;
mod site;
mod store;
#[path = "../tools/mod.rs"]
mod tools;
mod upstream;
