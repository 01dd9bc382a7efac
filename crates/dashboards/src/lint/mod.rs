//! What dashboards must hold before anybody relies on them in the night: each rule is an entry of [`RULES`], and a finding says
//! which file, which panel, which rule, and what to do.

mod board;
mod catalogue;
mod check;
mod finding;
mod promql;
mod rules;
mod unit;

pub use catalogue::{Capture, Catalogue, capture};
pub use check::{Error, Sources, World, check, read_boards};
pub use finding::Finding;
pub use rules::{RULES, Rule};
