//! Texts: Markdown without HTML.

use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, html::push_html};

use super::{html::escaped, links::allowed, view::View};
use crate::{
    model::Panel,
    variables::{Format, interpolate_with},
};

pub(super) fn html(panel: &Panel, view: &View) -> String {
    let content = panel.options.content.as_deref().unwrap_or_default();
    let content = interpolate_with(content, &view.scope, Format::Text);
    match panel.options.mode.as_deref().unwrap_or("markdown") {
        "markdown" => format!("<div class=\"text\">{}</div>", markdown(&content)),
        // HTML is shown as it is written: what somebody imports is not ours to run.
        _ => format!("<pre class=\"text\">{}</pre>", escaped(&content)),
    }
}

/// HTML inside is text; links lead to pages only; pictures are links, since nothing from outside is shown.
pub(super) fn markdown(text: &str) -> String {
    let events =
        Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH).map(|event| match event {
            Event::Html(html) | Event::InlineHtml(html) => Event::Text(html),
            Event::Start(Tag::Link {
                link_type,
                dest_url,
                title,
                id,
            }) => Event::Start(Tag::Link {
                link_type,
                dest_url: if allowed(&dest_url) {
                    dest_url
                } else {
                    CowStr::Borrowed("#")
                },
                title,
                id,
            }),
            Event::Start(Tag::Image { dest_url, .. }) => Event::Text(format!("[picture: {dest_url}] ").into()),
            Event::End(pulldown_cmark::TagEnd::Image) => Event::Text("".into()),
            event => event,
        });
    let mut out = String::new();
    push_html(&mut out, events);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_is_drawn_and_html_is_text() {
        let table = [
            ("# A *b*", "<h1>A <em>b</em></h1>\n"),
            ("<b onclick=x>y</b>", "<p>&lt;b onclick=x&gt;y&lt;/b&gt;</p>\n"),
            ("<script>x</script>", "&lt;script&gt;x&lt;/script&gt;"),
            ("[a](javascript:x)", "<p><a href=\"#\">a</a></p>\n"),
            ("[a](/d/node)", "<p><a href=\"/d/node\">a</a></p>\n"),
            ("![a](https://x/y.png)", "<p>[picture: https://x/y.png] a</p>\n"),
        ];
        for (text, html) in table {
            assert_eq!(markdown(text), html, "{text}");
        }
    }
}
