//! How often which value occurred, over time.

use super::{
    Size, Undrawable,
    canvas::{draw, filled},
    plane::{Margins, Plane, Plot},
};
use crate::{look::Rgb, prometheus::Window, time::Zone};

/// What is to be drawn.
#[derive(Clone, Debug)]
pub struct Heat<'a> {
    /// The lowest first: what each is called, and its values by time.
    pub rows: Vec<(String, Vec<(f64, f64)>)>,
    /// Between two columns, in seconds.
    pub step: f64,
    /// From left to right.
    pub window: Window,
    /// Where the days of the axis begin.
    pub zone: &'a Zone,
    /// Of the whole.
    pub size: Size,
}

/// The chart, and where in it data are; `color` is of a value as a part of the highest.
///
/// # Errors
/// It cannot be drawn.
pub fn heatmap(heat: &Heat<'_>, color: impl Fn(f64) -> Rgb) -> Result<(String, Plot), Undrawable> {
    let margins = Margins::beside(heat.rows.iter().map(|(name, _)| name.as_str()), 110.0);
    let most = heat.rows.iter().flat_map(|(_, cells)| cells).map(|(_, value)| *value);
    let most = most.filter(|value| value.is_finite()).fold(0.0, f64::max);
    let count = heat.rows.len().max(1) as f64;
    let svg = draw(heat.size, |root| {
        let plane = Plane::new(root, heat.size, margins, heat.window, (0.0, count));
        plane.time_ticks(heat.window, heat.zone)?;
        // Not more labels than there is room for.
        let every = (count * 14.0 / (f64::from(heat.size.height) - 30.0)).ceil().max(1.0) as usize;
        for (index, (name, cells)) in heat.rows.iter().enumerate() {
            let low = index as f64;
            if index.is_multiple_of(every) {
                plane.value_label(heat.window, low + 0.5, name)?;
            }
            for (time, value) in cells.iter().filter(|(_, value)| *value > 0.0) {
                // A little over the one before, so that nothing is seen between them.
                let from = (time - heat.step * 1.1).max(heat.window.start);
                let corners = [(from, low + 0.03), (time.min(heat.window.end), low + 0.97)];
                plane.rectangle(corners, filled(color(value / most), 1.0))?;
            }
        }
        Ok(())
    })?;
    Ok((svg, margins.plot(heat.size)))
}
