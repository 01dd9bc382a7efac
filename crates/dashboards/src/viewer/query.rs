//! What an address and the cookies of a page say.

use crate::board::Request;

/// The theme that somebody wants.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum Wish {
    /// As the system has it.
    #[default]
    Auto,
    Dark,
    Light,
}

/// What is asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Query {
    pub(super) request: Request,
    pub(super) theme: Wish,
    /// `None` is the dashboard's own; empty is never.
    pub(super) refresh: Option<String>,
}

impl Wish {
    fn named(name: &str) -> Self {
        match name {
            "dark" => Self::Dark,
            "light" => Self::Light,
            _ => Self::Auto,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Dark => "dark",
            Self::Light => "light",
        }
    }
}

/// Of screens that say nothing.
const WIDTH: u32 = 1280;
const PHONE: u32 = 390;

/// From the query of an address, the cookies, and whether the browser says that it is a phone's.
pub(super) fn parse(query: &str, cookies: &str, phone: bool) -> Query {
    let mut out = Query::default();
    out.request.width = if phone { PHONE } else { WIDTH };
    for cookie in cookies.split(';') {
        match cookie.trim().split_once('=') {
            Some(("width", width)) => {
                out.request.width = width.parse().unwrap_or(out.request.width).clamp(300, 4000);
            }
            Some(("theme", theme)) => out.theme = Wish::named(theme),
            _ => {}
        }
    }
    let (mut quick, mut absolute) = (None, (String::new(), String::new()));
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match name.as_ref() {
            "from" => out.request.from = value.into_owned(),
            "to" => out.request.to = value.into_owned(),
            "range" => quick = Some(value.into_owned()),
            "begin" => absolute.0 = value.into_owned(),
            "end" => absolute.1 = value.into_owned(),
            "theme" => out.theme = Wish::named(&value),
            "refresh" => out.refresh = Some(value.into_owned()),
            "open" => out.request.open.extend(value.parse::<u64>().ok()),
            name => {
                if let Some(name) = name.strip_prefix("var-") {
                    let values = out.request.variables.entry(name.to_owned()).or_default();
                    values.push(value.into_owned());
                }
            }
        }
    }
    match (quick.as_deref(), absolute) {
        (Some("absolute") | None, (begin, end)) if !begin.is_empty() && !end.is_empty() => {
            (out.request.from, out.request.to) = (begin, end);
        }
        (Some(quick), _) if quick.starts_with("now-") => {
            (out.request.from, out.request.to) = (quick.to_owned(), "now".to_owned());
        }
        _ => {}
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_cookies_are_understood() {
        let query = parse(
            "from=now-1h&to=now&var-job=a&var-job=b&open=7&open=x&theme=dark&refresh=30s",
            "width=390; theme=light",
            false,
        );
        assert_eq!((query.request.from.as_str(), query.request.width), ("now-1h", 390));
        assert_eq!(query.request.variables["job"], ["a", "b"]);
        assert_eq!((query.theme, query.refresh.as_deref()), (Wish::Dark, Some("30s")));
        assert!(query.request.open.contains(&7));
        let table = [
            (
                "range=now-5m&begin=2026-01-01T00:00&end=2026-01-02T00:00",
                ("now-5m", "now"),
            ),
            (
                "range=absolute&begin=2026-01-01T00:00&end=2026-01-02T00:00",
                ("2026-01-01T00:00", "2026-01-02T00:00"),
            ),
            ("from=now-1h&to=now&range=absolute&begin=&end=", ("now-1h", "now")),
        ];
        for (text, (from, to)) in table {
            let request = parse(text, "", true).request;
            assert_eq!((request.from.as_str(), request.to.as_str()), (from, to), "{text}");
            assert_eq!(request.width, PHONE);
        }
    }
}
