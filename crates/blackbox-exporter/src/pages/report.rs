//! What people see of a probe: `debug=true` and `/logs`.

use crate::config::{Layout, Module, yaml};

/// The whole report: what was logged, what was measured, and by which module. Secrets are hidden in all of them.
pub(super) fn report(log: &str, metrics: &str, module: &Module) -> String {
    let module = yaml(module, Layout::DEBUG);
    format!(
        "Logs for the probe:\n{log}\n\n\nMetrics that would have been returned:\n{metrics}\n\n\nModule configuration:\n{module}"
    )
}
