//! What can be chosen on a page: time, variables, refresh, theme. It is a form, so it works without a script.

use std::fmt::Write;

use super::query::{Query, Wish};
use crate::{
    board::{View, escaped},
    model::{Choice, Dashboard},
    variables::{ALL, Filled, parse_duration},
};

const RANGES: [(&str, &str); 12] = [
    ("now-5m", "Last 5 minutes"),
    ("now-15m", "Last 15 minutes"),
    ("now-30m", "Last 30 minutes"),
    ("now-1h", "Last hour"),
    ("now-3h", "Last 3 hours"),
    ("now-6h", "Last 6 hours"),
    ("now-12h", "Last 12 hours"),
    ("now-24h", "Last 24 hours"),
    ("now-2d", "Last 2 days"),
    ("now-7d", "Last 7 days"),
    ("now-30d", "Last 30 days"),
    ("now-90d", "Last 90 days"),
];
const REFRESHES: [&str; 7] = ["", "5s", "10s", "30s", "1m", "5m", "15m"];

/// How often the page loads again, in seconds; 0 is never.
pub(super) fn refresh_seconds(board: &Dashboard, query: &Query) -> f64 {
    let wish = query.refresh.as_deref().unwrap_or(&board.refresh);
    parse_duration(wish)
        .filter(|seconds| *seconds > 0.0)
        .map_or(0.0, |seconds| seconds.max(1.0))
}

pub(super) fn html(board: &Dashboard, view: &View, query: &Query) -> String {
    let mut out = String::from("<form class=\"controls\" method=\"get\">");
    for filled in view.variables.iter().filter(|filled| filled.variable.hide != 2) {
        out.push_str(&variable(filled));
    }
    for row in &view.open {
        write!(out, "<input type=\"hidden\" name=\"open\" value=\"{row}\">").ok();
    }
    out.push_str(&time(view));
    out.push_str(&refresh(board, query));
    out.push_str(&theme(query.theme));
    out + "<button>Apply</button></form>"
}

fn option(value: &str, text: &str, chosen: bool) -> String {
    let selected = if chosen { " selected" } else { "" };
    format!(
        "<option value=\"{}\"{selected}>{}</option>",
        escaped(value),
        escaped(text)
    )
}

fn select(name: &str, label: &str, options: &str) -> String {
    format!(
        "<label><span>{}</span><select name=\"{}\">{options}</select></label>",
        escaped(label),
        escaped(name)
    )
}

fn variable(filled: &Filled) -> String {
    let variable = &filled.variable;
    let name = format!("var-{}", variable.name);
    let label = if variable.label.is_empty() {
        &variable.name
    } else {
        &variable.label
    };
    match variable.kind.as_str() {
        // There is one Prometheus; nothing is to be chosen.
        "datasource" | "constant" => String::new(),
        "textbox" => {
            let value = filled.chosen.first().map_or("", String::as_str);
            let (label, name, value) = (escaped(label), escaped(&name), escaped(value));
            format!("<label><span>{label}</span><input name=\"{name}\" value=\"{value}\"></label>")
        }
        _ if variable.multi => checkboxes(filled, &name, label),
        _ => {
            let all = variable
                .include_all
                .then(|| option(ALL, "All", filled.chosen.iter().any(|value| value == ALL)));
            let each = filled
                .choices
                .iter()
                .map(|choice| option(&choice.value, &choice.text, filled.chosen.contains(&choice.value)));
            select(&name, label, &all.into_iter().chain(each).collect::<String>())
        }
    }
}

/// More than one can be chosen.
fn checkboxes(filled: &Filled, name: &str, label: &str) -> String {
    let all = Choice {
        text: "All".into(),
        value: ALL.into(),
    };
    let choices = filled
        .variable
        .include_all
        .then_some(&all)
        .into_iter()
        .chain(&filled.choices);
    let one = |choice: &Choice| {
        let checked = if filled.chosen.contains(&choice.value) {
            " checked"
        } else {
            ""
        };
        format!(
            "<label><input type=\"checkbox\" name=\"{}\" value=\"{}\"{checked}>{}</label>",
            escaped(name),
            escaped(&choice.value),
            escaped(&choice.text)
        )
    };
    let text = match filled.chosen.as_slice() {
        [] => "none".to_owned(),
        [value] if value == ALL => "All".to_owned(),
        values if values.len() < 3 => values.join(", "),
        values => format!("{} chosen", values.len()),
    };
    let boxes: String = choices.map(one).collect();
    format!(
        "<details class=\"menu\"><summary><span>{}</span> {}</summary><div>{boxes}<button>Apply</button></div></details>",
        escaped(label),
        escaped(&text)
    )
}

fn time(view: &View) -> String {
    let known = RANGES.iter().any(|(from, _)| *from == view.from) && view.to == "now";
    let other = chosen(view);
    let other = if known {
        option("absolute", "From … to …", false)
    } else {
        option("absolute", &other, true)
    };
    let ranges = RANGES
        .iter()
        .map(|(from, text)| option(from, text, known && *from == view.from));
    let ranges: String = ranges.chain([other]).collect();
    let moment = |name: &str, time: f64, text: &str| {
        let value = if known {
            String::new()
        } else {
            view.zone.format(time, "%Y-%m-%dT%H:%M")
        };
        format!("<label><span>{text}</span><input type=\"datetime-local\" name=\"{name}\" value=\"{value}\"></label>")
    };
    let kept = format!(
        "<input type=\"hidden\" name=\"from\" value=\"{}\"><input type=\"hidden\" name=\"to\" value=\"{}\">",
        escaped(&view.from),
        escaped(&view.to)
    );
    format!(
        "{kept}{}<details class=\"menu\"><summary>From … to …</summary><div>{}{}<button>Apply</button></div></details>",
        select("range", "Time", &ranges),
        moment("begin", view.window.start, "From"),
        moment("end", view.window.end, "To"),
    )
}

/// A time that is none of [`RANGES`]; a day is said once.
fn chosen(view: &View) -> String {
    if let ("now", Some(back)) = (view.to.as_str(), view.from.strip_prefix("now-"))
        && parse_duration(back).is_some()
    {
        return format!("Last {back}");
    }
    let at = |time: f64, pattern| view.zone.format(time, pattern);
    let (start, end) = (view.window.start, view.window.end);
    let day = "%Y-%m-%d";
    let until = if at(start, day) == at(end, day) {
        "%H:%M"
    } else {
        "%Y-%m-%d %H:%M"
    };
    format!("{} to {}", at(start, "%Y-%m-%d %H:%M"), at(end, until))
}

fn refresh(board: &Dashboard, query: &Query) -> String {
    let wish = query.refresh.as_deref().unwrap_or(&board.refresh);
    let own = (!REFRESHES.contains(&wish)).then_some(wish);
    let options: String = REFRESHES
        .into_iter()
        .chain(own)
        .map(|every| option(every, if every.is_empty() { "Off" } else { every }, every == wish))
        .collect();
    select("refresh", "Refresh", &options)
}

fn theme(wish: Wish) -> String {
    let options = [
        (Wish::Auto, "As the system"),
        (Wish::Dark, "Dark"),
        (Wish::Light, "Light"),
    ];
    let options: String = options
        .into_iter()
        .map(|(theme, text)| option(theme.name(), text, theme == wish))
        .collect();
    select("theme", "Theme", &options)
}
