//! Prometheus text 0.0.4 read back into families, with the semantics and errors of Go's `expfmt.TextParser`, for
//! legacy names. Pure; never panics, whatever the bytes; borrows names, values and help from the input.
//!
//! ```
//! use exposition::parse::{Value, parse};
//!
//! let families = parse(b"# TYPE up gauge\nup{job=\"node\"} 1\n")?;
//! let up = &families[0];
//! assert_eq!((up.name, up.metrics().len()), ("up", 1));
//! for metric in up.metrics() {
//!     assert_eq!(metric.label("job"), Some("node"));
//!     assert_eq!(metric.value, Value::Number(1.0));
//! }
//! # Ok::<(), exposition::parse::ParseError>(())
//! ```

mod builder;
mod cursor;
mod error;
mod family;
mod number;
mod parser;

pub use error::ParseError;
pub use family::{Family, Label, Metric, Value};
pub use parser::parse;
