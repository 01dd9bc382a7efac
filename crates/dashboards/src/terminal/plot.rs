//! Series over time in a terminal.

use std::fmt::Write;

use super::braille::Braille;
use crate::{
    data::Line,
    look::{Rgb, reduce},
    prometheus::Window,
    time::Zone,
    units,
};

/// Of a terminal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Screen {
    /// In letters.
    pub columns: usize,
    /// In letters, of the chart alone.
    pub rows: usize,
    /// Whether it may be colored.
    pub colored: bool,
}

/// Names are marked with these where there is no color.
const MARKS: [char; 8] = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

/// The chart, its axes and its legend, with a line break at the end.
#[must_use]
pub fn plot(lines: &[Line], window: Window, zone: &Zone, screen: Screen) -> String {
    let (low, high, ticks) = axis(lines, screen.rows);
    let label = ticks
        .iter()
        .map(|(_, text)| text.chars().count())
        .max()
        .unwrap_or(0)
        .max(4);
    let columns = screen.columns.saturating_sub(label + 3).max(10);
    let canvas = canvas(lines, window, (low, high), columns, screen.rows);
    let mut out = String::new();
    for row in 0..screen.rows {
        let tick = ticks
            .iter()
            .find(|(value, _)| row_of(*value, low, high, screen.rows) == row);
        let (text, edge) = tick.map_or(("", '│'), |(_, text)| (text.as_str(), '┤'));
        write!(out, "{text:>label$} {edge}").ok();
        paint_row(&mut out, canvas.row(row), lines, screen.colored);
        out.push('\n');
    }
    write!(out, "{:>label$} └{}\n{:>label$}  ", "", "─".repeat(columns), "").ok();
    out.push_str(&times(window, zone, columns));
    out.push('\n');
    for (index, line) in lines.iter().enumerate() {
        legend(&mut out, line, index, screen);
    }
    out
}

fn row_of(value: f64, low: f64, high: f64, rows: usize) -> usize {
    let part = (high - value) / (high - low);
    (part * (rows.saturating_sub(1)) as f64).round().max(0.0) as usize
}

/// Its ends, and its round values with their texts.
fn axis(lines: &[Line], rows: usize) -> (f64, f64, Vec<(f64, String)>) {
    let values = lines
        .iter()
        .flat_map(|line| line.points.iter().map(|point| point.value));
    let unit = lines.first().and_then(|line| line.config.unit.as_deref());
    crate::charts::value_axis_of(values, unit, (rows / 3).clamp(2, 8))
}

fn canvas(lines: &[Line], window: Window, (low, high): (f64, f64), columns: usize, rows: usize) -> Braille {
    let mut canvas = Braille::new(columns, rows);
    let x = |time: f64| ((time - window.start) / (window.end - window.start) * (columns * 2 - 1) as f64).round() as i64;
    let y = |value: f64| ((high - value) / (high - low) * (rows * 4).saturating_sub(1) as f64).round() as i64;
    for (index, line) in lines.iter().enumerate() {
        for piece in crate::charts::pieces(line) {
            let mut last = None;
            for point in piece {
                let at = (x(point.time), y(point.value));
                canvas.line(last.unwrap_or(at), at, index);
                last = Some(at);
            }
        }
    }
    canvas
}

fn paint_row(out: &mut String, row: impl Iterator<Item = (char, Option<usize>)>, lines: &[Line], colored: bool) {
    let mut text = String::new();
    for (letter, owner) in row {
        match owner.and_then(|index| lines.get(index)).filter(|_| colored) {
            Some(line) => text.push_str(&ink(line.color, &letter.to_string())),
            None => text.push(letter),
        }
    }
    out.push_str(text.trim_end());
}

fn ink(Rgb(red, green, blue): Rgb, text: &str) -> String {
    format!("\x1b[38;2;{red};{green};{blue}m{text}\x1b[0m")
}

/// Texts below the places that they mean.
fn times(window: Window, zone: &Zone, columns: usize) -> String {
    let mut row: Vec<char> = vec![' '; columns];
    for (time, text) in zone.ticks(window, (columns / 14).max(1)) {
        let part = (time - window.start) / (window.end - window.start);
        let middle = (part * columns as f64).round() as usize;
        let start = middle.saturating_sub(text.chars().count() / 2);
        if start + text.chars().count() <= columns {
            for (index, letter) in text.chars().enumerate() {
                row[start + index] = letter;
            }
        }
    }
    row.into_iter().collect::<String>().trim_end().to_owned()
}

/// Names come from outside: what steers a terminal is left out.
fn plain(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

fn legend(out: &mut String, line: &Line, index: usize, screen: Screen) {
    let value = |calc| match reduce(&line.points, calc) {
        Some(value) => units::format(line.config.unit.as_deref(), value, line.config.decimals, 0.0),
        None => "–".to_owned(),
    };
    let mark = if screen.colored {
        ink(line.color, "●")
    } else {
        MARKS[index % MARKS.len()].to_string()
    };
    let (last, min, max, mean) = (value("lastNotNull"), value("min"), value("max"), value("mean"));
    writeln!(
        out,
        "{mark} {}  last {last}  min {min}  max {max}  mean {mean}",
        plain(&line.name)
    )
    .ok();
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        model::FieldConfig,
        prometheus::{Labels, Point},
    };

    #[test]
    fn a_line_is_drawn_with_its_axes_and_a_gap_is_a_gap() {
        let points = (0..=60).filter(|minute| !(20..40).contains(minute));
        let points = points.map(|minute| Point {
            time: f64::from(minute) * 60.0,
            value: f64::from(minute),
        });
        let line = Line {
            name: "up\x1b[31m".into(),
            ref_id: "A".into(),
            labels: Labels::new(),
            points: points.collect(),
            step: 60.0,
            config: Arc::new(FieldConfig::default()),
            color: Rgb(1, 2, 3),
        };
        let window = Window {
            start: 0.0,
            end: 3600.0,
        };
        let screen = Screen {
            columns: 31,
            rows: 4,
            colored: false,
        };
        let drawn = plot(std::slice::from_ref(&line), window, &Zone::utc(), screen);
        let rows: Vec<&str> = drawn.lines().collect();
        assert_eq!(rows.len(), 4 + 2 + 1, "{drawn}");
        assert!(
            rows[0].starts_with(" 100 ┤") && rows[3].starts_with("   0 ┤⣀"),
            "{drawn}"
        );
        let middle: Vec<char> = rows.iter().take(4).filter_map(|row| row.chars().nth(17)).collect();
        assert!(middle.iter().all(|letter| *letter == ' '), "the gap is empty: {drawn}");
        assert_eq!(rows[4], "     └────────────────────────");
        assert_eq!(rows[6], "a up?[31m  last 60  min 0  max 60  mean 30.2");
        let colored = plot(
            &[line],
            window,
            &Zone::utc(),
            Screen {
                colored: true,
                ..screen
            },
        );
        assert!(colored.contains("\x1b[38;2;1;2;3m"));
    }
}
