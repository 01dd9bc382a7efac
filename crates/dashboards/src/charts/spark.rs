//! A line without axes, behind the value of a stat.

use super::{
    Size, Undrawable,
    canvas::{draw, filled, stroked},
    plane::{Margins, Plane},
    stack::pieces,
};
use crate::{data::Line, look::Rgb, prometheus::Window};

/// The shape of a line over time, in one color.
///
/// # Errors
/// It cannot be drawn.
pub fn spark(line: &Line, color: Rgb, window: Window, size: Size) -> Result<String, Undrawable> {
    let values = || {
        line.points
            .iter()
            .map(|point| point.value)
            .filter(|value| value.is_finite())
    };
    let (low, high) = (
        values().fold(f64::INFINITY, f64::min),
        values().fold(f64::NEG_INFINITY, f64::max),
    );
    let low = line.config.min.map_or(low, |min| min.min(low));
    let high = if high > low { high } else { low + 1.0 };
    let margins = Margins {
        left: 0.0,
        right: 0.0,
        above: 2.0,
        below: 0.0,
    };
    draw(size, |root| {
        if !low.is_finite() {
            return Ok(());
        }
        let plane = Plane::new(root, size, margins, window, (low, high));
        for piece in pieces(line) {
            let top: Vec<_> = piece
                .iter()
                .map(|point| (point.time, point.value.clamp(low, high)))
                .collect();
            let (Some(first), Some(last)) = (top.first().copied(), top.last().copied()) else {
                continue;
            };
            let around = top.iter().copied().chain([(last.0, low), (first.0, low)]).collect();
            plane.polygon(around, filled(color, 0.18))?;
            plane.path(top, stroked(color, 0.9, 1.5))?;
        }
        Ok(())
    })
}
