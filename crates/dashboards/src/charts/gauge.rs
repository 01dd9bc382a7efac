//! A value on a half round scale, with the thresholds around it.

use std::f64::consts::PI;

use plotters::{
    element::{Polygon, Text},
    style::text_anchor::{HPos, Pos, VPos},
};

use super::{
    Size, Undrawable,
    canvas::{Area, cut, draw, filled, text, undrawable, units, width_of},
    theme::{GRID, TEXT},
};
use crate::{
    look::{Rgb, Shown, limits},
    model::FieldConfig,
};

/// The scale begins and ends a little below the middle.
const SPREAD: f64 = PI * 1.2;

/// `part`: where on the scale the value is, 0 to 1.
///
/// # Errors
/// It cannot be drawn.
pub fn gauge(
    shown: &Shown,
    value: Option<f64>,
    range: (f64, f64),
    config: &FieldConfig,
    size: Size,
) -> Result<String, Undrawable> {
    let color = shown.color.unwrap_or(Rgb(0x73, 0xBF, 0x69));
    let part = |value: f64| ((value - range.0) / (range.1 - range.0)).clamp(0.0, 1.0);
    draw(size, |area| {
        let ring = Ring::inside(size);
        ring.arc(area, (0.0, 1.0), (0.76, 0.94), GRID)?;
        if let Some(value) = value.filter(|value| !value.is_nan()) {
            ring.arc(area, (0.0, part(value)), (0.76, 0.94), color)?;
        }
        let limits = config
            .thresholds
            .as_ref()
            .map(|thresholds| limits(thresholds, range))
            .unwrap_or_default();
        for (index, (limit, color)) in limits.iter().enumerate() {
            let next = limits.get(index + 1).map_or(1.0, |(next, _)| part(*next));
            if let Some(color) = *color {
                ring.arc(area, (part(*limit), next), (0.965, 1.0), color)?;
            }
        }
        ring.words(area, shown)
    })
}

struct Ring {
    center: (f64, f64),
    radius: f64,
}

impl Ring {
    /// As large as it fits, in the middle.
    fn inside(size: Size) -> Self {
        let (width, height) = (f64::from(size.width), f64::from(size.height));
        let sunk = (SPREAD / 2.0 - PI / 2.0).sin();
        let radius = (width / 2.0 - 4.0).min((height - 8.0) / (1.0 + sunk)).max(4.0);
        let used = radius * (1.0 + sunk);
        Self {
            center: (width / 2.0, (height - used) / 2.0 + radius),
            radius,
        }
    }

    fn point(&self, part: f64, distance: f64) -> (i32, i32) {
        let angle = -PI / 2.0 - SPREAD / 2.0 + SPREAD * part;
        let distance = self.radius * distance;
        (
            units(self.center.0 + angle.cos() * distance),
            units(self.center.1 + angle.sin() * distance),
        )
    }

    fn arc(&self, area: &Area<'_>, parts: (f64, f64), distances: (f64, f64), color: Rgb) -> Result<(), Undrawable> {
        if parts.1 <= parts.0 {
            return Ok(());
        }
        let steps = ((parts.1 - parts.0) * 90.0).ceil().max(1.0);
        let along = |index: f64| parts.0 + (parts.1 - parts.0) * index / steps;
        let forth = (0..=steps as i32).map(|index| self.point(along(f64::from(index)), distances.1));
        let back = (0..=steps as i32)
            .rev()
            .map(|index| self.point(along(f64::from(index)), distances.0));
        let shape = Polygon::new(forth.chain(back).collect::<Vec<_>>(), filled(color, 1.0));
        area.draw(&shape).map_err(undrawable)
    }

    fn words(&self, area: &Area<'_>, shown: &Shown) -> Result<(), Undrawable> {
        let inside = self.radius * 1.36;
        let size = (self.radius * 0.42).min(self.radius * 0.42 * inside / width_of(&shown.text, self.radius * 0.42));
        let size = size.clamp(9.0, 40.0);
        let at = (units(self.center.0), units(self.center.1));
        let words = cut(&shown.text, size, inside);
        let style = text(size, TEXT, Pos::new(HPos::Center, VPos::Center));
        area.draw(&Text::new(words, at, style)).map_err(undrawable)
    }
}
