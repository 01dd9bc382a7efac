//! A page around a dashboard.

use super::{
    assets::{SCRIPT, STYLE},
    controls, list,
    query::{Query, Wish},
};
use crate::{
    board::{Asker, Content, Request, color_classes, draw, escaped, undrawn},
    model::Dashboard,
    viewer::files::Shelf,
};

/// A whole page; `nonce` is what its policy lets have styles.
pub(super) fn page(title: &str, theme: Wish, head: &str, body: String, nonce: &str) -> String {
    let classes = color_classes(&body);
    let before = format!(
        "<!DOCTYPE html>\n<html lang=\"en\" data-theme=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{}</title>\n<link rel=\"icon\" href=\"data:,\">\n<link rel=\"stylesheet\" href=\"/static/viewer.css\">\n<style nonce=\"{nonce}\">{classes}</style>\n<script type=\"module\" src=\"/static/viewer.js\"></script>\n{head}</head>\n<body>\n",
        theme.name(),
        escaped(title),
    );
    between(&before, body, "\n</body>\n</html>\n")
}

/// Pages can be some megabytes: there is one copy.
fn between(before: &str, mut html: String, behind: &str) -> String {
    html.reserve_exact(before.len() + behind.len());
    html.insert_str(0, before);
    html.push_str(behind);
    html
}

/// The page of a dashboard, whose address has `address` for its query. Where the screen's width is asked for first, there
/// are no panels yet.
pub(super) async fn board(
    board: &Dashboard,
    shelf: &Shelf,
    asker: &Asker,
    query: &Query,
    address: &str,
    nonce: &str,
) -> String {
    let content = if query.ask_width {
        Content {
            html: "<p class=\"nothing\">Drawing…</p>".to_owned(),
            ..undrawn(board, asker, &query.request).await
        }
    } else {
        draw(board, asker, &query.request).await
    };
    // A folder that cannot be read was read a moment ago; then there are no links.
    let folders = shelf.entries().unwrap_or_default();
    let seconds = controls::refresh_seconds(board, query);
    let again = if query.ask_width {
        Some(format!("0; url=?{address}&width={}", query.request.width))
    } else {
        (seconds > 0.0).then(|| seconds.to_string())
    };
    let head = again.map_or_else(String::new, |again| {
        let again = escaped(&again);
        format!("<noscript><meta http-equiv=\"refresh\" content=\"{again}\"></noscript>\n")
    });
    let before = format!(
        "<header class=\"top\"><a class=\"home\" href=\"/\">Dashboards</a><h1>{}</h1><nav>{}</nav></header>\n{}\n",
        escaped(&board.title),
        list::links(board, &folders, &content.view),
        controls::html(board, &content.view, query),
    );
    let body = main(&before, content, seconds);
    page(&board.title, query.theme, &head, body, nonce)
}

/// What is seen, behind what is before it.
fn main(before: &str, content: Content, refresh: f64) -> String {
    let problems: String = content
        .problems
        .iter()
        .map(|what| format!("<p class=\"problem\">{}</p>", escaped(what)))
        .collect();
    let width = content.view.width;
    let before = format!("{before}<main data-width=\"{width}\" data-refresh=\"{refresh}\">{problems}");
    between(&before, content.html, "</main>")
}

/// A dashboard as one file that needs nothing else.
pub async fn report(board: &Dashboard, asker: &Asker, request: &Request) -> String {
    let content = draw(board, asker, request).await;
    let view = &content.view;
    let when = format!(
        "{} to {}",
        view.zone.stamp(view.window.start),
        view.zone.stamp(view.window.end)
    );
    let values: Vec<String> = view
        .variables
        .iter()
        .filter(|filled| !matches!(filled.variable.kind.as_str(), "datasource" | "constant"))
        .map(|filled| {
            format!(
                "{}: {}",
                filled.variable.name,
                filled.chosen.join(", ").replace(crate::variables::ALL, "All")
            )
        })
        .collect();
    let before = format!(
        "<header class=\"top\"><h1>{}</h1><p>{} <small>{}</small></p></header>\n",
        escaped(&board.title),
        escaped(&when),
        escaped(&values.join(" · ")),
    );
    let body = main(&before, content, 0.0);
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\" data-theme=\"auto\" data-report>\n<head>\n<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{}</title>\n<link rel=\"icon\" href=\"data:,\">\n<style>{}{}</style>\n</head>\n<body>\n{body}\n<script type=\"module\">{SCRIPT}</script>\n</body>\n</html>\n",
        escaped(&board.title),
        *STYLE,
        color_classes(&body),
    )
}
