//! Links of dashboards, panels and values. Grafana's addresses of dashboards are the viewer's as well.

use super::{html::escaped, view::View};
use crate::{
    model::{FieldConfig, Link},
    prometheus::Labels,
    variables::{Bound, Format, Scope, interpolate_with},
};

/// Whether an address leads to a page: to elsewhere over HTTP, or to somewhere here.
#[must_use]
pub fn allowed(url: &str) -> bool {
    let url = url.trim();
    let scheme = url.split_once(':').map(|(scheme, _)| scheme);
    let scheme = scheme.filter(|scheme| {
        scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    });
    match scheme {
        Some(scheme) => scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https"),
        // `//host/` leads elsewhere, too, which no dashboard of ours needs.
        None => !url.starts_with("//") && !url.chars().any(char::is_control),
    }
}

/// A link around HTML; `inner` alone where it leads nowhere.
fn anchor(url: &str, title: &str, blank: bool, inner: &str) -> String {
    if url.is_empty() || !allowed(url) {
        return inner.to_owned();
    }
    let target = if blank {
        " target=\"_blank\" rel=\"noopener\""
    } else {
        ""
    };
    format!(
        "<a href=\"{}\" title=\"{}\"{target}>{inner}</a>",
        escaped(url),
        escaped(title)
    )
}

fn filled(link: &Link, view: &View, scope: &Scope) -> String {
    // What is typed out stays as it is; values of variables are encoded, but not what is a piece of an address itself.
    let ready = ["__url_time_range", "__all_variables"];
    let mut url = link.url.clone();
    for name in ready {
        let value = scope
            .get(name)
            .map_or("", |bound| bound.values.first().map_or("", String::as_str));
        url = url
            .replace(&format!("${{{name}}}"), value)
            .replace(&format!("${name}"), value);
    }
    let mut url = interpolate_with(&url, scope, Format::PercentEncode);
    let mut add = |part: &str| {
        url.push(if url.contains('?') { '&' } else { '?' });
        url.push_str(part);
    };
    match (link.include_vars, link.keep_time) {
        (true, true) => add(&view.query()),
        (false, true) => add(&view.time_range()),
        (true, false) => add(scope.get("__all_variables").map_or("", |bound| &bound.values[0])),
        (false, false) => {}
    }
    url
}

/// Links in a list.
pub(super) fn list(links: &[Link], view: &View) -> String {
    let scope = view.address_scope();
    let one = |link: &Link| {
        let title = interpolate_with(&link.title, &scope, Format::Text);
        anchor(
            &filled(link, view, &scope),
            &link.tooltip,
            link.target_blank,
            &escaped(&title),
        )
    };
    links
        .iter()
        .filter(|link| link.kind != "dashboards")
        .map(one)
        .collect::<Vec<_>>()
        .join(" ")
}

/// A value with its first link around it.
pub(super) fn value(config: &FieldConfig, view: &View, labels: &Labels, name: &str, raw: &str, inner: &str) -> String {
    let Some(link) = config.links.first() else {
        return inner.to_owned();
    };
    let mut scope = crate::data::with_field(&view.address_scope(), name, labels);
    for (label, text) in labels {
        scope.set(format!("__data.fields.{label}"), Bound::one(text.as_str()));
        scope.set(format!("__data.fields[\"{label}\"]"), Bound::one(text.as_str()));
    }
    for name in ["__value.raw", "__value.numeric", "__value.text"] {
        scope.set(name, Bound::one(raw));
    }
    let title = interpolate_with(&link.title, &scope, Format::Text);
    anchor(&filled(link, view, &scope), &title, link.target_blank, inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_to_pages_only() {
        let table = [
            ("/d/node?var-a=b:c", true),
            ("d/node", true),
            ("?x=1", true),
            ("https://example.com/", true),
            ("HTTP://example.com/", true),
            ("javascript:alert(1)", false),
            (" javascript:alert(1)", false),
            ("java\nscript:alert(1)", false),
            ("data:text/html,x", false),
            ("//elsewhere/", false),
        ];
        for (url, expected) in table {
            assert_eq!(allowed(url), expected, "{url}");
        }
    }
}
