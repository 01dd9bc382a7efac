//! Targets that are nodes of a cluster: which nodes there are, and which of them has a key.

mod nodes;
mod owners;

pub(crate) use self::nodes::addresses;
pub(crate) use self::owners::{Elsewhere, Owners, elsewhere};
