//! What charts are drawn on: plotters' SVG, in tenths of a pixel, since it knows whole numbers only.

use plotters::{
    coord::Shift,
    prelude::{DrawingArea, IntoDrawingArea, RGBAColor, SVGBackend, ShapeStyle},
    style::{Color, FontDesc, FontFamily, FontStyle, TextStyle, text_anchor::Pos},
};

use super::{Size, Undrawable};
use crate::look::Rgb;

/// Units to a pixel.
pub(super) const FINE: f64 = 10.0;

pub(super) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Draws on an area of the size, and gives the SVG, whose stand-ins for colors are still there.
pub(super) fn draw(size: Size, paint: impl FnOnce(&Area<'_>) -> Result<(), Undrawable>) -> Result<String, Undrawable> {
    let mut svg = String::new();
    let fine = (
        units(f64::from(size.width)) as u32,
        units(f64::from(size.height)) as u32,
    );
    {
        let area = SVGBackend::with_string(&mut svg, fine).into_drawing_area();
        paint(&area)?;
        area.present().map_err(undrawable)?;
    }
    let old = format!("width=\"{}\" height=\"{}\"", fine.0, fine.1);
    let new = format!("width=\"{}\" height=\"{}\"", size.width, size.height);
    Ok(svg
        .replacen(&old, &new, 1)
        .replace(" opacity=\"1\"", "")
        // Names come from outside, and XML has no such characters.
        .replace(|c: char| c.is_control() && c != '\n', "\u{fffd}")
        .replace(">\n", ">"))
}

pub(super) fn undrawable(error: impl std::fmt::Display) -> Undrawable {
    Undrawable(error.to_string())
}

/// Of so many pixels.
pub(super) fn units(pixels: f64) -> i32 {
    (pixels * FINE).round() as i32
}

pub(super) fn rgba(color: Rgb, opacity: f64) -> RGBAColor {
    RGBAColor(color.0, color.1, color.2, opacity)
}

pub(super) fn filled(color: Rgb, opacity: f64) -> ShapeStyle {
    rgba(color, opacity).filled()
}

/// `width` in pixels.
pub(super) fn stroked(color: Rgb, opacity: f64, width: f64) -> ShapeStyle {
    rgba(color, opacity).stroke_width(units(width).max(1).unsigned_abs())
}

/// `size` in pixels.
pub(super) fn font(size: f64) -> FontDesc<'static> {
    // What plotters calls a size is the height of a line.
    FontDesc::new(FontFamily::SansSerif, size * FINE * 1.24, FontStyle::Normal)
}

pub(super) fn text(size: f64, color: Rgb, at: Pos) -> TextStyle<'static> {
    TextStyle {
        font: font(size),
        color: rgba(color, 1.0).to_backend_color(),
        pos: at,
    }
}

/// About as wide as a text is, in pixels: fonts are chosen by whoever shows it.
pub(crate) fn width_of(text: &str, size: f64) -> f64 {
    let width = |c: char| match c {
        'i' | 'l' | 'j' | '.' | ',' | ':' | '\'' | '|' | ' ' => 0.32,
        'm' | 'w' | 'M' | 'W' | '%' | '@' | '…' => 0.95,
        'A'..='Z' => 0.72,
        _ => 0.64,
    };
    text.chars().map(width).sum::<f64>() * size
}

/// With an ellipsis where it would be wider than so many pixels.
pub(super) fn cut(text: &str, size: f64, width: f64) -> String {
    if width_of(text, size) <= width {
        return text.to_owned();
    }
    let mut out = String::new();
    for c in text.chars() {
        if width_of(&out, size) + size > width {
            break;
        }
        out.push(c);
    }
    if out.is_empty() { out } else { out + "…" }
}
