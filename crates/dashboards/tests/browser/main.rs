//! Pages as a person meets them: over HTTP, and in a real browser. Where there is no Chromium the latter say so and pass,
//! unless PILOTLIGHT_ALL=1; with PILOTLIGHT_SCREENSHOTS=DIR they leave pictures there.
#![expect(clippy::disallowed_methods, reason = "the threads of a test may be like any other")]

#[path = "../../../container-exporter/src/pages/browser/chromium.rs"]
#[expect(
    dead_code,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "other pages need more of it, and there it is inside of tests"
)]
mod chromium;
mod fake;
mod layout;

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::mpsc::channel,
    thread,
};

use chromium::Browser;
use dashboards::{
    board::Asker,
    prometheus::Client,
    viewer::{Shelf, Site, serve},
};
use fake::{EVIL, Fake};
use tokio::{net::TcpListener, runtime::Builder};

const BOARDS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/boards");

struct Stage {
    fake: Fake,
    address: String,
}

impl Stage {
    fn start() -> Self {
        Self::showing(BOARDS, Fake::start())
    }

    /// The dashboards of a folder.
    fn showing(boards: &str, fake: Fake) -> Self {
        let client = Client::new(&fake.url, None).expect("an address");
        let site = Site::new(Shelf::new(boards), Asker::new(client, 15.0), true).expect("chance");
        let (tell, told) = channel();
        thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
                tell.send(listener.local_addr().expect("bound"))
                    .expect("the test waits");
                serve(listener, site).await;
            });
        });
        let address = told.recv().expect("it listens").to_string();
        Self { fake, address }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The head and the body.
    fn get(&self, path: &str, headers: &str) -> (String, String) {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        let host = if headers.contains("Host:") {
            ""
        } else {
            "Host: localhost\r\n"
        };
        let head = format!("GET {path} HTTP/1.1\r\n{host}{headers}Connection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("text");
        let (head, body) = answer.split_once("\r\n\r\n").expect("an HTTP answer");
        (head.to_owned(), body.to_owned())
    }
}

#[test]
fn addresses_answer_with_a_policy_that_runs_nothing_foreign() {
    let stage = Stage::start();
    for (path, headers, status, part) in [
        ("/", "", 200, "<a href=\"/d/things\">Things &amp; more</a>"),
        ("/", "", 200, "EOF while parsing"),
        ("/-/healthy", "", 200, "ok"),
        ("/d/things", "", 200, "<h1>Things &amp; more</h1>"),
        ("/d/things/a-title", "", 200, "<h1>Things"),
        ("/d/things/panel/1", "", 200, "id=\"panel-1\""),
        ("/d/things/panel/99", "", 404, "no such panel"),
        ("/d/nobody", "", 404, "no dashboard \"nobody\""),
        ("/static/viewer.css", "", 200, "prefers-color-scheme"),
        ("/static/viewer.js", "", 200, "pointermove"),
        ("/elsewhere", "", 404, "GET / lists"),
        ("/", "Host: evil.example\r\n", 403, "this machine"),
    ] {
        let (head, body) = stage.get(path, headers);
        assert!(head.contains(&format!(" {status} ")), "{path}: {head}");
        assert!(
            head.contains("content-security-policy: default-src 'none'; script-src 'self'; style-src 'self' 'nonce-"),
            "{head}"
        );
        assert!(body.contains(part), "{path}: {body}");
        assert!(!body.contains(EVIL), "{path}: {body}");
        assert!(!body.contains(" style="), "{path} has no style that its policy forbids");
    }
}

#[test]
fn each_kind_of_panel_shows_values_without_a_script() {
    let stage = Stage::start();
    let (_, page) = stage.get("/d/things", "Cookie: width=1400\r\n");
    for part in [
        "main data-width=\"1400\"",
        // A query that Prometheus refuses is said in its panel.
        "query A: asking for broken(1): 1:1: parse error: unknown function with name &quot;broken&quot;",
        "a panel of type &quot;magic-panel&quot; is not drawn here",
        "option sparkle is not known here",
        "<th scope=\"row\">",
        "href=\"/d/other?var-job=api",
        "href=\"?from=now-1h&amp;to=now",
        "<h1>Words</h1>",
        "&lt;b&gt;bold&lt;/b&gt;",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    for (panel, part) in [
        (1, "<polyline"),
        (2, "class=\"value f-"),
        (3, "<polygon"),
        (4, "<rect"),
        (5, "<td"),
        (6, "<rect"),
        (7, "<rect"),
        (21, "nothing is known"),
    ] {
        let (_, drawn) = stage.get(&format!("/d/things/panel/{panel}"), "");
        assert!(drawn.contains(part), "panel {panel} has {part}: {drawn}");
    }
}

#[test]
fn who_goes_to_a_page_tells_the_width_before_anything_is_drawn() {
    let stage = Stage::start();
    let (_, blank) = stage.get("/d/things?from=now-1h&var-job=api", "Sec-Fetch-Mode: navigate\r\n");
    for part in [
        "main data-width=\"0\"",
        "<form class=\"controls\"",
        "<noscript><meta http-equiv=\"refresh\" content=\"0; url=?from=now-1h&amp;var-job=api&amp;width=1280\"></noscript>",
    ] {
        assert!(blank.contains(part), "{part}: {blank}");
    }
    assert!(!blank.contains("id=\"panel-"), "{blank}");
    let before = stage.fake.asked();
    let (_, drawn) = stage.get(
        "/d/things?from=now-1h&var-job=api&width=1280",
        "Sec-Fetch-Mode: navigate\r\n",
    );
    assert!(
        drawn.contains("main data-width=\"1280\"") && drawn.contains("id=\"panel-1\""),
        "{drawn}"
    );
    assert!(
        stage.fake.asked() - before > before,
        "a blank page asks for variables alone"
    );
}

#[test]
fn the_same_question_is_asked_once() {
    let stage = Stage::start();
    stage.get("/d/things?from=1700000000000&to=1700003600000", "");
    let once = stage.fake.asked();
    stage.get("/d/things?from=1700000000000&to=1700003600000", "");
    let again = stage.fake.asked() - once;
    // Variables are asked for anew, and so is what was refused.
    assert!(again <= 3, "{once} questions, then {again}");
}

#[test]
fn a_person_points_chooses_and_folds() {
    let Some(mut browser) = Browser::open() else { return };
    let stage = Stage::start();
    browser.resize(1400, false);
    browser.go(&stage.url("/d/things"));
    browser.wait_for("document.querySelector('main').dataset.width === '1400'");
    assert_eq!(browser.run("document.querySelectorAll('.panel').length"), 10);

    // Values follow the pointer.
    browser.run(
        "window.point = (id) => { const figure = document.querySelector(`#panel-${id} figure`);
            const box = figure.querySelector('svg').getBoundingClientRect();
            figure.dispatchEvent(new PointerEvent('pointermove', { clientX: box.left + box.width / 2, bubbles: true }));
            return figure.querySelector('.tip').innerText; }",
    );
    for (panel, part) in [(1, "api"), (6, "s"), (7, "api")] {
        let tip = browser.run(&format!("point({panel})"));
        let tip = tip.as_str().expect("a text");
        assert!(tip.starts_with("20") && tip.contains(part), "panel {panel}: {tip}");
    }
    // Only what is chosen is shown.
    browser.run("document.querySelector(\"input[name='var-job'][value='$__all']\").click()");
    browser.run("document.querySelector(\"input[name='var-job'][value='db']\").click()");
    browser.follow(".controls .menu button");
    browser.wait_for("document.querySelector('#panel-1 .legend').innerText.includes('db')");
    assert_eq!(
        browser.run("document.querySelector('#panel-1 .legend').innerText.includes('api')"),
        false
    );
    assert_eq!(
        browser.run("new URL(location).searchParams.getAll('var-job').join()"),
        "db"
    );
    // A folded row opens.
    browser.follow(".folded a");
    browser.wait_for("document.querySelector('#panel-21') !== null");
    assert_eq!(browser.errors(), Vec::<String>::new());
}

#[test]
fn hostile_names_stay_text_and_nothing_is_asked_elsewhere() {
    let Some(mut browser) = Browser::open() else { return };
    let stage = Stage::start();
    browser.resize(1400, true);
    browser.go(&stage.url("/d/things"));
    browser.wait_for("document.querySelector('main').dataset.width === '1400'");
    assert_eq!(browser.run("document.body.innerText.includes('<img src=x')"), true);
    assert_eq!(browser.run("[document.images.length, window.hit ?? 0].join()"), "0,0");
    let elsewhere = "performance.getEntriesByType('resource').filter((entry) => new URL(entry.name).origin !== location.origin).length";
    assert_eq!(browser.run(elsewhere), 0);
    assert_eq!(browser.errors(), Vec::<String>::new());
}

#[test]
fn pages_fit_desks_and_phones_by_day_and_night() {
    let Some(mut browser) = Browser::open() else { return };
    let stage = Stage::start();
    for (width, dark) in [(1400, false), (1400, true), (390, false), (390, true)] {
        browser.resize(width, dark);
        for path in ["/", "/d/things"] {
            browser.go(&stage.url(path));
            let fits = "(document.querySelector('main').dataset.width ?? String(innerWidth)) === String(document.documentElement.clientWidth)";
            browser.wait_for(fits);
            let wide = browser.run("document.documentElement.scrollWidth - document.documentElement.clientWidth");
            assert_eq!(wide, 0, "{path} at {width} does not scroll sideways");
            let name = path.trim_start_matches('/').replace('/', "-");
            browser.screenshot(&format!(
                "viewer-{name}-{width}-{}",
                if dark { "dark" } else { "light" }
            ));
        }
    }
    assert_eq!(browser.errors(), Vec::<String>::new());
}
