//! What all pages share: head, way back, notices, foot.

use exporter_toolkit::web::html_escaped;

/// A page around `content`, which is HTML. `every_millis`: how often its script reads again.
pub(super) fn page(title: &str, content: &str, every_millis: u64) -> String {
    let title = html_escaped(title);
    format!(
        r#"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="UTF-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} – Container Exporter</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/containers/static/style.css">
<script type="module" src="/containers/static/page.js"></script>
</head>
<body data-every="{every_millis}">
<header>
<a class="home" href="/">Container Exporter</a>
<nav aria-label="Pages"><a href="/containers/">All containers</a> <a href="/docker/">Docker</a></nav>
</header>
<main>
{content}
</main>
<footer><p id="refresh">Values of when the page was loaded.</p>
<noscript><p>Without JavaScript the page does not refresh itself, and shows totals since each container's start instead of rates.</p></noscript></footer>
</body>
</html>
"#
    )
}

/// What people should know of where values come from; empty and hidden when all is well.
pub(super) fn problems(problems: &[String]) -> String {
    let items: String = problems.iter().map(|text| item(&html_escaped(text))).collect();
    let hidden = if problems.is_empty() { " hidden" } else { "" };
    format!("<ul id=\"problems\" class=\"notice\" role=\"status\"{hidden}>{items}</ul>")
}

/// An item of a list around HTML.
pub(super) fn item(html: &str) -> String {
    format!("<li>{html}</li>")
}

/// A link.
pub(super) fn link(href: &str, text: &str) -> String {
    format!("<a href=\"{}\">{}</a>", html_escaped(href), html_escaped(text))
}

/// The page for what is not there.
pub(super) fn missing(what: &str) -> String {
    let content = format!(
        "<h1>Not here</h1>\n<p>There is no {} now. It may have ended, or have a new name.</p>\n<p>{}</p>",
        html_escaped(what),
        link("/containers/", "All containers")
    );
    page("Not here", &content, 0)
}
