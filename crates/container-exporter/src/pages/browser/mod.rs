//! The pages as a person meets them: over HTTP, and in a real browser. Where there is no Chromium these tests say so and
//! pass, unless PILOTLIGHT_ALL=1; with PILOTLIGHT_SCREENSHOTS=DIR they leave pictures there.

mod chromium;
mod stage;

use std::time::Duration;

use chromium::Browser;
use stage::{EVIL, Stage};

/// Long enough for two readings of their own, short enough to wait for.
const EVERY: Duration = Duration::from_millis(600);

const PHONE: u32 = 390;
const DESK: u32 = 1280;

/// The names in a table, in their order.
const NAMES: &str = "[...document.querySelectorAll('[data-table=containers] tbody a')].map((a) => a.textContent)";

/// Finds a cell of a container's row: `cell("web", "cpu")`.
const CELL: &str = "window.cell = (name, key) => {
    const table = document.querySelector('[data-table=containers]');
    const row = [...table.tBodies[0].rows].find((row) => row.cells[0].querySelector('a').textContent === name);
    const index = [...table.tHead.rows[0].cells].findIndex((head) => head.dataset.key === key);
    return row.cells[index].textContent;
};
window.head = (key) => document.querySelector(`[data-table=containers] th[data-key=${key}]`);
window.tile = (key) => document.querySelector(`[data-tile=${key}]`);";

#[test]
fn addresses_answer_with_a_policy_that_runs_nothing_foreign() {
    let stage = Stage::start(EVERY);
    for (path, status, kind, part) in [
        ("/healthz", 200, "text/plain; charset=utf-8", "ok"),
        (
            "/containers",
            200,
            "text/html; charset=utf-8",
            "5 containers: 4 running, 1 not running",
        ),
        ("/docker/", 200, "text/html; charset=utf-8", "Docker&#39;s containers"),
        ("/docker/web", 200, "text/html; charset=utf-8", "<h1>web</h1>"),
        ("/docker/aa", 200, "text/html; charset=utf-8", "<h1>web</h1>"),
        (
            "/containers/docker/aa11",
            200,
            "text/html; charset=utf-8",
            "<h1>web</h1>",
        ),
        (
            "/docker/old",
            200,
            "text/html; charset=utf-8",
            "exited (137), out of memory",
        ),
        (
            "/docker/%3Cx%3E",
            404,
            "text/html; charset=utf-8",
            "no container &quot;&lt;x&gt;&quot;",
        ),
        (
            "/containers/gone",
            404,
            "text/html; charset=utf-8",
            "no cgroup &quot;/gone&quot;",
        ),
        (
            "/containers/data.json?page=%2Fdocker%2Fweb",
            200,
            "application/json",
            "\"name\":\"web\"",
        ),
        (
            "/containers/static/page.js",
            200,
            "text/javascript; charset=utf-8",
            "Refreshes the page",
        ),
        (
            "/containers/static/style.css",
            200,
            "text/css; charset=utf-8",
            "prefers-color-scheme",
        ),
    ] {
        let (head, body) = stage.get(path);
        let head = head.to_lowercase();
        assert!(head.contains(&format!(" {status} ")), "{path}: {head}");
        assert!(head.contains(&format!("content-type: {kind}")), "{path}: {head}");
        assert!(
            head.contains("content-security-policy: default-src 'none'; script-src 'self'"),
            "{path}: {head}"
        );
        assert!(body.contains(part), "{path}: {body}");
        assert!(!body.contains(EVIL), "{path}: {body}");
    }
    let (head, landing) = stage.get("/");
    assert!(
        head.contains(" 200 ") && landing.contains("href=\"/containers/\""),
        "{landing}"
    );
}

#[test]
fn without_a_script_the_values_are_there() {
    let stage = Stage::start(EVERY);
    stage.trouble("Docker does not answer: <no such file>");
    let (_, page) = stage.get("/containers/");
    for part in [
        "<a href=\"/docker/web\">web</a><small>nginx:1.27</small>",
        "<td class=\"number\" data-title=\"CPU\"><span>1 min 40 s</span>",
        "Docker does not answer: &lt;no such file&gt;",
        "killed for want of memory",
        "<a href=\"/containers/system.slice\">system.slice</a>",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let (_, page) = stage.get("/docker/web");
    assert!(
        page.contains("<dt>com.example.note</dt><dd>&lt;b&gt;bold&lt;/b&gt;</dd>"),
        "{page}"
    );
    assert!(!page.contains("hunter2"), "the environment stays out");
}

#[test]
fn a_person_sorts_follows_and_sees_values_change() {
    let Some(mut browser) = Browser::open() else { return };
    let stage = Stage::start(EVERY);
    browser.at_every_load(CELL);
    browser.resize(DESK, false);
    browser.go(&stage.url("/containers/"));
    browser.wait_for("cell('web', 'cpu').includes('0 %')");
    stage.use_cpu("docker/aa11", 3_000_000_000);
    browser.wait_for("/^[0-9]{3,} %/.test(cell('web', 'cpu'))");

    browser.run("head('name').firstChild.click()");
    let up = ["<", "batch", "db", "old", "web"];
    assert_eq!(first_letters(&mut browser, &up), up);
    assert_eq!(browser.run("head('name').ariaSort"), "ascending");
    browser.run("head('name').firstChild.focus()");
    browser.press_enter();
    let down = ["web", "old", "db", "batch", "<"];
    assert_eq!(first_letters(&mut browser, &down), down);
    assert_eq!(browser.run("head('name').ariaSort"), "descending");
    assert_eq!(browser.run("head('memory').ariaSort"), serde_json::Value::Null);

    browser.run("Object.assign(document.querySelector('input'), { value: 'NGINX' }).dispatchEvent(new Event('input'))");
    assert_eq!(
        browser.run("document.querySelectorAll('[data-table=containers] tbody tr:not([hidden])').length"),
        1
    );

    browser.follow("a[href='/docker/web']");
    browser.wait_for("/ %$/.test(tile('cpu').querySelector('.value').textContent)");
    browser.wait_for("tile('cpu').querySelector('polyline').getAttribute('points').split(' ').length >= 2");
    browser.follow(".crumbs a[href='/containers/docker']");
    assert_eq!(browser.run("document.querySelector('h1').textContent"), "docker");
    assert_eq!(browser.run(&format!("{NAMES}.length")), 5);
    assert_eq!(browser.errors(), Vec::<String>::new());
}

/// The names, each cut to the length that the test's has.
fn first_letters(browser: &mut Browser, expected: &[&str]) -> Vec<String> {
    let names = browser.run(NAMES);
    let names = names.as_array().unwrap().iter().map(|name| name.as_str().unwrap());
    let cut = |(name, expected): (&str, &&str)| name.get(..expected.len()).unwrap_or(name).to_owned();
    names.zip(expected).map(cut).collect()
}

#[test]
fn containers_come_and_go_while_the_page_is_open() {
    let Some(mut browser) = Browser::open() else { return };
    let stage = Stage::start(EVERY);
    browser.at_every_load(CELL);
    browser.go(&stage.url("/docker/"));
    browser.wait_for(&format!("{NAMES}.length === 5"));
    stage.stop("db");
    browser.wait_for("cell('db', 'state').startsWith('exited (1)')");
    browser.wait_for("document.querySelector('#troubles').textContent.includes('db: exited with code 1')");
    stage.remove("db");
    browser.wait_for(&format!("{NAMES}.length === 4"));
    stage.trouble("Docker does not answer: no route");
    browser.wait_for("!document.querySelector('#problems').hidden");
    assert_eq!(
        browser.run("document.querySelector('#problems').textContent"),
        "Docker does not answer: no route"
    );
    browser.run("document.querySelector('#refresh button').click()");
    stage.remove("batch");
    browser.run("new Promise((done) => setTimeout(done, 1500))");
    assert_eq!(browser.run(&format!("{NAMES}.length")), 4, "it is paused");
    browser.run("document.querySelector('#refresh button').click()");
    browser.wait_for(&format!("{NAMES}.length === 3"));
    assert_eq!(browser.errors(), Vec::<String>::new());
}

#[test]
fn hostile_names_stay_text() {
    let Some(mut browser) = Browser::open() else { return };
    let stage = Stage::start(EVERY);
    browser.at_every_load(CELL);
    browser.go(&stage.url("/containers/"));
    for _ in 0..2 {
        browser.wait_for(&format!("cell({EVIL:?}, 'cpu').includes('0 %')"));
        assert_eq!(browser.run("document.images.length"), 0);
    }
    browser.run(&format!(
        "[...document.querySelectorAll('tbody a')].find((a) => a.textContent === {EVIL:?}).id = 'it'"
    ));
    browser.follow("#it");
    assert_eq!(browser.run("document.querySelector('h1').textContent"), EVIL);
    browser.wait_for("/ %$/.test(tile('cpu').querySelector('.value').textContent)");
    assert_eq!(
        browser.run("[document.images.length, window.hit ?? 0]"),
        serde_json::json!([0, 0])
    );
    assert_eq!(browser.errors(), Vec::<String>::new());
}

#[test]
fn every_value_finds_its_cell() {
    let Some(mut browser) = Browser::open() else { return };
    let stage = Stage::start(EVERY);
    browser.at_every_load(CELL);
    browser.go(&stage.url("/docker/"));
    // The files of a layer are counted in the background, after the first reading that asks.
    browser.wait_for("/^1.5[0-9] MiB$/.test(cell('web', 'fs'))");
    browser.wait_for("cell('web', 'sent') === '0 B/s'");
    for (key, expected) in [
        ("cpu", "0 %of 150 %"),
        ("throttled", "0 %"),
        ("memory", "30.0 MiB93.8 % of 32.0 MiB"),
        ("received", "0 B/s"),
    ] {
        assert_eq!(browser.run(&format!("cell('web', '{key}')")), expected, "{key}");
    }
    // Only one reading shows the change; the script looks at it as it comes.
    browser.run(WATCH);
    stage.throttle_web(200, 65);
    browser.wait_for("seen.has('throttled 40.0 %')");
    stage.transfer_web(3 << 30, 1 << 30);
    browser.wait_for("[...seen].some((text) => /^received .*GiB.s$/.test(text))");
    browser.wait_for("[...seen].some((text) => /^sent .*[MG]iB.s$/.test(text))");
    assert_eq!(browser.run("cell('batch', 'sent')"), "–network of the host");
    assert_eq!(browser.run("cell('old', 'memory')"), "–");
    browser.run("head('memory').firstChild.click()");
    assert_eq!(
        browser.run(&format!("{NAMES}.at(-1)")),
        "old",
        "what is not known comes last"
    );
    browser.run("head('memory').firstChild.click()");
    assert_eq!(
        browser.run(&format!("{NAMES}.slice(0, 2)")),
        serde_json::json!(["db", "web"])
    );
    assert_eq!(browser.errors(), Vec::<String>::new());
}

/// Keeps all that cells of `web` ever showed.
const WATCH: &str = "window.seen = new Set();
new MutationObserver(() => {
    for (const key of ['throttled', 'received', 'sent']) seen.add(`${key} ${cell('web', key)}`);
}).observe(document.querySelector('[data-table=containers]'), { subtree: true, childList: true, characterData: true });";

#[test]
fn the_machine_stands_above_the_list() {
    let stage = Stage::start(EVERY);
    let (_, page) = stage.get("/containers/");
    for part in [
        "<h2>This machine</h2>",
        "<p class=\"note\">42.7 % of 2.00 GiB; 1.00 GiB with caches</p>",
        "<p class=\"note\">5.00 GiB received, 3.00 GiB sent in all</p>",
        " of its largest disk of ",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let (_, page) = stage.get("/docker/");
    assert!(!page.contains("This machine"), "{page}");
}

#[test]
fn programs_are_answered_as_by_cadvisor() {
    let stage = Stage::start(EVERY);
    for (path, status, kind, part) in [
        (
            "/api/v1.3/docker/web",
            200,
            "application/json",
            "\"aliases\":[\"web\",\"aa11\"]",
        ),
        (
            "/api/v1.3/subcontainers/docker",
            200,
            "application/json",
            "\"working_set\":31457280",
        ),
        ("/api/v1.3/machine", 200, "application/json", "\"num_cores\":0"),
        (
            "/api/v1.3/docker/nobody",
            404,
            "text/plain",
            "unknown container \"nobody\" of Docker's\n",
        ),
        ("/api/", 400, "text/plain", "Supported API versions: v1.0"),
    ] {
        let (head, body) = stage.get(path);
        let head = head.to_lowercase();
        assert!(head.contains(&format!(" {status} ")), "{path}: {head}");
        assert!(head.contains(&format!("content-type: {kind}")), "{path}: {head}");
        assert!(body.contains(part), "{path}: {body}");
    }
}

#[test]
fn pages_fit_a_desk_and_a_phone_by_day_and_by_night() {
    let Some(mut browser) = Browser::open() else { return };
    let stage = Stage::start(EVERY);
    stage.trouble("Podman does not answer: no such file or directory (/var/run/podman/podman.sock)");
    browser.at_every_load(CELL);
    for (name, path, ready) in [
        ("all", "/containers/", "/^[0-9.]+ %/.test(cell('web', 'cpu'))"),
        ("docker", "/docker/", "/^[0-9.]+ %/.test(cell('web', 'cpu'))"),
        (
            "one",
            "/docker/web",
            "tile('cpu').querySelector('polyline')?.getAttribute('points').split(' ').length > 3",
        ),
        (
            "stopped",
            "/docker/old",
            "document.querySelector('#refresh').textContent.startsWith('Read at')",
        ),
        (
            "slice",
            "/containers/system.slice",
            "document.querySelector('polyline')",
        ),
        ("missing", "/docker/nobody", "document.querySelector('h1')"),
    ] {
        for (width, dark) in [(DESK, false), (PHONE, false), (PHONE, true), (DESK, true)] {
            browser.resize(width, dark);
            browser.go(&stage.url(path));
            browser.wait_for(ready);
            let widest = browser.run("document.documentElement.scrollWidth").as_u64().unwrap();
            assert!(widest <= u64::from(width), "{path} is {widest} wide in {width}");
            let light = if dark { "dark" } else { "light" };
            browser.screenshot(&format!("{name}-{width}-{light}"));
        }
    }
    // The address that is not there answers 404, which the browser tells.
    let errors = browser.errors();
    assert!(
        errors.iter().all(|error| error.contains("/docker/nobody")),
        "{errors:?}"
    );
}
