//! What the values of an expression are, and which of Grafana's units say so.

mod known;
mod quantity;

pub(super) use known::is_known;
pub(super) use quantity::quantity;
