//! The flag table as packages want it: manual page and completion scripts, under the names that kingpin's programs have
//! for them, and one for fish.

mod completion;
mod manual;
mod request;

pub use request::{Subject, requested};
