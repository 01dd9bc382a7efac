//! States over time: one row for each series, one bar for each stretch of the same state.

use super::{
    Size, Undrawable,
    canvas::{draw, filled, width_of},
    plane::{LABEL, Margins, Plane, Plot},
};
use crate::{look::Rgb, prometheus::Window, time::Zone};

/// A series.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Of the series.
    pub name: String,
    /// In the order of time.
    pub stretches: Vec<Stretch>,
}

/// How long a state lasted.
#[derive(Clone, Debug, PartialEq)]
pub struct Stretch {
    /// When.
    pub window: Window,
    /// What it is drawn with.
    pub color: Rgb,
    /// What is written in it, where there is room.
    pub text: String,
}

/// The chart, and where in it data are; `tall`: how much of its row a bar takes, 0 to 1.
///
/// # Errors
/// It cannot be drawn.
pub fn timeline(
    rows: &[Row],
    window: Window,
    zone: &Zone,
    size: Size,
    tall: f64,
) -> Result<(String, Plot), Undrawable> {
    // In a small panel a name still has room for an address.
    let width = f64::from(size.width);
    let longest = (width * 0.35).max((width * 0.5).min(170.0));
    let margins = Margins::beside(rows.iter().map(|row| row.name.as_str()), longest);
    let count = rows.len().max(1) as f64;
    let svg = draw(size, |root| {
        let plane = Plane::new(root, size, margins, window, (0.0, count));
        plane.time_ticks(window, zone)?;
        for (index, row) in rows.iter().enumerate() {
            // The first is above.
            let middle = count - index as f64 - 0.5;
            plane.value_label(window, middle, &row.name)?;
            for stretch in &row.stretches {
                let half = tall.clamp(0.1, 1.0) / 2.0;
                let (from, to) = (
                    stretch.window.start.max(window.start),
                    stretch.window.end.min(window.end),
                );
                let corners = [(from, middle - half), (to, middle + half)];
                plane.rectangle(corners, filled(stretch.color, 0.85))?;
                let (left, y) = plane.at((from, middle));
                let (right, _) = plane.at((to, middle));
                let room = f64::from(right - left) / super::canvas::FINE;
                if width_of(&stretch.text, LABEL) + 8.0 < room {
                    let at = (i32::midpoint(left, right), y);
                    plane.write_on(stretch.color, &stretch.text, at)?;
                }
            }
        }
        Ok(())
    })?;
    Ok((svg, margins.plot(size)))
}
