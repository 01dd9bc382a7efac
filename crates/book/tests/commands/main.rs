//! Every command in the documentation is run here, or proven by another test, or says why it cannot be; and every flag of our
//! programs, and every target of make, that the documentation names is there.
//!
//! Blocks of `sh` must run without an error. In blocks of `console`, what stands below a command must be what it prints. Programs
//! that go on are started, and ended when their name comes again or the block ends. A comment above a block may say
//! `not run: REASON`, or `after:` and, a line each, what readers have done before.
#![expect(
    clippy::disallowed_methods,
    reason = "these tests run the commands of the documentation"
)]

mod blocks;
mod printed;
mod proven;
mod sandbox;
mod shell;

use std::{
    collections::BTreeSet,
    env, fs,
    process::Command,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use blocks::{Block, Step};
use book::page::{self, Page};

fn pages() -> Vec<Page> {
    page::all(&sandbox::root()).expect("the pages can be read")
}

fn all_blocks() -> Vec<Block> {
    let (blocks, wrong): (Vec<_>, Vec<_>) = pages().iter().map(blocks::of).unzip();
    assert_eq!(
        wrong.concat(),
        Vec::<String>::new(),
        "comments above blocks of commands"
    );
    blocks.into_iter().flatten().collect()
}

/// With DOCS=words, only blocks of pages with one of these words in their paths.
fn wanted(block: &Block) -> bool {
    env::var("DOCS").map_or(true, |words| {
        words.split_whitespace().any(|word| block.place.contains(word))
    })
}

fn runs(step: &Step) -> bool {
    proven::of(&step.command).is_none()
}

#[test]
fn every_command_runs_or_is_proven_elsewhere_or_says_why_not() {
    let blocks: Vec<Block> = all_blocks()
        .into_iter()
        .filter(|block| block.not_run.is_none() && wanted(block))
        .collect();
    let commands = || {
        blocks.iter().flat_map(|block| {
            block
                .steps
                .iter()
                .filter(|step| runs(step))
                .map(|step| step.command.as_str())
                .chain(block.before.iter().map(String::as_str))
        })
    };
    let missing = sandbox::missing(commands());
    if !missing.is_empty() || !sandbox::can_isolate() {
        let all = env::var_os("PILOTLIGHT_ALL").is_some_and(|all| all == "1");
        assert!(
            !all,
            "PILOTLIGHT_ALL=1, and commands cannot be run: {missing:?} or unshare is missing"
        );
        eprintln!("commands of the documentation are not run: {missing:?} or unshare is missing");
        return;
    }
    let wrong = in_parallel(&blocks, |block| sandbox::run(block, runs));
    eprintln!("{} commands in {} blocks", commands().count(), blocks.len());
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// What `check` finds wrong with each, from as many threads as there are CPUs.
fn in_parallel<T: Sync>(all: &[T], check: impl Fn(&T) -> Vec<String> + Sync) -> Vec<String> {
    let (next, found) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(one) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let wrong = check(one);
                    found.lock().expect("no worker panics with it").extend(wrong);
                }
            });
        }
    });
    let mut found = found.into_inner().expect("no worker panicked");
    found.sort();
    found
}

#[test]
fn what_proves_a_command_is_there() {
    let wrong: Vec<String> = proven::PROOFS
        .iter()
        .filter_map(|proof| proof.wrong(&sandbox::root()))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Commands of blocks and of sentences, with their places.
fn all_commands() -> Vec<(String, Vec<String>)> {
    let of_blocks = all_blocks().into_iter().flat_map(|block| {
        let page = block.place.split(':').next().unwrap_or_default().to_owned();
        // What a page shows to be refused is refused; that it is, the test above sees.
        let steps = block.steps.into_iter().filter(|step| !step.shows_refusal());
        steps.map(move |step| (format!("{page}:{}", step.line), step.command))
    });
    let pages = pages();
    let of_sentences = pages.iter().flat_map(|page| {
        let path = page.path.display();
        page.inline_code()
            .into_iter()
            .map(move |code| (format!("{path}:{}", code.line), code.what))
    });
    let texts = of_blocks.chain(of_sentences);
    texts
        .flat_map(|(place, text)| {
            shell::commands(&text)
                .into_iter()
                .map(move |words| (place.clone(), words))
        })
        .collect()
}

const EXPORTERS: [&str; 5] = [
    "node-exporter",
    "container-exporter",
    "blackbox-exporter",
    "redis-exporter",
    "demo-app",
];

#[test]
fn every_flag_of_our_programs_is_one() {
    let mut asked = BTreeSet::new();
    let mut wrong = Vec::new();
    for (place, words) in all_commands() {
        let Some(question) = question(&words) else { continue };
        if asked.insert(question.clone()) {
            wrong.extend(refused(&question).map(|why| format!("{place}: {}: {why}", words.join(" "))));
        }
    }
    assert!(asked.len() > 30, "only {} commands of ours", asked.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The same command, ended by a flag that makes it end when all flags before it are known.
fn question(words: &[String]) -> Option<Vec<String>> {
    let program = words.first()?.rsplit('/').next()?;
    let flags = words.get(1..)?;
    let flags = flags.strip_prefix(&["…".to_owned()]).unwrap_or(flags);
    if !flags.iter().any(|word| word.starts_with('-')) {
        return None;
    }
    let end = match program {
        "lab" => "--help",
        program if EXPORTERS.contains(&program) => "--version",
        _ => return None,
    };
    Some([&[program.to_owned()], flags, &[end.to_owned()]].concat())
}

fn refused(question: &[String]) -> Option<String> {
    let (program, flags) = question.split_first()?;
    let output = Command::new(program).env("PATH", sandbox::path()).args(flags).output();
    let output = output.unwrap_or_else(|error| panic_without(program, &error));
    let why = String::from_utf8_lossy(&output.stderr)
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned();
    (!output.status.success()).then_some(why)
}

#[expect(clippy::panic, reason = "a test fails by panicking")]
fn panic_without(program: &str, error: &std::io::Error) -> ! {
    panic!("{program}: {error}; run `cargo build --workspace` first")
}

#[test]
fn every_target_of_make_is_one() {
    let makefile = fs::read_to_string(sandbox::root().join("Makefile")).expect("there is one");
    let targets: BTreeSet<&str> = makefile
        .lines()
        .filter_map(|line| Some(line.split_once(':')?.0))
        .collect();
    let wrong = all_commands().into_iter().filter_map(|(place, words)| {
        let (make, target) = (words.first()?, words.get(1)?);
        let unknown = make == "make" && !target.starts_with('-') && !targets.contains(target.as_str());
        unknown.then(|| format!("{place}: make has no {target}"))
    });
    let wrong: Vec<String> = wrong.collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
