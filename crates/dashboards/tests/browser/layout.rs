//! The repository's dashboards as they look on a desk and on a phone: nothing is cut, overlaps, or sticks out.

use crate::{Stage, chromium::Browser, fake::Fake};

const REPOSITORYS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../grafana/dashboards");

/// Complaints about what is seen, by panel.
const LOOK: &str = include_str!("look.js");

const UIDS: [&str; 8] = [
    "overview",
    "alerts",
    "node",
    "containers",
    "application",
    "endpoints",
    "redis",
    "prometheus",
];

/// What of a page is complained of.
fn complaints(browser: &mut Browser) -> Vec<String> {
    let found = browser.run(LOOK);
    let found = found.as_array().expect("a list");
    found
        .iter()
        .map(|text| text.as_str().expect("a text").to_owned())
        .collect()
}

fn open(browser: &mut Browser, stage: &Stage, path: &str) {
    browser.go(&stage.url(path));
    browser.wait_for("document.querySelector('main').dataset.width === String(document.documentElement.clientWidth)");
}

#[test]
fn nothing_is_cut_overlaps_or_sticks_out() {
    let Some(mut browser) = Browser::open() else { return };
    let stage = Stage::showing(REPOSITORYS, Fake::of_everything());
    let mut found = Vec::new();
    for width in [1440, 390] {
        browser.resize(width, width == 390);
        for uid in UIDS {
            open(
                &mut browser,
                &stage,
                &format!("/d/pilotlight-{uid}?from=now-1h&to=now&refresh="),
            );
            let panels = browser.run("document.querySelectorAll('.panel').length");
            assert!(
                panels.as_u64().is_some_and(|panels| panels > 10),
                "{uid} has its panels"
            );
            found.extend(
                complaints(&mut browser)
                    .into_iter()
                    .map(|what| format!("{uid}, {width}: {what}")),
            );
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    assert_eq!(browser.errors(), Vec::<String>::new());
}

/// What is done to a good page, and the word that says that it was seen.
const SPOILED: [(&str, &str); 8] = [
    ("document.body.style.width = '5000px'", "the page is"),
    ("panel.style.marginLeft = '-40px'", "overlaps"),
    (
        "panel.querySelector('h3').textContent = 'long '.repeat(99)",
        "its title is cut",
    ),
    (
        "stat.querySelector('.value').style.fontSize = '200px'",
        "a value sticks out",
    ),
    (
        "chart.querySelector('svg text').textContent = 'wide '.repeat(99)",
        "a text of the chart sticks out",
    ),
    (
        "chart.querySelectorAll('svg text').forEach((text) => text.setAttribute('y', '50'))",
        "texts of the chart overlap",
    ),
    ("chart.querySelector('svg').style.height = '40px'", "empty below"),
    (
        "chart.querySelector('.legend').style.maxHeight = '30px'",
        "a row of the legend is cut",
    ),
];

#[test]
fn each_defect_would_be_seen() {
    let Some(mut browser) = Browser::open() else { return };
    let stage = Stage::showing(REPOSITORYS, Fake::of_everything());
    browser.resize(1440, false);
    for (spoil, says) in SPOILED {
        open(&mut browser, &stage, "/d/pilotlight-node?from=now-1h&to=now&refresh=");
        browser.run(&format!(
            "{{ const of = (selector) => document.querySelector(selector).closest('.panel');
                const [panel, chart, stat] = [of('.panel ~ .panel'), of('.plot'), of('.stat')]; {spoil}; 0 }}"
        ));
        let found = complaints(&mut browser);
        assert!(found.iter().any(|what| what.contains(says)), "{spoil}: {found:?}");
    }
}
