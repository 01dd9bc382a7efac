//! A plane with a time axis below and a value axis on the left.

use plotters::{
    coord::{cartesian::Cartesian2d, ranged1d::Ranged, types::RangedCoordf64},
    element::{PathElement, Polygon, Rectangle, Text},
    prelude::{DrawingArea, SVGBackend},
    style::{
        ShapeStyle,
        text_anchor::{HPos, Pos, VPos},
    },
};

use super::{
    Size, Undrawable,
    canvas::{Area, FINE, filled, stroked, text, undrawable, units, width_of},
    theme::{GRID, MUTED},
};
use crate::{look::Rgb, prometheus::Window, time::Zone};

/// Of the texts at ticks, in pixels.
pub(super) const LABEL: f64 = 11.0;

/// Where data are, from the left: what a script needs to find the time under a pointer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plot {
    /// In pixels.
    pub left: f64,
    /// In pixels.
    pub right: f64,
}

/// What is left for data when axes have their places, in pixels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Margins {
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) above: f64,
    pub(super) below: f64,
}

impl Margins {
    /// With room for the texts of the value axis, and for those of the time axis.
    pub(super) fn beside<'t>(texts: impl Iterator<Item = &'t str>, longest: f64) -> Self {
        let widest = texts.map(|text| width_of(text, LABEL)).fold(20.0, f64::max);
        Self {
            left: widest.min(longest) + 12.0,
            right: 12.0,
            above: 8.0,
            below: 22.0,
        }
    }

    pub(super) fn plot(self, size: Size) -> Plot {
        Plot {
            left: self.left,
            right: f64::from(size.width) - self.right,
        }
    }
}

type Coordinates = Cartesian2d<RangedCoordf64, RangedCoordf64>;

/// Data are drawn by their values.
pub(super) struct Plane<'a> {
    root: Area<'a>,
    data: DrawingArea<SVGBackend<'a>, Coordinates>,
    margins: Margins,
    size: Size,
}

impl<'a> Plane<'a> {
    pub(super) fn new(root: &Area<'a>, size: Size, margins: Margins, window: Window, y: (f64, f64)) -> Self {
        let across = units(margins.left)..units(f64::from(size.width) - margins.right);
        // Upward is less.
        let up = units(f64::from(size.height) - margins.below)..units(margins.above);
        let coordinates = Cartesian2d::new(window.start..window.end, y.0..y.1, (across, up));
        Self {
            root: root.clone(),
            data: root.apply_coord_spec(coordinates),
            margins,
            size,
        }
    }

    pub(super) fn at(&self, point: (f64, f64)) -> (i32, i32) {
        self.data.map_coordinate(&point)
    }

    pub(super) fn path(&self, points: Vec<(f64, f64)>, style: ShapeStyle) -> Result<(), Undrawable> {
        self.data.draw(&PathElement::new(points, style)).map_err(undrawable)
    }

    pub(super) fn polygon(&self, points: Vec<(f64, f64)>, style: ShapeStyle) -> Result<(), Undrawable> {
        self.data.draw(&Polygon::new(points, style)).map_err(undrawable)
    }

    pub(super) fn rectangle(&self, corners: [(f64, f64); 2], style: ShapeStyle) -> Result<(), Undrawable> {
        let corners = corners.map(|corner| self.at(corner));
        // SVG knows no negative sizes.
        let [(x0, y0), (x1, y1)] = corners;
        let corners = [(x0.min(x1), y0.min(y1)), (x0.max(x1), y0.max(y1))];
        self.root.draw(&Rectangle::new(corners, style)).map_err(undrawable)
    }

    pub(super) fn write(&self, words: &str, at: (i32, i32), size: f64, pos: Pos) -> Result<(), Undrawable> {
        let style = text(size, MUTED, pos);
        self.root.draw(&Text::new(words, at, style)).map_err(undrawable)
    }

    /// Lines from left to right at values, and their texts.
    pub(super) fn value_ticks(&self, window: Window, ticks: &[(f64, String)]) -> Result<(), Undrawable> {
        for (value, label) in ticks {
            self.path(
                vec![(window.start, *value), (window.end, *value)],
                stroked(GRID, 1.0, 1.0),
            )?;
            self.value_label(window, *value, label)?;
        }
        Ok(())
    }

    pub(super) fn value_label(&self, window: Window, value: f64, label: &str) -> Result<(), Undrawable> {
        let (x, y) = self.at((window.start, value));
        let label = super::canvas::cut(label, LABEL, self.margins.left - 6.0);
        self.write(&label, (x - units(6.0), y), LABEL, Pos::new(HPos::Right, VPos::Center))
    }

    /// Lines upward at round times, and their texts.
    pub(super) fn time_ticks(&self, window: Window, zone: &Zone) -> Result<(), Undrawable> {
        let (low, high) = (self.data.get_y_range().start, self.data.get_y_range().end);
        let width = f64::from(self.size.width) - self.margins.left - self.margins.right;
        let most = (width / 85.0).max(1.0) as usize;
        for (time, label) in zone.ticks(window, most) {
            self.path(vec![(time, low), (time, high)], stroked(GRID, 1.0, 1.0))?;
            let (x, y) = self.at((time, low));
            // Inside of the picture, also at its ends.
            let half = (width_of(&label, LABEL) / 2.0 + 2.0) * FINE;
            let x = f64::from(x).clamp(half, f64::from(self.size.width) * FINE - half);
            let at = (x as i32, y + units(6.0));
            self.write(&label, at, LABEL, Pos::new(HPos::Center, VPos::Top))?;
        }
        Ok(())
    }

    /// A dot of a radius in pixels.
    pub(super) fn dot(&self, point: (f64, f64), radius: f64, style: ShapeStyle) -> Result<(), Undrawable> {
        let circle = plotters::element::Circle::new(self.at(point), units(radius), style);
        self.root.draw(&circle).map_err(undrawable)
    }

    /// The name of a line, with its color before it, so many pixels from above.
    pub(super) fn name(&self, name: &str, color: Rgb, middle: f64) -> Result<(), Undrawable> {
        let left = self.margins.left;
        let mark = [
            (units(left), units(middle - 2.0)),
            (units(left + 12.0), units(middle + 2.0)),
        ];
        self.root
            .draw(&Rectangle::new(mark, filled(color, 1.0)))
            .map_err(undrawable)?;
        let room = f64::from(self.size.width) - left - 24.0;
        let name = super::canvas::cut(name, LABEL, room);
        self.write(
            &name,
            (units(left + 18.0), units(middle)),
            LABEL,
            Pos::new(HPos::Left, VPos::Center),
        )
    }

    /// On a color, in black or white.
    pub(super) fn write_on(&self, ground: Rgb, words: &str, at: (i32, i32)) -> Result<(), Undrawable> {
        let ink = if ground.is_bright() {
            Rgb(17, 17, 17)
        } else {
            Rgb(255, 255, 255)
        };
        let style = text(LABEL, ink, Pos::new(HPos::Center, VPos::Center));
        self.root.draw(&Text::new(words, at, style)).map_err(undrawable)
    }

    /// From the lowest value to the highest.
    pub(super) fn values(&self) -> (f64, f64) {
        let range = self.data.as_coord_spec().y_spec().range();
        (range.start, range.end)
    }
}
