//! One panel: asks, and draws what comes, or says why it does not.

use std::sync::Arc;

use super::{
    alerts, asker::Asker, bands::aligned, chart, gauges, heat, html::escaped, layout, links, stat, states, table, text,
    view::View,
};
use crate::{
    charts::{Band, Size},
    data::{Answer, Fields, Line, lines, tables, transform},
    model::{Panel, Target, unknown},
    prometheus::Window,
    variables::{Format, Resolution, Scope, builtin, interpolate, interpolate_with, parse_duration},
};

/// The whole panel as HTML. `top` is where its section begins.
pub(super) async fn html(panel: &Panel, asker: &Asker, view: &View, bands: &[Band], top: u32) -> String {
    let size = layout::inside(&panel.kind, panel.grid_pos, view.width);
    let (body, notes) = match &panel.error {
        Some(error) => (problem(&format!("this panel is not understood: {error}")), Vec::new()),
        None => body(panel, asker, view, bands, size).await,
    };
    let title = interpolate_with(&panel.title, &view.scope, Format::Text);
    format!(
        "<section class=\"panel {}\" id=\"panel-{}\" data-kind=\"{}\"><header><h3>{}</h3>{}<span class=\"links\">{}</span>{}</header>{body}</section>\n",
        layout::classes(&panel.kind, panel.grid_pos, top),
        panel.id,
        escaped(&panel.kind),
        escaped(&title),
        about(&interpolate_with(&panel.description, &view.scope, Format::Text)),
        links::list(&panel.links, view),
        said(&notes),
    )
}

fn about(description: &str) -> String {
    if description.is_empty() {
        return String::new();
    }
    let inner = text::markdown(description);
    format!(
        "<details class=\"about\"><summary aria-label=\"About this panel\" title=\"About this panel\">i</summary><div>{inner}</div></details>"
    )
}

/// What is not drawn as Grafana would.
fn said(notes: &[String]) -> String {
    if notes.is_empty() {
        return String::new();
    }
    let items: String = notes.iter().map(|note| format!("<li>{}</li>", escaped(note))).collect();
    format!(
        "<details class=\"about notes\"><summary aria-label=\"Not drawn here\" title=\"Not drawn here\">!</summary><div><p>Not as in Grafana:</p><ul>{items}</ul></div></details>"
    )
}

fn problem(what: &str) -> String {
    format!("<p class=\"problem\">{}</p>", escaped(what))
}

async fn body(panel: &Panel, asker: &Asker, view: &View, bands: &[Band], size: Size) -> (String, Vec<String>) {
    let mut notes: Vec<String> = unknown(panel)
        .into_iter()
        .map(|what| format!("{what} is not known here"))
        .collect();
    match panel.kind.as_str() {
        "text" => return (text::html(panel, view), notes),
        "alertlist" => return (alerts::html(panel, &asker.client.alerts().await), notes),
        "timeseries" | "stat" | "gauge" | "bargauge" | "table" | "heatmap" | "state-timeline" | "status-history"
        | "graph" | "singlestat" => {}
        other => return (problem(&format!("a panel of type {other:?} is not drawn here")), notes),
    }
    let shifted = shifted(panel, view);
    let view = &shifted;
    let (answers, problems) = answers(panel, asker, view, size).await;
    if !problems.is_empty() && answers.is_empty() {
        return (problems.iter().map(|what| problem(what)).collect(), notes);
    }
    notes.extend(problems);
    let fields = Fields::new(&panel.field_config);
    let lines = lines(&answers, &fields, &view.scope);
    let html = drawn(panel, &answers, lines, &fields, view, bands, size, &mut notes);
    notes.extend(fields.problems());
    (html, notes)
}

/// With the panel's own range, if it has one.
fn shifted(panel: &Panel, view: &View) -> View {
    let mut view = view.clone();
    let seconds = |text: &Option<String>| {
        text.as_deref()
            .and_then(|text| parse_duration(text.trim_start_matches("now-")))
    };
    if let Some(back) = seconds(&panel.time_from) {
        view.window.start = view.window.end - back;
    }
    if let Some(back) = seconds(&panel.time_shift) {
        view.window.start -= back;
        view.window.end -= back;
    }
    view
}

/// Of all targets that are asked, and what went wrong with the others.
async fn answers(panel: &Panel, asker: &Asker, view: &View, size: Size) -> (Vec<Answer>, Vec<String>) {
    let (mut answers, mut problems) = (Vec::new(), Vec::new());
    let asked = panel
        .targets
        .iter()
        .filter(|target| !target.hide && !target.expr.is_empty());
    for target in asked {
        match answer(panel, target, asker, view, size).await {
            Ok(answer) => answers.push(answer),
            Err(what) => problems.push(format!("query {}: {what}", target.ref_id)),
        }
    }
    (answers, problems)
}

async fn answer(panel: &Panel, target: &Target, asker: &Asker, view: &View, size: Size) -> Result<Answer, String> {
    let points = panel
        .max_data_points
        .unwrap_or_else(|| f64::from(size.width).max(100.0));
    let own = |text: &str| parse_duration(&interpolate(text, &view.scope));
    let least = own(&target.interval).or_else(|| own(panel.interval.as_deref().unwrap_or_default()));
    let resolution = Resolution::of(
        view.window,
        points,
        least.unwrap_or(asker.scrape_interval),
        least.unwrap_or(asker.scrape_interval),
    );
    let resolution = Resolution {
        step: resolution.step * target.interval_factor.unwrap_or(1.0).max(1.0),
        ..resolution
    };
    let scope = with_builtin(&view.scope, view.window, resolution);
    let mut target = target.clone();
    target.expr = interpolate(&target.expr, &scope);
    target.legend_format = interpolate_with(&target.legend_format, &scope, Format::Text);
    let instant = target.instant && target.range != Some(true);
    let step = if instant { 0.0 } else { resolution.step };
    // An instant is rounded, too: panels that ask the same then share the answer.
    let window = if instant {
        Window {
            start: 0.0,
            end: view.window.end.floor(),
        }
    } else {
        aligned(view.window, step)
    };
    let series = asker
        .ask(&target.expr, window, step)
        .await
        .map_err(|error| error.to_string())?;
    Ok(Answer {
        target,
        series: Arc::clone(&series),
        step,
    })
}

fn with_builtin(scope: &Scope, window: Window, resolution: Resolution) -> Scope {
    let mut scope = scope.clone();
    for (name, bound) in builtin(window, resolution).iter() {
        scope.set(name, bound.clone());
    }
    scope
}

#[expect(clippy::too_many_arguments, reason = "each kind of panel needs its own few of them")]
fn drawn(
    panel: &Panel,
    answers: &[Answer],
    lines: Vec<Line>,
    fields: &Fields<'_>,
    view: &View,
    bands: &[Band],
    size: Size,
    notes: &mut Vec<String>,
) -> String {
    let kind = panel.kind.as_str();
    let single = matches!(kind, "stat" | "singlestat" | "gauge" | "bargauge");
    if kind != "table" {
        let undone = panel.transformations.iter().filter(|step| !step.disabled);
        notes.extend(undone.map(|step| format!("transformation {} is done in tables only", step.id)));
    }
    if lines.iter().all(|line| line.points.is_empty()) && !single {
        return stat::nothing(panel.field_config.defaults(), view.now);
    }
    match kind {
        "stat" | "singlestat" => stat::html(panel, &lines, view, size),
        "gauge" => gauges::gauges(panel, &lines, view, size),
        "bargauge" => gauges::bars(panel, &lines, view, size),
        "heatmap" => heat::html(panel, &lines, view, size),
        "state-timeline" | "status-history" => states::html(panel, &lines, view, size),
        "table" => {
            let (tables, undone) = transform(tables(answers, &lines), &panel.transformations);
            notes.extend(undone);
            if tables.len() > 1 {
                notes.push(format!("the first of {} tables is shown; merge them", tables.len()));
            }
            match tables.into_iter().next() {
                Some(first) => table::html(panel, first.configured(fields), view),
                None => stat::nothing(panel.field_config.defaults(), view.now),
            }
        }
        _ => chart::html(panel, &lines, bands, view, size),
    }
}
