//! The list of units, from the method `ListUnits` of systemd's manager.

use crate::dbus::{Body, Malformed};

/// A row of the list, as far as it is shown.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Unit<'a> {
    /// With its suffix, `ssh.service`.
    pub(super) name: &'a str,
    /// Whether its file was read: `loaded`, `not-found`, `masked` …
    pub(super) load_state: &'a str,
    /// Whether it runs: `active`, `failed` …
    pub(super) active_state: &'a str,
    /// Its object on the bus.
    pub(super) path: &'a str,
}

/// All units, in systemd's order, which is none.
///
/// # Errors
/// When this is no list of units.
pub(super) fn parse(body: &Body) -> Result<Vec<Unit<'_>>, Malformed> {
    let mut list = body.values("a(ssssssouso)")?.structs()?;
    let mut units = Vec::new();
    while !list.is_empty() {
        list.align(8);
        let (name, _description, load_state, active_state) = (list.text()?, list.text()?, list.text()?, list.text()?);
        let (_sub_state, _followed, path) = (list.text()?, list.text()?, list.text()?);
        let (_job, _job_type, _job_path) = (list.u32()?, list.text()?, list.text()?);
        units.push(Unit {
            name,
            load_state,
            active_state,
            path,
        });
    }
    Ok(units)
}
