//! Values as bars beside or below each other.

use plotters::{
    element::{Rectangle, Text},
    style::text_anchor::{HPos, Pos, VPos},
};

use super::{
    Size, Undrawable,
    canvas::{Area, cut, draw, filled, text, undrawable, units, width_of},
    theme::{GRID, TEXT},
};
use crate::look::{Rgb, Shown};

/// One bar.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    /// Of the series.
    pub name: String,
    /// Of its value.
    pub shown: Shown,
    /// How much of the bar is filled, 0 to 1.
    pub part: f64,
    /// Colors from the beginning of the bar on, as parts of it: what a gradient goes through.
    pub stops: Vec<(f64, Rgb)>,
}

/// How much of the height a bar takes at most, with its name and what is around it, in pixels.
pub const TALLEST_BAR: u32 = 64;
/// How tall a bar may be, in pixels.
const TALLEST: f64 = 34.0;
const LABEL: f64 = 12.0;

/// Bars below each other, or beside each other where `upright`.
///
/// # Errors
/// It cannot be drawn.
pub fn bar_gauge(bars: &[Bar], size: Size, upright: bool) -> Result<String, Undrawable> {
    draw(size, |area| {
        if upright {
            return columns(bars, size, area);
        }
        rows(bars, size, area)
    })
}

fn rows(bars: &[Bar], size: Size, area: &Area<'_>) -> Result<(), Undrawable> {
    let (width, height) = (f64::from(size.width), f64::from(size.height));
    let each = (height / bars.len().max(1) as f64).min(f64::from(TALLEST_BAR));
    // Names above the bars where there is room for them, else before them.
    let above = each >= 40.0 && width < 900.0;
    let widest = |texts: &mut dyn Iterator<Item = &str>| texts.map(|text| width_of(text, LABEL)).fold(0.0, f64::max);
    let values = widest(&mut bars.iter().map(|bar| bar.shown.text.as_str())).min(width * 0.4) + 12.0;
    let names = widest(&mut bars.iter().map(|bar| bar.name.as_str())).min(width * 0.45) + 10.0;
    let left = if above { 2.0 } else { names };
    for (index, bar) in bars.iter().enumerate() {
        let top = each * index as f64;
        let (from, tall) = if above {
            (top + 19.0, (each - 25.0).min(TALLEST))
        } else {
            let tall = (each - 4.0).clamp(2.0, TALLEST);
            (top + (each - tall) / 2.0, tall)
        };
        let middle = units(from + tall / 2.0);
        let name = if above {
            (
                (units(2.0), units(top + 9.0)),
                Pos::new(HPos::Left, VPos::Center),
                width - 4.0,
            )
        } else {
            (
                (units(left - 8.0), middle),
                Pos::new(HPos::Right, VPos::Center),
                left - 8.0,
            )
        };
        write(area, &cut(&bar.name, LABEL, name.2), name.0, name.1)?;
        let right = width - values;
        fill(area, [(left, from), (right, from + tall)], bar, false)?;
        let at = (units(width - 2.0), middle);
        write(
            area,
            &cut(&bar.shown.text, LABEL, values),
            at,
            Pos::new(HPos::Right, VPos::Center),
        )?;
    }
    Ok(())
}

fn columns(bars: &[Bar], size: Size, area: &Area<'_>) -> Result<(), Undrawable> {
    let (width, height) = (f64::from(size.width), f64::from(size.height));
    let each = width / bars.len().max(1) as f64;
    for (index, bar) in bars.iter().enumerate() {
        let middle = units(each * (index as f64 + 0.5));
        let half = (each * 0.4).min(40.0);
        let center = each * (index as f64 + 0.5);
        fill(area, [(center - half, 20.0), (center + half, height - 20.0)], bar, true)?;
        let value = cut(&bar.shown.text, LABEL, each - 4.0);
        write(area, &value, (middle, units(9.0)), Pos::new(HPos::Center, VPos::Center))?;
        let name = cut(&bar.name, LABEL, each - 4.0);
        write(
            area,
            &name,
            (middle, units(height - 9.0)),
            Pos::new(HPos::Center, VPos::Center),
        )?;
    }
    Ok(())
}

/// In small steps, so that colors flow.
fn fill(area: &Area<'_>, corners: [(f64, f64); 2], bar: &Bar, upright: bool) -> Result<(), Undrawable> {
    let [(x0, y0), (x1, y1)] = corners;
    let rectangle = |corners: [(f64, f64); 2], color: Rgb, opacity: f64| {
        let corners = corners.map(|(x, y)| (units(x), units(y)));
        area.draw(&Rectangle::new(corners, filled(color, opacity)))
            .map_err(undrawable)
    };
    rectangle(corners, GRID, 0.7)?;
    let part = if bar.part.is_finite() {
        bar.part.clamp(0.0, 1.0)
    } else {
        0.0
    };
    let steps = if bar.stops.len() > 1 {
        (part * 48.0).ceil() as usize
    } else {
        1
    };
    for step in 0..steps {
        let at = |step: usize| part * step as f64 / steps as f64;
        // To the end of all, so that nothing is seen between one and the next.
        let corners = if upright {
            [(x0, y1 - (y1 - y0) * part), (x1, y1 - (y1 - y0) * at(step))]
        } else {
            [(x0 + (x1 - x0) * at(step), y0), (x0 + (x1 - x0) * part, y1)]
        };
        rectangle(corners, color_at(bar, f64::midpoint(at(step), at(step + 1))), 1.0)?;
    }
    Ok(())
}

fn color_at(bar: &Bar, part: f64) -> Rgb {
    let after = bar.stops.iter().position(|(at, _)| *at > part);
    let own = bar.shown.color.unwrap_or(Rgb(0x73, 0xBF, 0x69));
    match after {
        _ if bar.stops.len() < 2 => own,
        None => bar.stops.last().map_or(own, |(_, color)| *color),
        Some(0) => bar.stops[0].1,
        Some(index) => {
            let ((from, a), (to, b)) = (bar.stops[index - 1], bar.stops[index]);
            a.towards(b, (part - from) / (to - from))
        }
    }
}

fn write(area: &Area<'_>, words: &str, at: (i32, i32), pos: Pos) -> Result<(), Undrawable> {
    area.draw(&Text::new(words.to_owned(), at, text(LABEL, TEXT, pos)))
        .map_err(undrawable)
}
