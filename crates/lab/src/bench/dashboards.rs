//! `lab bench dashboards`: how long a dashboard takes to open in a browser, from a Prometheus that has the hours it shows, and
//! what the viewer has in memory after many of them.

mod browser;
mod history;
mod sample;

use std::{ffi::OsStr, fmt::Write as _, fs, path::Path, time::Duration};

use anyhow::{Context, Result, bail, ensure};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use serde_json::Value;
use tokio::time::timeout;

use super::{
    client::Scraper,
    report::millis,
    say,
    target::{Process, free_port},
};
use crate::up::http;
use browser::Browser;
use history::History;

/// The subcommand's name.
pub(crate) const NAME: &str = "dashboards";

/// Of a desk.
const WIDTH: u32 = 1440;
/// From the address to the last panel.
const OPEN_WITHIN: Duration = Duration::from_millis(1500);
const MOST_KIB: u64 = 30 * 1024;
/// How often it is opened in the browser, each time over other hours, so that nothing is known already.
const OPENINGS: u64 = 21;
const READY_WITHIN: Duration = Duration::from_secs(30);

/// The subcommand as clap sees it.
pub(crate) fn command() -> Command {
    Command::new(NAME)
        .about("Measures how long a dashboard takes to open, and the viewer's memory; needs chromium, prometheus and promtool")
        .args([
            Arg::new("loads")
                .long("loads")
                .value_name("NUMBER")
                .value_parser(value_parser!(u64).range(1..))
                .default_value("1000")
                .help("How many pages are loaded before memory is looked at"),
            Arg::new("strict")
                .long("strict")
                .action(ArgAction::SetTrue)
                .help("Exit with 1 when a target is missed"),
        ])
}

/// Measures, and prints; whether every target was met.
///
/// # Errors
/// A program is missing, does not start or does not answer.
pub(crate) async fn all(arguments: &ArgMatches) -> Result<bool> {
    let loads: u64 = *arguments.get_one("loads").context("--loads has a default")?;
    let history = History::start().await?;
    let viewer = Viewer::start(&history).await?;
    say(&format!(
        "lab dashboards: a dashboard of {} panels with {} series over {} hours at {} s\n\n",
        sample::PANELS,
        history::SERIES,
        history::SPAN / 3600,
        history::STEP,
    ))?;
    let opened = opened(&viewer, &history)?;
    let opening = opening(&opened);
    say(&opening.text)?;
    let [before, after, peak] = memory(&viewer, &history, loads).await?;
    let memory = remembered(before, after, peak, loads);
    say(&memory.text)?;
    Ok(opening.met && memory.met)
}

/// `lab dashboards` as a process of its own. Dropping it ends it.
struct Viewer {
    process: Process,
    url: String,
}

impl Viewer {
    async fn start(history: &History) -> Result<Self> {
        let folder = history.folder().join("dashboards");
        fs::create_dir_all(&folder).context("making a folder of dashboards")?;
        fs::write(folder.join("sample.json"), sample::board().to_string()).context("writing a dashboard")?;
        let port = free_port()?;
        let url = format!("http://127.0.0.1:{port}");
        let lab = std::env::current_exe().context("finding lab itself")?;
        let flags = [
            "dashboards".to_owned(),
            format!("--listen=127.0.0.1:{port}"),
            format!("--dir={}", folder.display()),
            format!("--prometheus={}", history.url),
        ];
        let process = Process::run(&[lab.as_os_str()], &flags)?;
        until_ready(&format!("{url}/-/ready"), &lab).await?;
        Ok(Self { process, url })
    }

    /// Where the dashboard is, over hours that end so many steps before the newest.
    fn page(&self, history: &History, back: u64) -> String {
        let end = (history.end - back * history::STEP) * 1000;
        let start = end - history::SPAN * 1000;
        format!("{}/d/{}?from={start}&to={end}&refresh=", self.url, sample::UID)
    }
}

/// # Errors
/// It does not answer in time.
async fn until_ready(url: &str, program: &Path) -> Result<()> {
    let uri = url.parse().context("a URL of numbers is valid")?;
    if timeout(READY_WITHIN, http::until_ready(&uri)).await.is_err() {
        bail!(
            "{} did not answer {url} within {} s",
            program.display(),
            READY_WITHIN.as_secs()
        );
    }
    Ok(())
}

/// How long each opening took: the first, with nothing known and nothing cached, and the others.
fn opened(viewer: &Viewer, history: &History) -> Result<Vec<Duration>> {
    let mut browser = Browser::open(WIDTH)?;
    // Blank pages are so many steps apart that each has questions of its own.
    (0..OPENINGS)
        .map(|opening| {
            browser.go(&viewer.page(history, opening * 8))?;
            // The page is drawn anew for the screen's width when it was not known, and frames come after what is drawn.
            let drawn = browser.run(
                "new Promise((done, fail) => {
                    setTimeout(() => fail(new Error('not drawn within 30 s')), 30000);
                    const look = () => document.querySelector('main').dataset.width === String(document.documentElement.clientWidth)
                        ? requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now())))
                        : setTimeout(look, 2);
                    look();
                })",
            )?;
            whole(&browser.run("[document.querySelectorAll('.panel').length, document.querySelectorAll('.problem, .nothing').length]")?)?;
            let seconds = drawn.as_f64().context("the browser's clock is a number")? / 1000.0;
            Duration::try_from_secs_f64(seconds).context("the browser's clock goes forward")
        })
        .collect()
}

/// # Errors
/// A panel is missing, or has no data: then what was measured is something else.
fn whole(counted: &Value) -> Result<()> {
    let wanted = serde_json::json!([sample::PANELS, 0]);
    ensure!(
        *counted == wanted,
        "panels and empty ones: {counted} instead of {wanted}"
    );
    Ok(())
}

/// Resident KiB: at first, after so many pages, and the most.
async fn memory(viewer: &Viewer, history: &History, loads: u64) -> Result<[u64; 3]> {
    let before = viewer.process.resident_kib()?;
    for load in 0..loads {
        let url = viewer
            .page(history, load % 120)
            .parse()
            .context("a URL of numbers is valid")?;
        Scraper::new(url).scrape().await?;
    }
    Ok([
        before,
        viewer.process.resident_kib()?,
        viewer.process.peak_resident_kib()?,
    ])
}

struct Part {
    text: String,
    met: bool,
}

fn opening(opened: &[Duration]) -> Part {
    let mut others: Vec<Duration> = opened.iter().skip(1).copied().collect();
    others.sort();
    let at = |share: usize| others.get((others.len().saturating_sub(1)) * share / 100).copied();
    let rows = [
        ("opened for the first time, ms", opened.first().copied()),
        ("opened again, median, ms", at(50)),
        ("opened again, slowest, ms", at(100)),
    ];
    let mut part = Part {
        text: String::new(),
        met: true,
    };
    for (name, took) in rows {
        let took = took.unwrap_or_default();
        let met = took <= OPEN_WITHIN;
        part.row(name, millis(took), met, "≤ 1500");
    }
    part
}

fn remembered(before: u64, after: u64, peak: u64, loads: u64) -> Part {
    let mut part = Part {
        text: String::new(),
        met: true,
    };
    let mib = |kib: u64| kib as f64 / 1024.0;
    part.row("resident memory before, MiB", mib(before), true, "");
    part.row(
        &format!("after {loads} pages, MiB"),
        mib(after),
        after <= MOST_KIB,
        "≤ 30",
    );
    part.row("the most, MiB", mib(peak), peak <= MOST_KIB, "≤ 30");
    part
}

impl Part {
    /// An empty `target` is none.
    fn row(&mut self, name: &str, value: f64, met: bool, target: &str) {
        let verdict = match (target, met) {
            ("", _) => String::new(),
            (target, true) => format!("   {target} met"),
            (target, false) => format!("   {target} MISSED"),
        };
        self.met &= met;
        // Writing to a String cannot fail.
        writeln!(self.text, "{name:<34}{value:>10.1}{verdict}").ok();
    }
}

/// The program of this name on PATH.
///
/// # Errors
/// It is not there.
fn program(name: &str) -> Result<std::path::PathBuf> {
    crate::program::on_path(name)
        .with_context(|| format!("no {name} on PATH: get it with deploy/prepare.sh bench, or put it there"))
}

/// Runs a program to its end.
///
/// # Errors
/// It does not start, or fails; the text has what it said.
#[expect(
    clippy::disallowed_methods,
    reason = "to run other programs is what lab is for; exporters never do"
)]
fn finished(program: &Path, arguments: &[&OsStr]) -> Result<()> {
    let output = std::process::Command::new(program)
        .args(arguments)
        .output()
        .with_context(|| format!("starting {}", program.display()))?;
    ensure!(
        output.status.success(),
        "{}: {}",
        program.display(),
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_of_the_first_the_usual_and_the_slowest() {
        let took = |millis: &[u64]| opening(&millis.iter().copied().map(Duration::from_millis).collect::<Vec<_>>());
        assert_eq!(
            took(&[900, 300, 100, 200]).text,
            "opened for the first time, ms          900.0   ≤ 1500 met\n\
             opened again, median, ms               200.0   ≤ 1500 met\n\
             opened again, slowest, ms              300.0   ≤ 1500 met\n"
        );
        for slow in [&[1501, 1, 1][..], &[1, 1, 1501], &[1, 1501, 1501]] {
            assert!(!took(slow).met, "{slow:?}");
        }
    }

    #[test]
    fn memory_is_held_to_its_target_now_and_at_its_highest() {
        for (after, peak, met) in [
            (30 << 10, 30 << 10, true),
            ((30 << 10) + 1, 30 << 10, false),
            (1, (30 << 10) + 1, false),
        ] {
            assert_eq!(remembered(1, after, peak, 7).met, met, "{after} {peak}");
        }
    }
}
