//! The list of dashboards, and the links from one to another.

use std::{collections::BTreeMap, fmt::Write};

use super::files::Entry;
use crate::{
    board::{View, escaped},
    model::Dashboard,
};

/// By folder.
pub(super) fn html(folders: &BTreeMap<String, Vec<Entry>>, dir: &str) -> String {
    if folders.is_empty() {
        return format!(
            "<h1>Dashboards</h1><p>There is no dashboard in {} yet.</p>",
            escaped(dir)
        );
    }
    let mut out = String::from("<h1>Dashboards</h1>");
    for (folder, entries) in folders {
        let name = if folder.is_empty() { "General" } else { folder };
        write!(out, "<section class=\"folder\"><h2>{}</h2><ul>", escaped(name)).ok();
        for entry in entries {
            out.push_str(&item(entry));
        }
        out.push_str("</ul></section>");
    }
    out
}

fn item(entry: &Entry) -> String {
    let link = format!(
        "<a href=\"/d/{}\">{}</a>",
        escaped(&entry.uid()),
        escaped(&entry.title())
    );
    match &entry.board {
        Ok(board) => format!("<li>{link}<p>{}</p></li>", escaped(&board.description)),
        Err(error) => format!(
            "<li>{}<p class=\"problem\">{}</p></li>",
            escaped(&entry.title()),
            escaped(error)
        ),
    }
}

/// The links of a dashboard, among them those to others with the same tags.
pub(super) fn links(board: &Dashboard, folders: &BTreeMap<String, Vec<Entry>>, view: &View) -> String {
    let mut out = String::new();
    for link in &board.links {
        if link.kind != "dashboards" {
            if crate::board::allowed(&link.url) {
                write!(out, "<a href=\"{}\">{}</a> ", escaped(&link.url), escaped(&link.title)).ok();
            }
            continue;
        }
        let time = if link.keep_time {
            format!("?{}", time_range(view))
        } else {
            String::new()
        };
        let same = |other: &&Dashboard| {
            let tagged = link.tags.iter().all(|tag| other.tags.contains(tag));
            tagged && other.uid != board.uid && !other.uid.is_empty()
        };
        let others = folders.values().flatten().filter_map(|entry| entry.board.as_ref().ok());
        for other in others.filter(same) {
            write!(
                out,
                "<a href=\"/d/{}{}\">{}</a> ",
                escaped(&other.uid),
                escaped(&time),
                escaped(&other.title)
            )
            .ok();
        }
    }
    out
}

fn time_range(view: &View) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query
        .append_pair("from", &view.from)
        .append_pair("to", &view.to)
        .finish()
}
