//! Variables: which values they may have, which are chosen, and what queries become with them.

mod builtin;
mod duration;
mod escape;
mod fill;
mod interpolate;
mod question;
mod scope;
mod select;
mod sort;

pub use builtin::{Resolution, builtin};
pub use duration::{duration_text, parse_duration};
pub use fill::{Filled, Problem, fill};
pub use interpolate::{Format, interpolate, interpolate_with, references};
pub use question::Question;
pub use scope::{Bound, Scope};
pub use select::{ALL, Asked};
