//! Colors of what is not data. Charts are drawn with stand-ins, which become a page's variables, or a theme's colors.

use crate::look::Rgb;

/// A stand-in, and what it becomes: in pages, in the dark, in the light.
const ROLES: [(Rgb, &str, &str, &str); 4] = [
    (TEXT, "var(--text)", "#d5d6dc", "#24292e"),
    (MUTED, "var(--muted)", "#9a9ca5", "#5c6370"),
    (GRID, "var(--grid)", "#2f3138", "#e3e4e8"),
    (GROUND, "var(--panel)", "#181b1f", "#ffffff"),
];

/// Values and names.
pub(super) const TEXT: Rgb = Rgb(1, 2, 1);
/// Axes.
pub(super) const MUTED: Rgb = Rgb(1, 2, 2);
/// Lines at ticks, and what is not filled.
pub(super) const GRID: Rgb = Rgb(1, 2, 3);
/// Behind everything.
pub(super) const GROUND: Rgb = Rgb(1, 2, 4);

/// Dark or light.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Theme {
    /// On black.
    Dark,
    /// On white.
    Light,
}

/// A chart that takes its colors from the page around it.
#[must_use]
pub fn in_page(svg: &str) -> String {
    themed(svg, |(_, variable, ..)| variable)
}

/// A chart as a file of its own.
#[must_use]
pub fn alone(svg: &str, theme: Theme) -> String {
    let themed = themed(svg, |(_, _, dark, light)| match theme {
        Theme::Dark => dark,
        Theme::Light => light,
    });
    let ground = match theme {
        Theme::Dark => ROLES[3].2,
        Theme::Light => ROLES[3].3,
    };
    match themed.split_once('>') {
        Some((head, rest)) => format!("{head}><rect width=\"100%\" height=\"100%\" fill=\"{ground}\"/>{rest}"),
        None => themed,
    }
}

fn themed(svg: &str, color: impl Fn((Rgb, &'static str, &'static str, &'static str)) -> &'static str) -> String {
    let mut out = svg.to_owned();
    for role in ROLES {
        let stand_in = format!("\"#{}\"", role.0.text().to_uppercase());
        out = out.replace(&stand_in, &format!("\"{}\"", color(role)));
    }
    out
}
