//! Charts and tables for a terminal, and values for a program.

mod braille;
mod plot;
mod values;

pub use plot::{Screen, plot};
pub use values::{csv, instant_json, instant_table};
