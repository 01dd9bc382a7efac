//! A panel of time series: the chart, the legend, and the values for the pointer.

use serde::Serialize;

use super::{
    html::{escaped, json},
    layout::PHONE,
    legend,
    pointer::Pointed,
    view::View,
};
use crate::{
    charts::{Band, Plot, Size, TimeSeries, in_page, time_series},
    data::Line,
    model::Panel,
};

/// Series whose values are said under the pointer.
const POINTED: usize = 30;

pub(super) fn html(panel: &Panel, lines: &[Line], bands: &[Band], view: &View, size: Size) -> String {
    let room = legend::room(&panel.options, lines, size, view.width < PHONE);
    let chart = Size {
        width: if room.right { size.width * 2 / 3 } else { size.width },
        height: size.height.saturating_sub(room.below).max(60),
    };
    let what = TimeSeries {
        lines,
        bands,
        window: view.window,
        zone: &view.zone,
        size: chart,
        named: false,
    };
    let (svg, plot) = match time_series(&what) {
        Ok(drawn) => drawn,
        Err(error) => return format!("<p class=\"problem\">{}</p>", escaped(&error.to_string())),
    };
    let side = if room.right { " beside" } else { "" };
    let figure = figure(&svg, &panel.title, plot, &said(panel, lines, bands, view));
    format!(
        "<div class=\"plot{side}\">{figure}{}</div>",
        legend::html(&panel.options, lines, view)
    )
}

/// A chart, and what a script says under the pointer.
pub(super) fn figure(svg: &str, title: &str, plot: Plot, values: &impl Serialize) -> String {
    let svg = in_page(svg).replacen(
        "<svg",
        &format!("<svg class=\"chart\" role=\"img\" aria-label=\"{}\"", escaped(title)),
        1,
    );
    format!(
        "<figure data-left=\"{:.1}\" data-right=\"{:.1}\">{svg}<script type=\"application/json\">{}</script></figure>",
        plot.left,
        plot.right,
        json(values)
    )
}

/// What a script needs to find a time.
#[derive(Serialize)]
pub(super) struct Frame {
    from: f64,
    to: f64,
    zone: f64,
}

impl Frame {
    pub(super) fn of(view: &View) -> Self {
        Self {
            from: view.window.start,
            to: view.window.end,
            zone: view.zone.offset(view.window.end),
        }
    }
}

/// What a script says under the pointer.
#[derive(Serialize)]
struct Said<'a> {
    #[serde(flatten)]
    frame: Frame,
    sort: &'a str,
    bands: Vec<(f64, f64, &'a str)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    series: Option<Vec<Pointed<'a>>>,
}

fn said<'a>(panel: &'a Panel, lines: &'a [Line], bands: &'a [Band], view: &'a View) -> Said<'a> {
    let tooltip = panel.options.tooltip.as_ref();
    let mode = tooltip.map_or("single", |tooltip| tooltip.mode.as_str());
    let pointed = || {
        lines
            .iter()
            .take(POINTED)
            .map(|line| Pointed { line, now: view.now })
            .collect()
    };
    let band = |band: &'a Band| (band.window.start, band.window.end, band.title.as_str());
    Said {
        frame: Frame::of(view),
        sort: tooltip.map_or("none", |tooltip| tooltip.sort.as_str()),
        bands: bands.iter().map(band).collect(),
        series: (mode != "none").then(pointed),
    }
}
