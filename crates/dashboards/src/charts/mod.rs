//! Charts as SVG, drawn once: for pages, for files, and for pictures.

mod bars;
mod canvas;
mod gauge;
mod heatmap;
mod plane;
mod png;
mod scale;
mod spark;
mod stack;
mod theme;
mod time_series;
mod timeline;

pub use bars::{Bar, TALLEST_BAR, bar_gauge};
pub use gauge::gauge;
pub use heatmap::{Heat, heatmap};
pub use plane::Plot;
pub use png::png;
pub use spark::spark;
pub use theme::{Theme, alone, in_page};
pub use time_series::{Band, TimeSeries, time_series};
pub use timeline::{Row, Stretch, timeline};

pub(crate) use canvas::width_of;
pub(crate) use scale::value_axis_of;
pub(crate) use stack::pieces;

/// In pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Size {
    /// From the left.
    pub width: u32,
    /// From above.
    pub height: u32,
}

/// A chart that could not be drawn: the place it was to be drawn in is too small, or its numbers are no numbers.
#[derive(Debug, thiserror::Error)]
#[error("drawing: {0}")]
pub struct Undrawable(pub(crate) String);
