//! Tables of containers and of cgroups, as they are without a script: totals since the start stand where the script puts
//! rates. static/table.js makes the same cells.

use exporter_toolkit::web::html_escaped;

use super::summary::{Status, Summary};
use super::units::{bytes, duration, percent};
use super::values::share;

/// What a table lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Containers.
    Containers,
    /// Other cgroups.
    Groups,
}

struct Column {
    key: &'static str,
    title: &'static str,
    cell: fn(&Summary) -> Cell,
}

/// A value, with a second line, and a bar for a share of a limit.
#[derive(Default)]
struct Cell {
    text: String,
    more: String,
    share: Option<f64>,
}

const CONTAINERS: &[Column] = &[STATE, CPU, THROTTLED, MEMORY, FILES, RECEIVED, SENT];
const GROUPS: &[Column] = &[CPU, THROTTLED, MEMORY, TASKS];

const STATE: Column = Column {
    key: "state",
    title: "State",
    cell: |_| Cell::default(),
};
const CPU: Column = Column {
    key: "cpu",
    title: "CPU",
    cell: |summary| Cell::new(summary.values.cpu.map(duration)),
};
const THROTTLED: Column = Column {
    key: "throttled",
    title: "Throttled",
    cell: |summary| Cell::new(summary.values.throttled_share().map(percent)),
};
const MEMORY: Column = Column {
    key: "memory",
    title: "Working set",
    cell: |summary| {
        let values = &summary.values;
        Cell::of_limit(values.working_set, values.memory_limit)
    },
};
const FILES: Column = Column {
    key: "fs",
    title: "Files",
    cell: |summary| Cell::new(summary.values.fs.map(bytes)),
};
const RECEIVED: Column = Column {
    key: "received",
    title: "Received",
    cell: |summary| network(summary, summary.values.received),
};
const SENT: Column = Column {
    key: "sent",
    title: "Sent",
    cell: |summary| network(summary, summary.values.sent),
};
const TASKS: Column = Column {
    key: "tasks",
    title: "Tasks",
    cell: |summary| Cell::new(summary.values.tasks.map(|tasks| tasks.to_string())),
};

impl Cell {
    fn new(text: Option<String>) -> Self {
        Self {
            text: text.unwrap_or_else(|| "–".to_owned()),
            ..Self::default()
        }
    }

    fn of_limit(part: Option<u64>, limit: Option<u64>) -> Self {
        let share = share(part, limit);
        let limit = limit.map(bytes).unwrap_or_default();
        Self {
            more: share.map_or(String::new(), |share| format!("{} of {limit}", percent(share))),
            share,
            ..Self::new(part.map(bytes))
        }
    }

    fn html(&self, column: &Column) -> String {
        format!(
            "<td class=\"number\" data-title=\"{}\"><span>{}</span><small>{}</small>{}</td>",
            column.title,
            html_escaped(&self.text),
            html_escaped(&self.more),
            self.share.map_or(String::new(), bar),
        )
    }
}

/// Traffic that is another's is not this one's.
fn network(summary: &Summary, total: Option<u64>) -> Cell {
    match (&summary.network_of, total) {
        (Some(other), None) => Cell {
            more: format!("network of {other}"),
            ..Cell::new(None)
        },
        _ => Cell::new(total.map(bytes)),
    }
}

/// A bar that a person sees and the text beside it says.
pub(super) fn bar(share: f64) -> String {
    let width = (share * 100.0).clamp(0.0, 100.0);
    let class = if share >= 0.9 { " class=\"full\"" } else { "" };
    format!(
        "<svg class=\"bar\" viewBox=\"0 0 100 4\" preserveAspectRatio=\"none\" aria-hidden=\"true\">\
         <rect width=\"{width:.1}\" height=\"4\"{class}></rect></svg>"
    )
}

/// The state of a container, with a colour that repeats it.
pub(super) fn state(status: &Status) -> String {
    format!(
        "<span class=\"state {}\">{}</span><small>{}</small>",
        status.tone.name(),
        html_escaped(&status.text),
        html_escaped(status.since.as_deref().unwrap_or_default()),
    )
}

/// The table.
pub(super) fn table(kind: Kind, rows: &[Summary]) -> String {
    let (name, columns) = match kind {
        Kind::Containers => ("containers", CONTAINERS),
        Kind::Groups => ("groups", GROUPS),
    };
    let head: String = columns.iter().map(heading).collect();
    let body: String = rows.iter().map(|summary| row(summary, columns)).collect();
    let title = match kind {
        Kind::Containers => "Container",
        Kind::Groups => "Cgroup",
    };
    format!(
        "<table data-table=\"{name}\"><thead><tr><th scope=\"col\" data-key=\"name\">{title}</th>{head}</tr></thead>\
         <tbody>{body}</tbody></table>"
    )
}

/// The rows come in the order of their working sets.
fn heading(column: &Column) -> String {
    let (class, sort) = match column.key {
        "state" => ("", ""),
        "memory" => (" class=\"number\"", " aria-sort=\"descending\""),
        _ => (" class=\"number\"", ""),
    };
    format!(
        "<th scope=\"col\" data-key=\"{}\"{class}{sort}>{}</th>",
        column.key, column.title
    )
}

fn row(summary: &Summary, columns: &[Column]) -> String {
    let cells: String = columns.iter().map(|column| cell(summary, column)).collect();
    format!(
        "<tr><th scope=\"row\"><a href=\"{}\">{}</a><small>{}</small></th>{cells}</tr>\n",
        html_escaped(&summary.href),
        html_escaped(&summary.name),
        html_escaped(summary.image.as_deref().unwrap_or_default()),
    )
}

fn cell(summary: &Summary, column: &Column) -> String {
    match &summary.status {
        Some(status) if column.key == "state" => {
            format!("<td data-title=\"{}\">{}</td>", column.title, state(status))
        }
        _ => (column.cell)(summary).html(column),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::summary::Tone;
    use crate::pages::values::Values;

    #[test]
    fn nothing_in_a_row_can_be_markup() {
        let evil = "<img src=x onerror=alert(1)>'\"&";
        let status = Status {
            text: evil.into(),
            tone: Tone::Good,
            since: Some(evil.into()),
        };
        let summary = Summary {
            href: evil.into(),
            name: evil.into(),
            image: Some(evil.into()),
            network_of: Some(evil.into()),
            status: Some(status),
            ..Summary::default()
        };
        let table = table(Kind::Containers, &[summary]);
        assert!(!table.contains("<img") && !table.contains(evil), "{table}");
        let escaped = "&lt;img src=x onerror=alert(1)&gt;&#39;&quot;&amp;";
        assert_eq!(table.matches(escaped).count(), 7, "{table}");
    }

    #[test]
    fn a_share_of_a_limit_has_words_and_a_bar() {
        let values = Values {
            working_set: Some(471_859_200),
            memory_limit: Some(524_288_000),
            ..Values::default()
        };
        let summary = Summary {
            values,
            ..Summary::default()
        };
        let cell = cell(&summary, &MEMORY);
        assert_eq!(
            cell,
            "<td class=\"number\" data-title=\"Working set\"><span>450 MiB</span><small>90.0 % of 500 MiB</small>\
             <svg class=\"bar\" viewBox=\"0 0 100 4\" preserveAspectRatio=\"none\" aria-hidden=\"true\">\
             <rect width=\"90.0\" height=\"4\" class=\"full\"></rect></svg></td>"
        );
    }
}
