//! All cases against both programs, several at a time.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::answer::{Answer, read};
use crate::case::{Case, Need, Only};
use crate::cases;
use crate::check::{differences, family, missed};
use crate::programs::{Exporter, PROGRAM, upstream};
use crate::servers::Servers;
use crate::table::{Problem, Table};

/// Cases at a time.
const AT_ONCE: usize = 16;

/// Both programs with a module for each case. Upstream's may be missing.
struct Programs {
    ours: Exporter,
    upstream: Option<Exporter>,
}

impl Programs {
    fn start(cases: &[Case], servers: &Servers) -> Self {
        let start = |name: &str, program: &Path, cases: &mut dyn Iterator<Item = &Case>| {
            let path = servers.folder().join(name);
            std::fs::write(&path, config(cases, servers)).unwrap();
            let mut exporter = Exporter::start_program(program, &path, &[]);
            exporter.drop_log();
            exporter
        };
        let has_upstream = |case: &&Case| !matches!(case.only, Only::Ours(_));
        Self {
            ours: start("ours.yml", Path::new(PROGRAM), &mut cases.iter()),
            upstream: upstream().map(|program| start("upstream.yml", &program, &mut cases.iter().filter(has_upstream))),
        }
    }
}

fn config(cases: &mut dyn Iterator<Item = &Case>, servers: &Servers) -> String {
    let module = |case: &Case| format!("  {}: {{{}}}\n", case.name, servers.expand(&case.module));
    std::iter::once("modules:\n".to_owned())
        .chain(cases.map(module))
        .collect()
}

/// What a program answers to a case, and the text of it.
fn ask(exporter: &Exporter, case: &Case, servers: &Servers) -> (Result<Answer, String>, String) {
    let target = crate::pages::escaped(&servers.expand(case.target));
    let path = format!("/probe?module={}&target={target}{}", case.name, case.query);
    let timeout = format!("X-Prometheus-Scrape-Timeout-Seconds: {}", case.scrape_timeout);
    let answer = exporter.ask("GET", &path, &[&timeout]);
    let text = answer.text();
    match answer.status {
        200 => (read(&text), text),
        status => (Err(format!("{status} {text}")), text),
    }
}

/// What does not hold.
fn problems(case: &Case, programs: &Programs, servers: &Servers, shown: bool) -> Vec<Problem> {
    let mut found = Vec::new();
    let mut check = |program, exporter: &Exporter, wants: Vec<String>| {
        let problem = |expected: &str, got| Problem {
            case: case.title(),
            program,
            expected: expected.to_owned(),
            got,
        };
        let (answer, text) = ask(exporter, case, servers);
        if shown {
            eprintln!("=== {} {program}\n{text}", case.name);
        }
        match &answer {
            Err(error) => found.push(problem("metrics", error.clone())),
            Ok(answer) => {
                let missed = |want: &String| missed(&servers.expand(want), answer).map(|got| problem(want, got));
                found.extend(wants.iter().filter_map(missed));
            }
        }
        answer.ok()
    };
    let mut wants = case.wants();
    wants.push(case.wanted_reason());
    let ours = check("ours", &programs.ours, wants);
    let (Some(upstream), Some(wants)) = (&programs.upstream, case.wanted_of_upstream()) else {
        return found;
    };
    let theirs = check("upstream", upstream, wants);
    if let (Some(ours), Some(theirs)) = (ours, theirs) {
        let pairs = differences(&theirs, &ours, &excepted(case));
        found.extend(pairs.into_iter().map(|(expected, got)| Problem {
            case: case.title(),
            program: "ours",
            expected,
            got,
        }));
    }
    found
}

/// Families that a listed difference is about.
fn excepted(case: &Case) -> Vec<String> {
    match &case.only {
        Only::Differs { upstream, .. } => upstream.iter().map(|want| family(want)).collect(),
        Only::Both | Only::Ours(_) => Vec::new(),
    }
}

/// Those that this host can carry out; the others are named.
fn possible(cases: Vec<Case>, servers: &Servers) -> Vec<Case> {
    let lacks = |case: &Case| case.needs.iter().copied().find(|need| !servers.has(*need));
    let (skipped, possible): (Vec<Case>, Vec<Case>) = cases.into_iter().partition(|case| lacks(case).is_some());
    let all = std::env::var_os("PILOTLIGHT_ALL").is_some_and(|all| all == "1");
    for case in &skipped {
        let need = lacks(case);
        assert!(
            !all || need != Some(Need::Redis),
            "PILOTLIGHT_ALL=1, and there is no redis-server"
        );
        eprintln!("{} is skipped: this host has no {need:?}", case.name);
    }
    possible
}

#[test]
fn what_upstream_does_ours_does_too() {
    let words = std::env::var("CONFORMANCE").unwrap_or_default();
    let servers = Servers::start();
    let mut cases = possible(cases::all(), &servers);
    cases.retain(|case| case.name.contains(&words));
    let programs = Programs::start(&cases, &servers);
    let (next, found) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let problems = problems(case, &programs, &servers, !words.is_empty());
                    found.lock().unwrap().extend(problems);
                }
            });
        }
    });
    let mut found = found.into_inner().unwrap();
    found.sort();
    assert!(found.is_empty(), "\n{}", Table(found));
}
