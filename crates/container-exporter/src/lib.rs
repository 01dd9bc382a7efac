//! Container metrics for Prometheus: what cAdvisor reports, read from the kernel at each scrape.
//!
//! The inventory knows which containers there are, the reader reads their files, and each group of metrics is one file.

mod cgroup;
mod container;
mod disk;
mod exporter;
mod groups;
mod inventory;
mod machine;
mod pages;
mod process;
mod program;
mod reader;
mod runtimes;
mod settings;
#[cfg(test)]
mod testing;

pub use exporter::exporter;
pub use groups::{Enabled, GROUPS};
pub use program::{PROGRAM, flags};
pub use settings::Settings;
