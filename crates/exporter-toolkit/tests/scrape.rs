//! Scrapes of collectors that hang, panic, fail and clash.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use exporter_toolkit::collector::{CollectError, Collector};
use exporter_toolkit::scrape::{Registry, RegistryBuilder, Request, Scrape, ScrapeDescs};
use exposition::{Desc, Encoder, Escaping, Format};

const DESCS: ScrapeDescs = ScrapeDescs {
    duration: Desc::gauge("scrape_duration_seconds", "Duration.", &["collector"]),
    success: Desc::gauge("scrape_success", "Success.", &["collector"]),
};

/// A collector made of a function.
struct Does<F>(F);

impl<F: FnMut(&mut Encoder) -> Result<(), CollectError> + Send> Collector for Does<F> {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        (self.0)(out)
    }
}

fn gauge(name: &'static str, value: f64) -> Box<dyn Collector> {
    Box::new(Does(move |out: &mut Encoder| {
        out.scalar(&Desc::gauge(name, "A value.", &[]), value);
        Ok(())
    }))
}

/// Waits for `release` at each run, then writes `name`.
fn waiting(name: &'static str, release: Receiver<()>, entered: Sender<()>) -> Box<dyn Collector> {
    Box::new(Does(move |out: &mut Encoder| {
        // Not every test listens.
        entered.send(()).ok();
        release.recv().unwrap();
        out.scalar(&Desc::gauge(name, "A value.", &[]), 1.0);
        Ok(())
    }))
}

fn registry(collectors: Vec<(&'static str, Box<dyn Collector>)>) -> Arc<Registry> {
    let mut builder = RegistryBuilder::default();
    for (name, collector) in collectors {
        builder.collector(name, collector);
    }
    builder.disabled("switched_off").descs(DESCS);
    Arc::new(builder.build())
}

fn request(within: Duration, query: &[(&str, &str)]) -> Request {
    Request {
        format: Format::Text004,
        escaping: Escaping::Underscores,
        gzip: false,
        deadline: Instant::now() + within,
        params: query
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect(),
    }
}

const SOON: Duration = Duration::from_millis(700);
const LONG: Duration = Duration::from_secs(30);

async fn scrape(registry: &Arc<Registry>, within: Duration) -> String {
    let answer = registry.scrape(request(within, &[])).await.unwrap();
    String::from_utf8(answer.body).unwrap()
}

fn has(text: &str, line: &str) -> bool {
    text.lines().any(|each| each == line)
}

#[tokio::test]
async fn a_hung_collector_is_late_alone_and_comes_back() {
    let (release, held) = channel();
    let (entered, _entries) = channel();
    let registry = registry(vec![
        ("first", gauge("first", 1.0)),
        ("hung", waiting("hung", held, entered)),
        ("after", gauge("after", 2.0)),
        ("last", gauge("last", 3.0)),
    ]);
    for round in 0..2 {
        // The second time it is still stuck in the first scrape: nobody waits for it again.
        let started = Instant::now();
        let text = scrape(&registry, if round == 0 { SOON } else { LONG }).await;
        assert!(started.elapsed() < Duration::from_secs(10), "round {round}");
        for line in ["first 1", "after 2", "last 3", "scrape_success{collector=\"hung\"} 0"] {
            assert!(has(&text, line), "round {round}: {line} is not in\n{text}");
        }
        assert!(has(&text, "scrape_success{collector=\"after\"} 1") && !text.contains("\nhung "));
    }
    release.send(()).unwrap();
    release.send(()).unwrap();
    let back = async {
        while !has(&scrape(&registry, LONG).await, "hung 1") {
            tokio::task::yield_now().await;
            release.send(()).ok();
        }
    };
    tokio::time::timeout(LONG, back)
        .await
        .expect("the collector comes back once it is released");
}

#[tokio::test]
async fn a_slow_collector_is_still_in_the_answer_and_holds_nobody_up() {
    let (release, held) = channel();
    let (entered, _entries) = channel();
    let after_ran = Arc::new(Mutex::new(Some(release)));
    let registry = registry(vec![
        ("slow", waiting("slow", held, entered)),
        // Ends the slow one's wait: this must have been given a thread of its own for that.
        (
            "after",
            Box::new(Does(move |out: &mut Encoder| {
                out.scalar(&Desc::gauge("after", "A value.", &[]), 2.0);
                let release = after_ran.lock().unwrap().take();
                release.map_or(Ok(()), |release| release.send(()).map_err(CollectError::failed))
            })),
        ),
    ]);
    let text = scrape(&registry, LONG).await;
    for line in [
        "slow 1",
        "after 2",
        "scrape_success{collector=\"slow\"} 1",
        "scrape_success{collector=\"after\"} 1",
    ] {
        assert!(has(&text, line), "{line} is not in\n{text}");
    }
}

#[tokio::test]
async fn many_hung_collectors_cost_one_scrape_no_more_than_its_deadline() {
    let mut releases = Vec::new();
    let mut collectors = vec![];
    for name in ["a", "b", "c"] {
        let (release, held) = channel();
        releases.push(release);
        collectors.push((name, waiting(name, held, channel().0)));
    }
    collectors.push(("last", gauge("last", 1.0)));
    let registry = registry(collectors);
    let started = Instant::now();
    let text = scrape(&registry, SOON * 2).await;
    assert!(started.elapsed() < Duration::from_secs(10));
    assert!(
        has(&text, "last 1") && has(&text, "scrape_success{collector=\"c\"} 0"),
        "{text}"
    );
    drop(releases);
}

#[tokio::test]
async fn a_panic_and_an_error_are_failures_of_their_collectors_only() {
    let registry = registry(vec![
        (
            "panics",
            Box::new(Does(|out: &mut Encoder| {
                out.scalar(&Desc::gauge("lost", "Written before the panic.", &[]), 1.0);
                panic!("a defect")
            })),
        ),
        (
            "fails",
            Box::new(Does(|out: &mut Encoder| {
                out.scalar(&Desc::gauge("kept", "Written before the error.", &[]), 1.0);
                Err(CollectError::failed("broken"))
            })),
        ),
        (
            "absent",
            Box::new(Does(|_: &mut Encoder| {
                Err(CollectError::NoData("no such device".into()))
            })),
        ),
        ("fine", gauge("fine", 1.0)),
    ]);
    for _ in 0..2 {
        let text = scrape(&registry, LONG).await;
        for (name, success) in [("panics", 0), ("fails", 0), ("absent", 0), ("fine", 1)] {
            assert!(
                has(&text, &format!("scrape_success{{collector=\"{name}\"}} {success}")),
                "{text}"
            );
        }
        assert!(
            has(&text, "kept 1") && has(&text, "fine 1") && !text.contains("lost"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn what_comes_twice_is_dropped_and_counted() {
    let registry = registry(vec![("one", gauge("same", 1.0)), ("two", gauge("same", 2.0))]);
    let answer = registry.scrape(request(LONG, &[])).await.unwrap();
    let text = String::from_utf8(answer.body).unwrap();
    assert_eq!(answer.rejected, 1);
    assert!(has(&text, "same 1") && !has(&text, "same 2"), "{text}");
}

#[tokio::test]
async fn the_query_selects_collectors() {
    let registry = registry(vec![
        ("a", gauge("a", 1.0)),
        ("b", gauge("b", 2.0)),
        ("c", gauge("c", 3.0)),
    ]);
    for (query, expected) in [
        (&[("collect[]", "a"), ("collect[]", "c")][..], ["a 1", "c 3"].as_slice()),
        (&[("exclude[]", "a")], &["b 2", "c 3"]),
        (&[("exclude[]", "a"), ("exclude[]", "b"), ("exclude[]", "c")], &[]),
        (&[("other", "x")], &["a 1", "b 2", "c 3"]),
    ] {
        let answer = registry.scrape(request(LONG, query)).await.unwrap();
        let text = String::from_utf8(answer.body).unwrap();
        let values: Vec<&str> = text.lines().filter(|line| line.len() == 3).collect();
        assert_eq!(values, expected, "{query:?}");
    }
    for (query, words) in [
        (&[("collect[]", "bogus")][..], "missing collector: bogus"),
        (&[("collect[]", "switched_off")], "disabled collector: switched_off"),
        (
            &[("collect[]", "a"), ("exclude[]", "b")],
            "Combined collect and exclude queries are not allowed.",
        ),
    ] {
        let refusal = registry.scrape(request(LONG, query)).await.unwrap_err();
        assert_eq!(refusal.status, 400);
        assert!(refusal.text.ends_with(words), "{}", refusal.text);
    }
}

#[tokio::test]
async fn two_scrapers_queue() {
    let (release, held) = channel();
    let (entered, entries) = channel();
    let registry = registry(vec![("waiting", waiting("value", held, entered))]);
    let first = tokio::spawn({
        let registry = Arc::clone(&registry);
        async move { scrape(&registry, LONG).await }
    });
    let second = tokio::spawn({
        let registry = Arc::clone(&registry);
        async move { scrape(&registry, LONG).await }
    });
    release.send(()).unwrap();
    release.send(()).unwrap();
    for task in [first, second] {
        assert!(has(&task.await.unwrap(), "value 1"));
    }
    assert_eq!(entries.iter().take(2).count(), 2);
}

#[tokio::test]
async fn a_scraper_that_hangs_up_leaves_no_trace() {
    let (release, held) = channel();
    let (entered, entries) = channel();
    let registry = registry(vec![("waiting", waiting("value", held, entered))]);
    let mut hangs_up = Box::pin(registry.scrape(request(LONG, &[])));
    // Poll it once, so that the scrape begins, and drop it.
    assert!(tokio::time::timeout(Duration::ZERO, &mut hangs_up).await.is_err());
    drop(hangs_up);
    let entered = tokio::task::spawn(async move {
        while entries.try_recv().is_err() {
            tokio::task::yield_now().await;
        }
    });
    tokio::time::timeout(LONG, entered).await.unwrap().unwrap();
    release.send(()).unwrap();
    release.send(()).unwrap();
    let text = scrape(&registry, LONG).await;
    assert!(
        has(&text, "value 1") && has(&text, "scrape_success{collector=\"waiting\"} 1"),
        "{text}"
    );
}
