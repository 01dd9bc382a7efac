//! What is shown: answers with names and configurations, as lines over time or as tables.

mod fields;
mod line;
mod name;
mod table;
mod transform;

pub use fields::Fields;
pub(crate) use line::with_field;
pub use line::{Line, line_color, lines, span};
pub(crate) use name::filled;
pub use table::{Cell, Column, Table, tables};
pub use transform::transform;

use crate::{model::Target, prometheus::Series};

/// What was asked, and what came.
#[derive(Clone, Debug)]
pub struct Answer {
    /// With its variables filled in.
    pub target: Target,
    /// Of the query.
    pub series: std::sync::Arc<Vec<Series>>,
    /// Between points, in seconds; 0 of an instant query.
    pub step: f64,
}
