//! Lists: what needs a look, the containers, the cgroups.

use exporter_toolkit::web::html_escaped;

use super::detail;
use super::frame::{item, link, problems};
use super::summary::Summary;
use super::table::{Kind, table};
use super::view::View;

/// The content of `/docker/` and of `/containers/`.
pub(super) fn content(view: &View, title: &str) -> String {
    let tables = tables(
        view,
        "No container is known here. Containers appear as soon as their runtime tells of them.",
    );
    let head = format!(
        "<h1>{}</h1>\n<p id=\"counts\">{}</p>",
        html_escaped(title),
        html_escaped(&counts(&view.containers))
    );
    let machine = view.own.as_ref().map_or(String::new(), detail::machine);
    let parts = [
        head,
        problems(&view.problems),
        troubles(&view.containers),
        machine,
        tables,
    ];
    parts.join("\n")
}

/// `12 containers: 10 running, 2 not running`. The script writes the same.
fn counts(containers: &[Summary]) -> String {
    let is_up = |summary: &&Summary| {
        summary
            .status
            .as_ref()
            .is_some_and(|status| status.text.starts_with("running"))
    };
    let (all, up) = (containers.len(), containers.iter().filter(is_up).count());
    let noun = if all == 1 { "container" } else { "containers" };
    format!("{all} {noun}: {up} running, {} not running", all - up)
}

/// The containers that need a look, each with the reason.
pub(super) fn troubles(containers: &[Summary]) -> String {
    let trouble = |summary: &Summary| {
        let text = html_escaped(summary.trouble.as_ref()?);
        Some(item(&format!("{}: {text}", link(&summary.href, &summary.name))))
    };
    let items: String = containers.iter().filter_map(trouble).collect();
    let hidden = if items.is_empty() { " hidden" } else { "" };
    format!("<section id=\"troubles\" class=\"troubles\"{hidden}><h2>Needs a look</h2><ul>{items}</ul></section>")
}

/// Both tables; those that are empty are hidden until something is in them.
pub(super) fn tables(view: &View, nothing: &str) -> String {
    let nothing = if view.containers.is_empty() && !nothing.is_empty() {
        format!("<p class=\"nothing\">{}</p>", html_escaped(nothing))
    } else {
        String::new()
    };
    let part = |kind, title: &str, rows: &[Summary]| {
        let hidden = if rows.is_empty() { " hidden" } else { "" };
        format!(
            "<section class=\"list\"{hidden}><h2>{title}</h2>{}</section>",
            table(kind, rows)
        )
    };
    [
        nothing,
        part(Kind::Containers, "Containers", &view.containers),
        part(Kind::Groups, "Slices, services and other cgroups", &view.groups),
    ]
    .join("\n")
}
