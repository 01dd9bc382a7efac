//! The repository's dashboards have nothing to complain of, and every rule notices when they have.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use dashboards::lint::{RULES, Sources, World, check, read_boards};
use serde_json::{Value, json};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn sources() -> Sources {
    Sources {
        rules: root().join("prometheus/rules"),
        pages: root().join("docs"),
        lists: root().join("grafana/catalogue"),
    }
}

static WORLD: LazyLock<World> = LazyLock::new(|| World::read(&sources()).unwrap());

#[test]
fn nothing_is_to_be_said_of_the_repositorys_dashboards_and_rules() {
    let boards = read_boards(&root().join("grafana/dashboards")).unwrap();
    assert!(boards.len() >= 8, "where are the dashboards?");
    assert!(WORLD.catalogue().len() > 1500, "where are the metrics?");
    let findings: Vec<String> = check(&WORLD, &boards).iter().map(ToString::to_string).collect();
    assert!(findings.is_empty(), "{}", findings.join("\n"));
}

const FILE: &str = "Endpoints/endpoints.json";

fn board() -> Value {
    serde_json::from_str(&fs::read_to_string(root().join("grafana/dashboards").join(FILE)).unwrap()).unwrap()
}

fn written(board: &Value) -> String {
    serde_json::to_string_pretty(board).unwrap() + "\n"
}

/// The rules that have something to say of these.
fn rules(boards: &[(String, String)]) -> BTreeSet<&'static str> {
    let findings = check(&WORLD, boards).into_iter();
    // With one dashboard alone, most alerts have no panel.
    findings
        .map(|one| one.rule)
        .filter(|rule| *rule != "alert-panel")
        .collect()
}

/// The panel with this title.
fn panel<'b>(board: &'b mut Value, title: &str) -> &'b mut Value {
    let panels = board["panels"].as_array_mut().unwrap();
    panels.iter_mut().find(|panel| panel["title"] == title).unwrap()
}

fn ask(board: &mut Value, expr: &str, unit: &str) {
    let pings = panel(board, "Pings");
    pings["targets"][0]["expr"] = expr.into();
    pings["fieldConfig"]["defaults"]["unit"] = unit.into();
}

/// A change to a good dashboard.
type Spoil = fn(&mut Value);

/// What each rule must notice, and only that rule.
const BAD: &[(&str, Spoil)] = &[
    ("schema", |board| board["schemaVersion"] = 39.into()),
    ("schema", |board| board["id"] = 7.into()),
    ("editable", |board| board["editable"] = true.into()),
    ("title", |board| board["tags"] = json!([])),
    ("annotation", |board| board["annotations"]["list"] = json!([])),
    ("annotation", |board| {
        let all = "ALERTS{alertstate=\"firing\",job=~\"$job\"}";
        board["annotations"]["list"][0]["expr"] = all.into();
    }),
    ("panel-id", |board| {
        board["panels"][1]["id"] = board["panels"][0]["id"].clone()
    }),
    ("grid", |board| board["panels"][1]["gridPos"]["x"] = 1.into()),
    ("grid", |board| panel(board, "Certificates")["gridPos"]["w"] = 11.into()),
    ("panel-count", |board| {
        let panels = board["panels"].as_array_mut().unwrap();
        let end = panels
            .iter()
            .map(|one| one["gridPos"]["y"].as_u64().unwrap() + one["gridPos"]["h"].as_u64().unwrap());
        let end = end.max().unwrap();
        for more in 0..4 {
            let place = json!({"h": 1, "w": 24, "x": 0, "y": end + more});
            panels.push(json!({"id": 100 + more, "type": "text", "title": "More", "gridPos": place}));
        }
    }),
    ("stats-first", |board| board["panels"][1]["type"] = "heatmap".into()),
    ("panel-type", |board| panel(board, "Pings")["type"] = "graph".into()),
    ("panel-title", |board| panel(board, "Pings")["title"] = "".into()),
    ("panel-description", |board| {
        panel(board, "Pings")["description"] = "Pings.".into()
    }),
    ("unit", |board| {
        panel(board, "Pings")["fieldConfig"]["defaults"]["unit"] = "bytes".into()
    }),
    ("unit", |board| {
        panel(board, "Pings")["fieldConfig"]["defaults"]["unit"] = "seconds".into()
    }),
    ("target", |board| panel(board, "Pings")["targets"] = json!([])),
    ("instant", |board| {
        panel(board, "Why probes fail")["targets"][0]["instant"] = false.into()
    }),
    ("datasource", |board| {
        panel(board, "Pings")["datasource"]["uid"] = "prometheus".into()
    }),
    ("variable-defined", |board| {
        panel(board, "Pings")["title"] = "Pings of $nobody".into()
    }),
    ("variable-used", |board| {
        let more = json!({"name": "more", "type": "constant", "query": "1", "label": "More", "description": "More."});
        board["templating"]["list"].as_array_mut().unwrap().push(more);
    }),
    ("variable-text", |board| {
        board["templating"]["list"][1]["description"] = "".into()
    }),
    ("promql", |board| ask(board, "sum(", "s")),
    ("rate-interval", |board| {
        ask(
            board,
            "sum by (instance) (rate(http_requests_total{job=~\"$job\",instance=~\"$instance\"}[5m]))",
            "reqps",
        )
    }),
    ("counter", |board| {
        ask(
            board,
            "sum by (instance) (http_requests_total{job=~\"$job\",instance=~\"$instance\"})",
            "short",
        )
    }),
    ("counter", |board| {
        ask(
            board,
            "rate(probe_success{job=~\"$job\",instance=~\"$instance\"}[$__rate_interval])",
            "short",
        )
    }),
    ("whole-number", |board| {
        ask(
            board,
            "prometheus_engine_query_duration_seconds{quantile=\"1\",job=~\"$job\",instance=~\"$instance\"}",
            "s",
        );
    }),
    ("matcher", |board| {
        ask(board, "probe_icmp_duration_seconds{phase=\"rtt\",job=~\"$job\"}", "s")
    }),
    ("matcher", |board| {
        ask(
            board,
            "probe_icmp_duration_seconds{instance=~\"$instance\",job=\"probe-icmp\"}",
            "s",
        )
    }),
    ("metric", |board| {
        ask(
            board,
            "probe_icmp_duration_secs{job=~\"$job\",instance=~\"$instance\"}",
            "s",
        )
    }),
    ("label", |board| {
        ask(
            board,
            "sum by (instance, cluster) (probe_icmp_duration_seconds{job=~\"$job\",instance=~\"$instance\"})",
            "s",
        )
    }),
    ("label", |board| {
        ask(
            board,
            "probe_icmp_duration_seconds{cluster=\"a\",job=~\"$job\",instance=~\"$instance\"}",
            "s",
        )
    }),
    ("legend", |board| {
        panel(board, "Failing probes by reason")["targets"][0]["legendFormat"] = "{{instance}}".into()
    }),
    ("threshold", |board| {
        panel(board, "Duration")["fieldConfig"]["defaults"]["thresholds"]["steps"][1]["value"] = 2.into()
    }),
    ("link", |board| {
        let url = "/d/pilotlight-nowhere?${datasource:queryparam}&${__url_time_range}";
        panel(board, "Duration")["fieldConfig"]["defaults"]["links"][0]["url"] = url.into();
    }),
    ("link", |board| {
        let url = "/d/pilotlight-endpoints?${datasource:queryparam}&var-instance=x";
        panel(board, "Duration")["fieldConfig"]["defaults"]["links"][0]["url"] = url.into();
    }),
    ("link", |board| board["links"] = json!([])),
];

#[test]
fn each_rule_notices_a_bad_dashboard_and_no_other_does() {
    for (index, (rule, spoil)) in BAD.iter().enumerate() {
        let mut bad = board();
        spoil(&mut bad);
        let found = rules(&[(FILE.to_owned(), written(&bad))]);
        assert_eq!(found, BTreeSet::from([*rule]), "bad dashboard {index}");
    }
}

#[test]
fn a_good_dashboard_alone_is_good() {
    assert_eq!(rules(&[(FILE.to_owned(), written(&board()))]), BTreeSet::new());
}

#[test]
fn what_a_regular_expression_has_found_is_no_variable() {
    let mut board = board();
    let pings = "probe_icmp_duration_seconds{phase=\"rtt\",job=~\"$job\",instance=~\"$instance\"}";
    let expr = format!(r#"label_replace({pings}, "instance", "$1", "instance", "https?://(.*)")"#);
    ask(&mut board, &expr, "s");
    assert_eq!(rules(&[(FILE.to_owned(), written(&board))]), BTreeSet::new());
}

#[test]
fn files_that_are_wrong_as_a_whole_are_noticed() {
    let good = written(&board());
    let renamed = [
        ("$instance", "$target"),
        ("\"name\": \"instance\"", "\"name\": \"target\""),
        ("var-instance=", "var-target="),
    ];
    let renamed = renamed
        .iter()
        .fold(good.clone(), |text, (from, to)| text.replace(from, to));
    let file = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    let table = [
        ("json", vec![file(FILE, "{")]),
        ("json", vec![file(FILE, &good.replace("\"h\": 8", "\"h\": \"eight\""))]),
        ("format", vec![file(FILE, &good.replace("\n  ", "\n    "))]),
        ("folder", vec![file("endpoints.json", &good)]),
        ("uid", vec![file(FILE, &good), file("Endpoints/copy.json", &good)]),
        ("job-instance", vec![file(FILE, &renamed)]),
    ];
    for (rule, files) in table {
        assert_eq!(rules(&files), BTreeSet::from([rule]), "{rule}");
    }
}

#[test]
fn rules_of_prometheus_are_held_to_the_catalogue_and_to_panels() {
    let folder = tempfile::tempdir().unwrap();
    let alert = |name: &str, expr: &str| format!("      - alert: {name}\n        expr: {expr}\n");
    let text = format!(
        "groups:\n  - name: a\n    rules:\n{}{}{}",
        alert("NoSuchMetric", "node_no_such_metric > 1"),
        alert("NoSuchLabel", "probe_success{cluster=\"a\"} == 0"),
        alert("NotShown", "node_entropy_available_bits < 1")
    );
    fs::write(folder.path().join("a.yml"), text).unwrap();
    let world = World::read(&Sources {
        rules: folder.path().to_owned(),
        ..sources()
    });
    let world = world.unwrap();
    let boards = [(FILE.to_owned(), written(&board()))];
    let found: BTreeSet<_> = check(&world, &boards)
        .into_iter()
        .filter(|one| one.file.ends_with("a.yml"))
        .map(|one| (one.place, one.rule))
        .collect();
    let wanted = [
        ("NoSuchLabel", "rule-label"),
        ("NoSuchMetric", "alert-panel"),
        ("NoSuchMetric", "rule-metric"),
        ("NotShown", "alert-panel"),
    ];
    assert_eq!(found, wanted.map(|(place, rule)| (place.to_owned(), rule)).into());
}

/// Those of the tests above that are not in [`BAD`].
const ELSEWHERE: [&str; 8] = [
    "json",
    "format",
    "folder",
    "uid",
    "job-instance",
    "rule-metric",
    "rule-label",
    "alert-panel",
];

#[test]
fn every_rule_has_something_bad_to_notice() {
    let tested: BTreeSet<&str> = BAD.iter().map(|(rule, _)| *rule).chain(ELSEWHERE).collect();
    let all: BTreeSet<&str> = RULES.iter().map(|rule| rule.name).collect();
    assert_eq!(tested, all);
}

#[test]
fn a_finding_says_where_it_is_and_what_to_do() {
    let mut bad = board();
    ask(
        &mut bad,
        "probe_icmp_duration_secs{job=~\"$job\",instance=~\"$instance\"}",
        "s",
    );
    let findings = check(&WORLD, &[(FILE.to_owned(), written(&bad))]);
    let finding = findings.iter().find(|one| one.rule == "metric").unwrap();
    assert_eq!(
        finding.to_string(),
        "Endpoints/endpoints.json: Pings: no exporter has probe_icmp_duration_secs; is it probe_icmp_duration_seconds? [metric]"
    );
}

/// Alertmanager's templates know dashboards by the ends of their uids, and their variables.
#[test]
fn notifications_lead_to_dashboards_that_are_there() {
    let template = fs::read_to_string(root().join("deploy/alertmanager/templates/pilotlight.tmpl")).unwrap();
    let boards = read_boards(&root().join("grafana/dashboards")).unwrap();
    let boards: Vec<Value> = boards
        .iter()
        .map(|(_, text)| serde_json::from_str(text).unwrap())
        .collect();
    let links: Vec<(&str, &str)> = template
        .split("}}")
        .filter_map(|part| {
            part.split_once("?var-")?
                .1
                .split_once('=')
                .map(|(variable, _)| (part, variable))
        })
        .map(|(part, variable)| (part.split('?').next().unwrap(), variable))
        .collect();
    assert!(links.len() > 5, "where are the links?");
    for (end, variable) in links {
        let uid = format!("pilotlight-{end}");
        let board = boards.iter().find(|board| board["uid"] == uid.as_str());
        let variables = board.unwrap_or_else(|| panic!("no dashboard {uid}"))["templating"]["list"].clone();
        let there = variables.as_array().unwrap().iter().any(|one| one["name"] == variable);
        assert!(there, "{uid} has no variable {variable}");
    }
}
