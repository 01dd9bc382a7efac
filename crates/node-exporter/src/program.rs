//! What the program is: its name, its flags, and the families that tell how its collectors do.

use exporter_toolkit::app::Program;
use exporter_toolkit::collector::selection_flags;
use exporter_toolkit::flags::{Flag, Habit};
use exporter_toolkit::scrape::ScrapeDescs;
use exposition::{Desc, Offer};

use crate::collectors::SPECS;
use crate::context::FLAGS;

/// The program as people see it.
pub const PROGRAM: Program = Program {
    name: "node-exporter",
    prefix: "node_exporter",
    title: "Node Exporter",
    description: "Metrics of this host for Prometheus: CPU, memory, disks, file systems, network.",
    listen_address: &[":9100"],
    offer: Offer::TEXT_FIRST,
    habit: Habit::Kingpin,
    adapt: |_| {},
};

/// The families that tell how each collector did.
pub const SCRAPE_DESCS: ScrapeDescs = ScrapeDescs {
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

/// The flags of all collectors and of each.
pub fn flags() -> Vec<Flag> {
    [FLAGS, &selection_flags(SPECS)].concat()
}
