//! When alerts fired, as marks on the time axes.

use super::{asker::Asker, view::View};
use crate::{
    charts::Band,
    data::filled,
    look::Rgb,
    model::{Annotation, Dashboard},
    prometheus::{Series, Window},
    variables::{Resolution, builtin, interpolate, parse_duration},
};

/// More than these nobody can tell apart.
const MOST: usize = 60;

/// Of all annotations of a dashboard, and what went wrong with them.
pub(super) async fn bands(board: &Dashboard, asker: &Asker, view: &View) -> (Vec<Band>, Vec<String>) {
    let (mut bands, mut problems) = (Vec::new(), Vec::new());
    for annotation in &board.annotations.list {
        let Some(expr) = annotation.expr().filter(|_| annotation.enable) else {
            continue;
        };
        let least = parse_duration(&annotation.step).unwrap_or(asker.scrape_interval);
        let resolution = Resolution::of(view.window, 300.0, least, asker.scrape_interval);
        let mut scope = view.scope.clone();
        for (name, bound) in builtin(view.window, resolution).iter() {
            scope.set(name, bound.clone());
        }
        let window = aligned(view.window, resolution.step);
        match asker.ask(&interpolate(expr, &scope), window, resolution.step).await {
            Ok(series) => bands.extend(
                series
                    .iter()
                    .flat_map(|series| of_series(annotation, series, resolution.step)),
            ),
            Err(error) => problems.push(format!("annotation {}: {error}", annotation.name)),
        }
    }
    bands.sort_by(|a, b| a.window.start.total_cmp(&b.window.start));
    bands.truncate(MOST);
    (bands, problems)
}

/// To whole steps, so that the same question is asked for a while.
pub(super) fn aligned(window: Window, step: f64) -> Window {
    Window {
        start: (window.start / step).floor() * step,
        end: (window.end / step).floor() * step,
    }
}

/// Stretches in which it was not zero.
fn of_series(annotation: &Annotation, series: &Series, step: f64) -> Vec<Band> {
    let color = Rgb::named(&annotation.icon_color).unwrap_or(Rgb(0xF2, 0x49, 0x5C));
    let format = if annotation.title_format.is_empty() {
        "{{alertname}}"
    } else {
        &annotation.title_format
    };
    let title = filled(format, &series.labels);
    let text = filled(&annotation.text_format, &series.labels);
    let mut bands: Vec<Band> = Vec::new();
    for point in series
        .points
        .iter()
        .filter(|point| point.value != 0.0 && !point.value.is_nan())
    {
        match bands.last_mut() {
            Some(band) if point.time - band.window.end < step * 1.5 => band.window.end = point.time,
            _ => bands.push(Band {
                window: Window {
                    start: point.time,
                    end: point.time,
                },
                color,
                title: format!("{title} {text}").trim().to_owned(),
            }),
        }
    }
    bands
}
