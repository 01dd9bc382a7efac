//! A dashboard's panels in their rows.

use std::fmt::Write;

use futures_util::future::join_all;

use super::{
    asker::Asker,
    bands::bands,
    html::escaped,
    panel,
    view::{Request, View},
};
use crate::{
    charts::Band,
    model::{Dashboard, GridPos, Panel},
    prometheus::Window,
    time::now,
    variables::{Bound, Format, Resolution, Scope, builtin, fill, interpolate_with},
};

/// A dashboard, its variables filled.
pub struct Ready {
    /// What is looked at.
    pub view: View,
    /// What could not be done for all panels.
    pub problems: Vec<String>,
    bands: Vec<Band>,
}

/// A dashboard as HTML.
pub struct Content {
    /// All rows.
    pub html: String,
    /// What is looked at.
    pub view: View,
    /// What could not be done for all panels.
    pub problems: Vec<String>,
}

impl Ready {
    /// Fills variables, and finds when alerts fired.
    pub async fn prepare(board: &Dashboard, asker: &Asker, request: &Request) -> Self {
        let (view, mut problems) = filled(board, asker, request).await;
        let (bands, more) = bands(board, asker, &view).await;
        problems.extend(more);
        Self { view, problems, bands }
    }
}

/// What is looked at, its variables filled, and what could not be done for that.
async fn filled(board: &Dashboard, asker: &Asker, request: &Request) -> (View, Vec<String>) {
    let now = now();
    let (from, to, window, zone) = View::window(board, request, now);
    let scope = own(board, window, asker.scrape_interval);
    let list = &board.templating.list;
    let (variables, scope) = fill(list, &asker.client, rounded(window), &request.variables, scope).await;
    let problems = variables
        .iter()
        .filter_map(|filled| {
            Some(format!(
                "variable {}: {}",
                filled.variable.name,
                filled.problem.as_ref()?
            ))
        })
        .collect();
    let view = View {
        from,
        to,
        window,
        now,
        zone,
        variables,
        scope,
        open: request.open.clone(),
        width: request.width,
    };
    (view, problems)
}

/// Variables are asked for over whole minutes.
fn rounded(window: Window) -> Window {
    Window {
        start: (window.start / 60.0).floor() * 60.0,
        end: (window.end / 60.0).ceil() * 60.0,
    }
}

/// Grafana's own names, for what is not of a panel.
fn own(board: &Dashboard, window: Window, scrape_interval: f64) -> Scope {
    let resolution = Resolution::of(window, 600.0, scrape_interval, scrape_interval);
    builtin(window, resolution)
        .with("__dashboard", Bound::one(board.title.as_str()))
        .with("__dashboard.uid", Bound::one(board.uid.as_str()))
}

/// All panels, asked for together.
pub async fn draw(board: &Dashboard, asker: &Asker, request: &Request) -> Content {
    let ready = Ready::prepare(board, asker, request).await;
    let mut html = String::new();
    for section in sections(&board.panels) {
        write_section(&mut html, &section, asker, &ready).await;
    }
    Content {
        html,
        view: ready.view,
        problems: ready.problems,
    }
}

/// No panel yet, for no width, and nothing asked but what variables can be.
pub async fn undrawn(board: &Dashboard, asker: &Asker, request: &Request) -> Content {
    let (view, problems) = filled(board, asker, request).await;
    Content {
        html: String::new(),
        view: View { width: 0, ..view },
        problems,
    }
}

/// One panel, by its id.
pub async fn draw_panel(board: &Dashboard, id: u64, asker: &Asker, request: &Request) -> Option<String> {
    let found = board.shown().find(|panel| panel.id == id)?;
    let ready = Ready::prepare(board, asker, request).await;
    Some(panel::html(found, asker, &ready.view, &ready.bands, 0).await)
}

/// A row and what is below it, up to the next.
struct Section<'a> {
    row: Option<&'a Panel>,
    panels: Vec<&'a Panel>,
}

fn sections(panels: &[Panel]) -> Vec<Section<'_>> {
    let mut sections = vec![Section {
        row: None,
        panels: Vec::new(),
    }];
    for panel in panels {
        if panel.is_row() {
            sections.push(Section {
                row: Some(panel),
                panels: panel.panels.iter().collect(),
            });
        } else if let Some(section) = sections.last_mut() {
            section.panels.push(panel);
        }
    }
    sections.retain(|section| section.row.is_some() || !section.panels.is_empty());
    sections
}

/// Into what is there already: pages can be some megabytes, and more than one copy at a time is memory for nothing.
async fn write_section(out: &mut String, section: &Section<'_>, asker: &Asker, ready: &Ready) {
    let view = &ready.view;
    let folded = section.row.filter(|row| row.collapsed && !view.open.contains(&row.id));
    let title = section
        .row
        .map(|row| escaped(&interpolate_with(&row.title, &view.scope, Format::Text)));
    if let (Some(row), Some(title)) = (folded, &title) {
        let count = section.panels.len();
        writeln!(
            out,
            "<p class=\"folded\"><a href=\"?{}&amp;open={}#row-{}\">{title}</a> <small>{count} panels</small></p>",
            escaped(&view.query()),
            row.id,
            row.id
        )
        .ok();
        return;
    }
    let copies: Vec<(Panel, Scope)> = section.panels.iter().flat_map(|panel| repeated(panel, view)).collect();
    let top = copies.iter().map(|(panel, _)| panel.grid_pos.y).min().unwrap_or(0);
    // All at once: the asker sees to it that Prometheus is not asked too much.
    let drawn = copies.iter().map(|(panel, scope)| {
        let view = View {
            scope: scope.clone(),
            ..view.clone()
        };
        async move { panel::html(panel, asker, &view, &ready.bands, top).await }
    });
    let drawn = join_all(drawn).await;
    let end = match (section.row, title) {
        (Some(row), Some(title)) => {
            write!(
                out,
                "<details class=\"row\" id=\"row-{}\" open><summary>{title}</summary>",
                row.id
            )
            .ok();
            "</div></details>\n"
        }
        _ => "</div>",
    };
    out.push_str("<div class=\"grid\">");
    out.reserve_exact(drawn.iter().map(String::len).sum::<usize>() + end.len());
    for panel in drawn {
        out.push_str(&panel);
    }
    out.push_str(end);
}

/// One panel for each value of its variable, beside each other or below.
fn repeated(panel: &Panel, view: &View) -> Vec<(Panel, Scope)> {
    let bound = panel
        .repeat
        .as_deref()
        .and_then(|name| Some((name, view.scope.get(name)?)));
    let Some((name, bound)) = bound.filter(|(_, bound)| !bound.values.is_empty()) else {
        return vec![(panel.clone(), view.scope.clone())];
    };
    let place = panel.grid_pos;
    let across = match panel.repeat_direction.as_deref() {
        Some("v") => 1,
        _ => panel
            .max_per_row
            .unwrap_or(4)
            .clamp(1, 24)
            .min(u32::try_from(bound.values.len()).unwrap_or(24)),
    };
    let width = if panel.repeat_direction.as_deref() == Some("v") {
        place.w
    } else {
        24 / across
    };
    let copy = |(index, value): (u32, &String)| {
        let mut copy = panel.clone();
        copy.grid_pos = GridPos {
            x: (index % across) * width + if across == 1 { place.x } else { 0 },
            y: place.y + (index / across) * place.h,
            w: width,
            h: place.h,
        };
        (copy, view.scope.clone().with(name, Bound::one(value.as_str())))
    };
    (0..).zip(&bound.values).map(copy).collect()
}
