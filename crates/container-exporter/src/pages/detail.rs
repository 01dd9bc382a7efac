//! The page of one container or cgroup: where it is, how it is, its values with charts, its labels, what is below it.

use std::collections::BTreeMap;

use exporter_toolkit::web::html_escaped;

use super::address;
use super::frame::{item, link, problems};
use super::list::tables;
use super::summary::Summary;
use super::table::{bar, state};
use super::units::{bytes, duration, percent};
use super::values::Values;
use super::view::{View, ancestors};
use crate::container::{Facts, Health};

/// The content of the page. `facts` are those of the page's own container.
pub(super) fn content(view: &View, own: &Summary, facts: Option<&Facts>) -> String {
    let status = own.status.as_ref().map_or(String::new(), state);
    let parts = [
        breadcrumbs(&own.id),
        format!("<h1>{}</h1>\n<p id=\"status\">{status}</p>", html_escaped(&own.name)),
        problems(&view.problems),
        trouble(own),
        tiles(own),
        facts.map_or(String::new(), |facts| details(own, facts, view.at)),
        facts.map_or(String::new(), |facts| labels(&facts.labels)),
        tables(view, ""),
    ];
    parts.join("\n")
}

/// The cgroups around it, the root first.
fn breadcrumbs(id: &str) -> String {
    let mut around: Vec<&str> = ancestors(id).collect();
    around.reverse();
    let last_part = |id: &'_ str| id.rsplit('/').next().unwrap_or_default().to_owned();
    let above = around
        .iter()
        .map(|id| item(&link(&address::of_cgroup(id), &last_part(id))));
    let own = match id {
        "/" => String::new(),
        id => format!("<li aria-current=\"page\">{}</li>", html_escaped(&last_part(id))),
    };
    let root = item(&link("/containers/", "/"));
    let items: String = std::iter::once(root).chain(above).chain([own]).collect();
    format!("<nav class=\"crumbs\" aria-label=\"Cgroups\"><ol>{items}</ol></nav>")
}

fn trouble(own: &Summary) -> String {
    let text = html_escaped(own.trouble.as_deref().unwrap_or_default());
    let hidden = if text.is_empty() { " hidden" } else { "" };
    format!("<p id=\"trouble\" class=\"troubles\"{hidden}>Needs a look: <span>{text}</span></p>")
}

/// One value with its chart, whose key the script knows.
struct Tile {
    key: &'static str,
    title: &'static str,
    value: Option<String>,
    note: String,
    share: Option<f64>,
}

fn tiles(own: &Summary) -> String {
    let tiles = [
        cpu(own),
        throttled(own),
        memory(own),
        network(own),
        files(own),
        tasks(own),
    ];
    in_a_row(&tiles)
}

/// The values of the machine, for the page of all containers.
pub(super) fn machine(own: &Summary) -> String {
    let tiles = in_a_row(&[cpu(own), memory(own), files(own), network(own)]);
    format!("<section><h2>This machine</h2>{tiles}</section>")
}

fn in_a_row(tiles: &[Tile]) -> String {
    let tiles: String = tiles.iter().map(Tile::html).collect();
    format!("<div class=\"tiles\">{tiles}</div>")
}

impl Tile {
    fn html(&self) -> String {
        let value = self.value.as_deref().unwrap_or("–");
        format!(
            "<section class=\"tile\" data-tile=\"{}\"><h2>{}</h2><p class=\"value\">{}</p><p class=\"note\">{}</p>{}\
             <div class=\"chart\"></div></section>\n",
            self.key,
            self.title,
            html_escaped(value),
            html_escaped(&self.note),
            self.share.map_or(String::new(), bar),
        )
    }
}

const NOT_COUNTED: &str = "No value: its group of metrics is switched off, or this kernel does not count it.";

const NO_INTERFACE: &str = "No value: no interface leads out of it, or the group of metrics is switched off.";

/// Why there is no value, in a person's words.
fn why(own: &Summary, otherwise: &str) -> String {
    let is_up = |summary: &Summary| match &summary.status {
        Some(status) => ["running", "paused"].iter().any(|up| status.text.starts_with(up)),
        None => true,
    };
    if is_up(own) { otherwise } else { "It does not run." }.to_owned()
}

fn cpu(own: &Summary) -> Tile {
    let Values { cpu, cpu_limit, .. } = own.values;
    let note = match (cpu, cpu_limit) {
        (None, _) => why(own, NOT_COUNTED),
        (_, Some(limit)) => format!("may use {limit:.2} CPUs"),
        (_, None) if own.is_machine() => "100 % is one CPU".to_owned(),
        (_, None) => "no limit".to_owned(),
    };
    Tile {
        key: "cpu",
        title: "CPU",
        value: cpu.map(|seconds| format!("{} in all", duration(seconds))),
        note,
        share: None,
    }
}

fn throttled(own: &Summary) -> Tile {
    let share = own.values.throttled_share();
    let note = match (share, own.values.throttled) {
        (None, _) => why(own, "Without a CPU limit nothing is throttled."),
        (_, Some(seconds)) => format!("of its periods; held back for {} in all", duration(seconds)),
        (_, None) => "of its periods".to_owned(),
    };
    Tile {
        key: "throttled",
        title: "Throttled",
        value: share.map(percent),
        note,
        share: None,
    }
}

fn memory(own: &Summary) -> Tile {
    let Values {
        memory,
        working_set,
        memory_limit,
        ..
    } = own.values;
    let share = own.values.memory_share();
    let limit = match (share, memory_limit) {
        (Some(share), Some(all)) if own.is_machine() => format!("{} of {}", percent(share), bytes(all)),
        (Some(share), Some(limit)) => format!("{} of its limit of {}", percent(share), bytes(limit)),
        _ => "no limit".to_owned(),
    };
    let note = match (working_set, memory) {
        (None, _) => why(own, NOT_COUNTED),
        (_, Some(all)) => format!("{limit}; {} with caches", bytes(all)),
        (_, None) => limit,
    };
    Tile {
        key: "memory",
        title: "Working set",
        value: working_set.map(bytes),
        note,
        share,
    }
}

fn network(own: &Summary) -> Tile {
    let Values { received, sent, .. } = own.values;
    let value = received.zip(sent);
    let note = match (&own.network_of, value) {
        (Some(other), None) => format!("It uses the network of {other}, which counts the traffic."),
        (_, Some((received, sent))) => format!("{} received, {} sent in all", bytes(received), bytes(sent)),
        (None, None) if own.is_container() => why(own, NO_INTERFACE),
        (None, None) if own.is_machine() => NO_INTERFACE.to_owned(),
        (None, None) => "Networks belong to containers.".to_owned(),
    };
    Tile {
        key: "network",
        title: "Network",
        value: value.map(|(received, sent)| format!("↓ {} ↑ {}", bytes(received), bytes(sent))),
        note,
        share: None,
    }
}

fn files(own: &Summary) -> Tile {
    let Values { fs, fs_limit, .. } = own.values;
    let share = own.values.fs_share().filter(|_| own.is_machine());
    let note = match (fs, fs_limit) {
        (Some(_), Some(limit)) if own.is_machine() => {
            format!(
                "{} of its largest disk of {}",
                share.map_or(String::new(), percent),
                bytes(limit)
            )
        }
        (None, _) if own.is_machine() => "Not known: its disks are not seen from here.".to_owned(),
        (Some(_), Some(limit)) => format!("in its writable layer; the file system has {}", bytes(limit)),
        (Some(_), None) => "in its writable layer".to_owned(),
        (None, _) if own.is_container() => "Not measured: its runtime does not say where its files are.".to_owned(),
        (None, _) => "Files belong to containers.".to_owned(),
    };
    Tile {
        key: "fs",
        title: if own.is_machine() { "Disk" } else { "Files" },
        value: fs.map(bytes),
        note,
        share,
    }
}

fn tasks(own: &Summary) -> Tile {
    let Values { tasks, tasks_limit, .. } = own.values;
    let note = match (tasks, tasks_limit) {
        (None, _) => why(own, "Not counted: its group of metrics is switched off."),
        (_, Some(limit)) => format!("processes and threads, {limit} at most"),
        (_, None) => "processes and threads, no limit".to_owned(),
    };
    Tile {
        key: "tasks",
        title: "Tasks",
        value: tasks.map(|tasks| tasks.to_string()),
        note,
        share: None,
    }
}

/// What the runtime says. The environment stays out: it holds passwords.
fn details(own: &Summary, facts: &Facts, now: f64) -> String {
    let health = match facts.health {
        Health::None => "no health check",
        Health::Starting => "not known yet",
        Health::Healthy => "healthy",
        Health::Unhealthy => "unhealthy",
    };
    let ago = |then: Option<f64>| then.map(|then| format!("{} ago", duration((now - then).max(0.0).trunc())));
    let killed = if facts.oom_killed { "yes" } else { "no" };
    let rows = [
        ("State", Some(facts.state.name().to_owned())),
        ("Health", Some(health.to_owned())),
        ("Restarts", facts.restarts.map(|restarts| restarts.to_string())),
        ("Exit code", facts.exit_code.map(|code| code.to_string())),
        ("Killed for want of memory", Some(killed.to_owned())),
        ("Created", ago(facts.created)),
        ("Started", ago(facts.started)),
        ("Ended", ago(facts.finished)),
        ("Image", Some(facts.image.clone())),
        ("Runtime", Some(facts.runtime.name().to_owned())),
        (
            "Network",
            Some(
                own.network_of
                    .as_ref()
                    .map_or("its own".to_owned(), |of| format!("that of {of}")),
            ),
        ),
        ("First process", facts.pid.map(|pid| pid.to_string())),
        ("Id", Some(facts.id.clone())),
        ("Cgroup", Some(own.id.clone())),
    ];
    let known = rows.into_iter().filter_map(|(name, value)| Some((name, value?)));
    definitions("Details", known.map(|(name, value)| (name.to_owned(), value)))
}

fn labels(labels: &BTreeMap<String, String>) -> String {
    if labels.is_empty() {
        return String::new();
    }
    let labels = labels.iter().map(|(name, value)| (name.clone(), value.clone()));
    definitions("Labels", labels)
}

fn definitions(title: &str, rows: impl Iterator<Item = (String, String)>) -> String {
    let row = |(name, value): (String, String)| {
        format!(
            "<div><dt>{}</dt><dd>{}</dd></div>",
            html_escaped(&name),
            html_escaped(&value)
        )
    };
    let rows: String = rows.map(row).collect();
    format!("<section class=\"details\"><h2>{title}</h2><dl>{rows}</dl></section>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_up_has_a_link_for_each_cgroup_around() {
        let crumbs = breadcrumbs("/a b/<c>/d");
        for part in [
            r#"<li><a href="/containers/">/</a></li><li><a href="/containers/a%20b">a b</a></li>"#,
            r#"<li><a href="/containers/a%20b/%3Cc%3E">&lt;c&gt;</a></li><li aria-current="page">d</li>"#,
        ] {
            assert!(crumbs.contains(part), "{crumbs}");
        }
        assert_eq!(breadcrumbs("/").matches("<li").count(), 1);
    }

    #[test]
    fn a_value_that_is_not_known_has_its_reason() {
        let cgroup = Summary::default();
        let container = |text: &str| Summary {
            status: Some(super::super::summary::Status {
                text: text.into(),
                ..Default::default()
            }),
            ..Summary::default()
        };
        let elsewhere = Summary {
            network_of: Some("db".into()),
            ..container("running")
        };
        for (tile, note) in [
            (cpu(&cgroup), NOT_COUNTED),
            (cpu(&container("exited (0)")), "It does not run."),
            (memory(&container("paused")), NOT_COUNTED),
            (network(&cgroup), "Networks belong to containers."),
            (
                network(&elsewhere),
                "It uses the network of db, which counts the traffic.",
            ),
            (files(&cgroup), "Files belong to containers."),
            (throttled(&cgroup), "Without a CPU limit nothing is throttled."),
        ] {
            assert_eq!(
                (tile.value.as_deref(), tile.note.as_str()),
                (None, note),
                "{}",
                tile.key
            );
        }
    }

    #[test]
    fn what_limits_a_value_stands_beside_it() {
        let values = Values {
            cpu: Some(90.0),
            cpu_limit: Some(1.5),
            periods: Some(200),
            throttled_periods: Some(50),
            throttled: Some(3.0),
            memory: Some(3 << 20),
            working_set: Some(1 << 20),
            memory_limit: Some(4 << 20),
            fs: Some(10),
            fs_limit: Some(1 << 30),
            received: Some(1_024),
            sent: Some(2_048),
            tasks: Some(7),
            tasks_limit: Some(100),
        };
        let own = Summary {
            values,
            ..Summary::default()
        };
        for (tile, value, note) in [
            (cpu(&own), "1 min 30 s in all", "may use 1.50 CPUs"),
            (throttled(&own), "25.0 %", "of its periods; held back for 3.00 s in all"),
            (
                memory(&own),
                "1.00 MiB",
                "25.0 % of its limit of 4.00 MiB; 3.00 MiB with caches",
            ),
            (
                network(&own),
                "↓ 1.00 KiB ↑ 2.00 KiB",
                "1.00 KiB received, 2.00 KiB sent in all",
            ),
            (
                files(&own),
                "10 B",
                "in its writable layer; the file system has 1.00 GiB",
            ),
            (tasks(&own), "7", "processes and threads, 100 at most"),
        ] {
            assert_eq!(
                (tile.value.as_deref(), tile.note.as_str()),
                (Some(value), note),
                "{}",
                tile.key
            );
        }
    }
}
