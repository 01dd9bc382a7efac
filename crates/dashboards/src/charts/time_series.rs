//! Series over time: lines, areas, bars and points, with thresholds and the times of alerts.

use super::{
    Size, Undrawable,
    canvas::{draw, filled, stroked},
    plane::{Margins, Plane, Plot},
    scale::{Scale, Wanted, scale},
    stack::{Drawn, drawn},
};
use crate::{
    data::{Line, span},
    look::{Rgb, limits},
    prometheus::Window,
    time::Zone,
};

/// A stretch of time that is marked.
#[derive(Clone, Debug, PartialEq)]
pub struct Band {
    /// When.
    pub window: Window,
    /// What it is marked with.
    pub color: Rgb,
    /// What it says.
    pub title: String,
}

/// What is to be drawn.
#[derive(Clone, Copy, Debug)]
pub struct TimeSeries<'a> {
    /// In the order of the legend.
    pub lines: &'a [Line],
    /// Behind the lines.
    pub bands: &'a [Band],
    /// From left to right.
    pub window: Window,
    /// Where the days of the axis begin.
    pub zone: &'a Zone,
    /// Of the whole.
    pub size: Size,
    /// Whether the names of the lines are below: for pictures, which have nothing around them.
    pub named: bool,
}

/// More names than these leave too little for the lines.
const NAMED: usize = 12;
/// Of a name, in pixels.
const NAME: f64 = 16.0;
/// Between two beginnings of bands that are lines, in pixels.
const APART: f64 = 24.0;

/// The chart, and where in it data are.
///
/// # Errors
/// It cannot be drawn.
pub fn time_series(what: &TimeSeries<'_>) -> Result<(String, Plot), Undrawable> {
    let drawn = drawn(what.lines);
    let most = (f64::from(what.size.height) / 42.0).clamp(2.0, 8.0) as usize;
    let scale = value_axis(what.lines, &drawn, most);
    let mut margins = Margins::beside(scale.ticks.iter().map(|(_, text)| text.as_str()), 110.0);
    if what.named {
        margins.below += NAME * what.lines.len().min(NAMED) as f64 + 6.0;
    }
    let svg = draw(what.size, |root| {
        let axis = Axis::of(what.lines, &scale);
        let y = (axis.at(scale.low), axis.at(scale.high));
        let plane = Plane::new(root, what.size, margins, what.window, y);
        Painter { what, plane, axis }.paint(&drawn, &scale)
    })?;
    Ok((svg, margins.plot(what.size)))
}

/// How values become heights.
#[derive(Clone, Copy)]
struct Axis {
    low: f64,
    high: f64,
    log: bool,
}

impl Axis {
    fn of(lines: &[Line], scale: &Scale) -> Self {
        Self {
            low: scale.low,
            high: scale.high,
            log: logarithm(lines).is_some(),
        }
    }

    /// What is beyond the ends of the axis is at its end.
    fn at(self, value: f64) -> f64 {
        let value = value.clamp(self.low, self.high);
        if self.log {
            value.max(f64::MIN_POSITIVE).log10()
        } else {
            value
        }
    }
}

fn logarithm(lines: &[Line]) -> Option<f64> {
    let scale = lines.first()?.config.custom.scale_distribution.as_ref()?;
    (scale.kind == "log").then(|| scale.log.unwrap_or(2.0))
}

fn value_axis(lines: &[Line], drawn: &[Drawn], most: usize) -> Scale {
    let points = drawn.iter().flat_map(|drawn| drawn.pieces.iter().flatten());
    let mut values: Vec<f64> = points.map(|(_, value, _)| *value).collect();
    let custom = lines.first().map(|line| &line.config.custom);
    let fills = lines.iter().any(|line| is(line, "bars")) || drawn.iter().any(|drawn| drawn.stacked);
    if fills && logarithm(lines).is_none() && !values.is_empty() {
        values.push(0.0);
    }
    let stacking = custom.and_then(|custom| custom.stacking.as_ref());
    let percent = stacking.is_some_and(|stacking| stacking.mode == "percent");
    let unit = lines.first().and_then(|line| line.config.unit.as_deref());
    let highest = lines.iter().filter_map(|line| line.config.max).reduce(f64::max);
    let wanted = Wanted {
        min: lines.iter().filter_map(|line| line.config.min).reduce(f64::min),
        max: highest.or(percent.then_some(1.0)),
        soft_min: custom.and_then(|custom| custom.axis_soft_min),
        soft_max: custom.and_then(|custom| custom.axis_soft_max),
        unit: if percent { Some("percentunit") } else { unit },
        decimals: None,
        log: logarithm(lines),
        centered: custom.and_then(|custom| custom.axis_centered_zero).unwrap_or(false),
    };
    scale(values.into_iter(), &wanted, most)
}

fn is(line: &Line, style: &str) -> bool {
    line.config.custom.draw_style.as_deref().unwrap_or("line") == style
}

struct Painter<'a, 'b> {
    what: &'a TimeSeries<'a>,
    plane: Plane<'b>,
    axis: Axis,
}

impl Painter<'_, '_> {
    fn paint(&self, drawn: &[Drawn], scale: &Scale) -> Result<(), Undrawable> {
        let window = self.what.window;
        let ticks: Vec<_> = scale
            .ticks
            .iter()
            .map(|(value, text)| (self.axis.at(*value), text.clone()))
            .collect();
        self.plane.value_ticks(window, &ticks)?;
        self.plane.time_ticks(window, self.what.zone)?;
        self.bands()?;
        self.thresholds()?;
        let visible = |line: &Line| {
            !line
                .config
                .custom
                .hide_from
                .as_ref()
                .is_some_and(|hide| hide["viz"] == true)
        };
        let lines = self.what.lines.iter().zip(drawn).filter(|(line, _)| visible(line));
        // Those that stand on others are drawn from above, so that each fills what is its own.
        lines.rev().try_for_each(|(line, drawn)| self.line(line, drawn))?;
        if self.what.named { self.names() } else { Ok(()) }
    }

    /// Below the time axis, one in a row.
    fn names(&self) -> Result<(), Undrawable> {
        let rows = self.what.lines.len().min(NAMED);
        let top = f64::from(self.what.size.height) - NAME * rows as f64;
        for (index, line) in self.what.lines.iter().take(rows).enumerate() {
            self.plane
                .name(&line.name, line.color, top + NAME * (index as f64 + 0.4))?;
        }
        Ok(())
    }

    /// A tint behind the lines and a bar on the time axis, so that the lines stay what is seen first. Where several are at once
    /// the mark is no stronger, and many that are short do not become a fence.
    fn bands(&self) -> Result<(), Undrawable> {
        let Window { start, end } = self.what.window;
        let pixel = (end - start) / f64::from(self.what.size.width.max(1));
        let (low, high) = self.plane.values();
        let (mut marked, mut edge) = (f64::NEG_INFINITY, f64::NEG_INFINITY);
        for band in self.what.bands {
            let from = band.window.start.clamp(start, end);
            let to = band.window.end.max(band.window.start + 2.0 * pixel).clamp(start, end);
            let fresh = from.max(marked);
            if fresh < to {
                self.plane
                    .rectangle([(fresh, low), (to, high)], filled(band.color, 0.06))?;
                self.plane
                    .path(vec![(fresh, low), (to, low)], stroked(band.color, 0.9, 3.0))?;
            }
            marked = marked.max(to);
            if band.window.start > start && from - edge > APART * pixel {
                self.plane
                    .path(vec![(from, low), (from, high)], stroked(band.color, 0.3, 1.0))?;
                edge = from;
            }
        }
        Ok(())
    }

    /// Of the first line: panels have one set.
    fn thresholds(&self) -> Result<(), Undrawable> {
        let Some(line) = self.what.lines.first() else {
            return Ok(());
        };
        let style = line.config.custom.thresholds_style.as_ref();
        let mode = style.map_or("off", |style| style.mode.as_str());
        let Some(thresholds) = line
            .config
            .thresholds
            .as_ref()
            .filter(|_| !matches!(mode, "" | "off" | "series"))
        else {
            return Ok(());
        };
        let limits = limits(thresholds, span(line));
        for (index, (limit, color)) in limits.iter().enumerate() {
            let Some(color) = *color else { continue };
            let next = limits.get(index + 1).map_or(f64::INFINITY, |(next, _)| *next);
            if mode.contains("area") {
                self.area(*limit, next, color)?;
            }
            if mode != "area" && limit.is_finite() && *limit >= self.axis.low && *limit <= self.axis.high {
                self.limit(*limit, color, mode.starts_with("dashed"))?;
            }
        }
        Ok(())
    }

    fn area(&self, from: f64, to: f64, color: Rgb) -> Result<(), Undrawable> {
        let Window { start, end } = self.what.window;
        let (low, high) = (self.axis.at(from), self.axis.at(to));
        if low == high {
            return Ok(());
        }
        self.plane.rectangle([(start, low), (end, high)], filled(color, 0.08))
    }

    fn limit(&self, value: f64, color: Rgb, dashed: bool) -> Result<(), Undrawable> {
        let Window { start, end } = self.what.window;
        let y = self.axis.at(value);
        let style = stroked(color, 0.9, 1.0);
        if !dashed {
            return self.plane.path(vec![(start, y), (end, y)], style);
        }
        self.dashes(&[(start, y), (end, y)], style)
    }

    /// About ten pixels of line and as many of nothing, along a path whose times grow.
    fn dashes(&self, path: &[(f64, f64)], style: plotters::style::ShapeStyle) -> Result<(), Undrawable> {
        let dash = (self.what.window.end - self.what.window.start) * 8.0 / f64::from(self.what.size.width);
        for pair in path.windows(2) {
            let [(t0, y0), (t1, y1)] = [pair[0], pair[1]];
            let at = |t: f64| {
                (
                    t,
                    if t1 > t0 {
                        y0 + (y1 - y0) * (t - t0) / (t1 - t0)
                    } else {
                        y1
                    },
                )
            };
            let mut begin = (t0 / (2.0 * dash)).floor() * 2.0 * dash;
            while begin < t1 {
                let (from, to) = (begin.max(t0), (begin + dash).min(t1));
                if from < to {
                    self.plane.path(vec![at(from), at(to)], style)?;
                }
                begin += 2.0 * dash;
            }
        }
        Ok(())
    }

    fn line(&self, line: &Line, drawn: &Drawn) -> Result<(), Undrawable> {
        for piece in &drawn.pieces {
            let placed: Vec<_> = piece
                .iter()
                .map(|(time, value, below)| (*time, self.axis.at(*value), self.axis.at(*below)))
                .collect();
            match line.config.custom.draw_style.as_deref() {
                Some("bars") => self.bars(line, &placed)?,
                Some("points") => self.points(line, &placed, 1.0)?,
                _ => self.piece(line, &placed)?,
            }
        }
        Ok(())
    }

    fn piece(&self, line: &Line, piece: &[(f64, f64, f64)]) -> Result<(), Undrawable> {
        let custom = &line.config.custom;
        let steps = custom.line_interpolation.as_deref();
        let top = stepped(piece.iter().map(|(time, value, _)| (*time, *value)), steps);
        let opacity = custom.fill_opacity.unwrap_or(0.0) / 100.0;
        if opacity > 0.0 && piece.len() > 1 {
            let bottom = stepped(piece.iter().map(|(time, _, below)| (*time, *below)), steps);
            let around = top.iter().copied().chain(bottom.into_iter().rev()).collect();
            self.plane.polygon(around, filled(line.color, opacity))?;
        }
        let width = custom.line_width.unwrap_or(1.0);
        let dashed = custom
            .line_style
            .as_ref()
            .is_some_and(|style| style["fill"] == "dash" || style["fill"] == "dot");
        // A point alone has no line; it would not be seen otherwise.
        if piece.len() == 1 || custom.show_points.as_deref() == Some("always") {
            self.points(line, piece, 1.0)?;
        }
        if width <= 0.0 || piece.len() < 2 {
            return Ok(());
        }
        let style = stroked(line.color, 1.0, width * 1.25);
        if dashed {
            self.dashes(&top, style)
        } else {
            self.plane.path(top, style)
        }
    }

    fn points(&self, line: &Line, piece: &[(f64, f64, f64)], opacity: f64) -> Result<(), Undrawable> {
        let radius = line.config.custom.point_size.unwrap_or(5.0) / 2.0;
        let style = filled(line.color, opacity);
        piece
            .iter()
            .try_for_each(|(time, value, _)| self.plane.dot((*time, *value), radius, style))
    }

    fn bars(&self, line: &Line, piece: &[(f64, f64, f64)]) -> Result<(), Undrawable> {
        let opacity = line.config.custom.fill_opacity.unwrap_or(50.0).max(10.0) / 100.0;
        let half = line.step.max(1.0) * 0.4;
        let zero = self.axis.at(0.0);
        for (time, value, below) in piece {
            let foot = if *below == zero { zero } else { *below };
            self.plane.rectangle(
                [(time - half, foot), (time + half, *value)],
                filled(line.color, opacity),
            )?;
        }
        Ok(())
    }
}

/// With corners where the line goes in steps.
fn stepped(points: impl Iterator<Item = (f64, f64)>, steps: Option<&str>) -> Vec<(f64, f64)> {
    let before = match steps {
        Some("stepBefore") => true,
        Some("stepAfter") => false,
        _ => return points.collect(),
    };
    let mut out: Vec<(f64, f64)> = Vec::new();
    for (time, value) in points {
        if let Some((last_time, last_value)) = out.last().copied() {
            out.push(if before { (last_time, value) } else { (time, last_value) });
        }
        out.push((time, value));
    }
    out
}
