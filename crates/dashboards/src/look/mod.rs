//! How values look: their text, their color, and what a series comes to.

mod color;
mod mapping;
mod reduce;
mod show;
mod threshold;

pub use color::{Rgb, palette, scheme};
pub use reduce::{calc_name, reduce};
pub use show::{Shown, show, show_text};
pub use threshold::{limits, threshold_color};
