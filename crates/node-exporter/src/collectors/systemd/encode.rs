//! What systemd says of itself and of all units together.

use std::collections::BTreeMap;

use exposition::{Desc, Encoder};

use super::units::Unit;

/// The states that a unit can be in, sorted; `reloading` and rarer ones are none of them, as upstream has it.
pub(super) const STATES: [&str; 5] = ["activating", "active", "deactivating", "failed", "inactive"];

const VERSION: Desc<'_> = Desc::gauge("node_systemd_version", "Detected systemd version", &["version"]);
const VIRTUALIZATION: Desc<'_> = Desc::gauge(
    "node_systemd_virtualization_info",
    "Detected virtualization technology",
    &["virtualization_type"],
);
const RUNNING: Desc<'_> = Desc::gauge(
    "node_systemd_system_running",
    "Whether the system is operational (see 'systemctl is-system-running')",
    &[],
);
const UNITS: Desc<'_> = Desc::gauge("node_systemd_units", "Summary of systemd unit states", &["state"]);

/// The version and the number in it.
pub(super) fn version(text: &str, number: f64, out: &mut Encoder) {
    out.family(&VERSION).sample(&[text], number);
}

/// The hypervisor or container runtime that systemd found; `None` when it does not tell.
pub(super) fn virtualization(technology: Option<&str>, out: &mut Encoder) {
    let technology = match technology {
        None => "unknown",
        Some("") => "none",
        Some(name) => name,
    };
    out.family(&VIRTUALIZATION).sample(&[technology], 1.0);
}

/// Whether systemd calls its own state `running`, and not `degraded`, `starting` …
pub(super) fn running(running: bool, out: &mut Encoder) {
    out.scalar(&RUNNING, f64::from(u8::from(running)));
}

/// All units by their state, those that the filters hide too.
pub(super) fn summary(units: &[Unit<'_>], out: &mut Encoder) {
    let mut counts: BTreeMap<&str, u32> = STATES.map(|state| (state, 0)).into();
    for unit in units {
        *counts.entry(unit.active_state).or_default() += 1;
    }
    let mut family = out.family(&UNITS);
    for (state, count) in counts {
        family.sample(&[state], count.into());
    }
}
