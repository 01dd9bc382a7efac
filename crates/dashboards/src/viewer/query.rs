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
    /// The screen's width is not known, and the page's script can tell it before anything is drawn for another.
    pub(super) ask_width: bool,
}

/// What a browser says of itself.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Browser {
    /// It is a phone's.
    pub(super) phone: bool,
    /// Somebody goes to a page with it: it is no script that asks.
    pub(super) navigates: bool,
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

/// From the query of an address, the cookies, and what the browser is. An address may have a width for those who have no
/// script and no cookie.
pub(super) fn parse(query: &str, cookies: &str, browser: Browser) -> Query {
    let mut out = Query::default();
    let mut width = None;
    for cookie in cookies.split(';') {
        match cookie.trim().split_once('=') {
            Some(("width", pixels)) => width = pixels.parse::<u32>().ok(),
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
            "width" => width = width.or(value.parse().ok()),
            "open" => out.request.open.extend(value.parse::<u64>().ok()),
            name => {
                if let Some(name) = name.strip_prefix("var-") {
                    let values = out.request.variables.entry(name.to_owned()).or_default();
                    values.push(value.into_owned());
                }
            }
        }
    }
    out.ask_width = width.is_none() && browser.navigates;
    let usual = if browser.phone { PHONE } else { WIDTH };
    out.request.width = width.unwrap_or(usual).clamp(300, 4000);
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
            Browser::default(),
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
            let request = parse(text, "", Browser::default()).request;
            assert_eq!((request.from.as_str(), request.to.as_str()), (from, to), "{text}");
        }
    }

    #[test]
    fn only_who_goes_to_a_page_is_asked_for_the_width() {
        let [desk, phone] = [false, true].map(|phone| Browser { phone, navigates: true });
        let script = Browser::default();
        for (query, cookies, browser, expected) in [
            ("", "", desk, (WIDTH, true)),
            ("", "", phone, (PHONE, true)),
            ("", "", script, (WIDTH, false)),
            ("", "theme=dark; width=800", desk, (800, false)),
            ("width=800", "", desk, (800, false)),
            ("width=800", "width=900", desk, (900, false)),
            ("width=800", "width=wide", desk, (800, false)),
            ("width=9", "", phone, (300, false)),
            ("width=-9", "", phone, (PHONE, true)),
        ] {
            let parsed = parse(query, cookies, browser);
            assert_eq!(
                (parsed.request.width, parsed.ask_width),
                expected,
                "{query:?} {cookies:?} {browser:?}"
            );
        }
    }
}
