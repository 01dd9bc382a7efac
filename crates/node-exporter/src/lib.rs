//! Host metrics for Prometheus: the collectors of node_exporter, one file each.

mod collectors;
mod context;
mod cpu_labels;
mod dbus;
mod device_names;
mod field_names;
mod filter;
mod handed;
mod mounts;
mod netlink;
mod nfs_methods;
pub mod preflight;
mod program;
mod source;
mod survey;
mod syscall;
mod sysfs;
#[cfg(test)]
mod testing;

pub use collectors::SPECS;
pub use context::{Context, FLAGS};
pub use program::{PROGRAM, SCRAPE_DESCS, flags};
