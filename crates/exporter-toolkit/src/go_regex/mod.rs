//! Regular expressions as Go's exporters read them.

mod automaton;
mod expression;
mod go_dialect;
mod go_literals;
mod pattern;

pub use expression::{Expression, parse};
pub use go_dialect::parse as with_captures;
