//! The switch of the machine's topology, which is no container's: [`crate::machine`] reports it.

use super::{Enabled, Group};

/// The group.
pub(super) const GROUP: Group = Group {
    name: crate::machine::TOPOLOGY,
    default: Enabled::Off,
    read: |_, _| {},
    encode: |_, _| {},
};
