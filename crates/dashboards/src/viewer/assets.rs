//! What pages load: one style sheet and one script.

use std::{fmt::Write, sync::LazyLock};

/// By their path.
pub(super) fn asset(path: &str) -> Option<(&'static str, &'static str)> {
    match path {
        "/static/viewer.js" => Some(("text/javascript; charset=utf-8", SCRIPT)),
        "/static/viewer.css" => Some(("text/css; charset=utf-8", &STYLE)),
        _ => None,
    }
}

pub(super) const SCRIPT: &str = include_str!("static/viewer.js");

/// With the rules for the places of panels: a strict policy lets no element have a style of its own.
pub(super) static STYLE: LazyLock<String> = LazyLock::new(|| {
    let mut style = include_str!("static/viewer.css").to_owned();
    style.push_str("@media (min-width:700px){");
    for column in 0..24 {
        write!(
            style,
            ".x-{column}{{grid-column-start:{}}}.w-{w}{{grid-column-end:span {w}}}",
            column + 1,
            w = column + 1
        )
        .ok();
    }
    for row in 0..=300 {
        write!(style, ".y-{row}{{grid-row-start:{}}}", row + 1).ok();
    }
    for height in 2..=60 {
        write!(style, ".h-{height}{{grid-row-end:span {height}}}").ok();
    }
    // On a phone, panels are below each other and end where their content does; figures stand beside each other, and so are all
    // of their height.
    style.push_str("}@media (max-width:699.9px){");
    for height in 2..=60 {
        let pixels = height * 36 - 8;
        write!(
            style,
            ".h-{height}{{max-height:{pixels}px}}.h-{height}[data-kind=stat],.h-{height}[data-kind=gauge]{{height:{pixels}px}}"
        )
        .ok();
    }
    style.push('}');
    for across in 1..=12 {
        write!(
            style,
            ".across-{across}{{grid-template-columns:repeat({across},minmax(0,1fr))}}"
        )
        .ok();
    }
    for size in (12..=64).step_by(2) {
        write!(style, ".f-{size}{{font-size:{size}px}}").ok();
    }
    style
});
