//! `lab plot`: expressions over time in the terminal, or as a picture; or a whole dashboard as one file.

mod board;
mod options;

use std::{
    fs,
    io::{self, IsTerminal, Write},
    path::Path,
    process::ExitCode,
    sync::Arc,
};

use ::dashboards::{
    board::Asker,
    charts::{Size, Theme, TimeSeries, alone, png, time_series},
    data::{Answer, Fields, Line, lines},
    model::{FieldSource, Target},
    prometheus::Window,
    terminal::{Screen, csv, plot},
    time::{Zone, now},
    variables::{Resolution, Scope, builtin, interpolate},
};
use anyhow::{Context, Result, bail};
use clap::ArgMatches;

use crate::ask;
use options::Options;
pub(crate) use options::command;

/// What scripts are told when there is nothing to draw.
pub(crate) const NO_DATA: u8 = 3;
/// What people are told.
const NOTHING: &str =
    "no data: look further back with --last, or ask whether the metric is there: lab query 'count by (job) (METRIC)'";

/// # Errors
/// Prometheus does not say, or the picture cannot be written.
pub(crate) fn run(arguments: &ArgMatches) -> Result<ExitCode> {
    let options = Options::from_matches(arguments)?;
    let asker = ask::asker(arguments)?;
    let runtime = ask::runtime()?;
    if let Some(name) = &options.dashboard {
        return runtime.block_on(board::write(name, &options, &asker));
    }
    let end = options.until.unwrap_or_else(now);
    let window = Window {
        start: end - options.last,
        end,
    };
    let found = runtime.block_on(series(&options, &asker, window))?;
    if found.iter().all(|line| line.points.is_empty()) {
        writeln!(io::stderr(), "lab: {NOTHING}").context("writing to standard error")?;
        return Ok(NO_DATA.into());
    }
    show(&options, &found, window)?;
    Ok(ExitCode::SUCCESS)
}

/// Of all expressions, as lines on one axis.
async fn series(options: &Options, asker: &Asker, window: Window) -> Result<Vec<Line>> {
    let points = f64::from(options.size.width).min(screen().columns as f64 * 4.0);
    let mut resolution = Resolution::of(window, points.max(100.0), asker.scrape_interval, asker.scrape_interval);
    if let Some(step) = options.step {
        resolution.step = step;
    }
    let window = Window {
        start: (window.start / resolution.step).floor() * resolution.step,
        ..window
    };
    let scope = builtin(window, resolution);
    let mut answers = Vec::new();
    for (index, expr) in options.exprs.iter().enumerate() {
        let expr = interpolate(expr, &scope);
        let series = asker.ask(&expr, window, resolution.step).await?;
        let target = Target {
            ref_id: index.to_string(),
            expr,
            ..Target::default()
        };
        answers.push(Answer {
            target,
            series: Arc::clone(&series),
            step: resolution.step,
        });
    }
    let source = field_source(options)?;
    Ok(lines(&answers, &Fields::new(&source), &Scope::default()))
}

fn field_source(options: &Options) -> Result<FieldSource> {
    let defaults =
        serde_json::json!({"defaults": {"unit": options.unit, "custom": {"fillOpacity": 8, "lineWidth": 1.5}}});
    serde_json::from_value(defaults).context("a configuration of fields")
}

fn show(options: &Options, lines: &[Line], window: Window) -> Result<()> {
    let zone = Zone::named("");
    let Some(path) = &options.output else {
        let text = plot(lines, window, &zone, screen());
        return io::stdout()
            .write_all(text.as_bytes())
            .context("writing to standard output");
    };
    let what = TimeSeries {
        lines,
        bands: &[],
        window,
        zone: &zone,
        size: options.size,
        named: true,
    };
    let theme = if options.dark { Theme::Dark } else { Theme::Light };
    let svg = || anyhow::Ok(alone(&time_series(&what)?.0, theme));
    let bytes = match extension(path) {
        "svg" => svg()?.into_bytes(),
        "png" => png(&svg()?)?,
        "csv" => csv(lines).into_bytes(),
        other => bail!(
            "{}: a chart is written as .svg, .png or .csv, not as {other:?}",
            path.display()
        ),
    };
    fs::write(path, bytes).with_context(|| format!("writing {}", path.display()))
}

fn extension(path: &Path) -> &str {
    path.extension()
        .and_then(|extension| extension.to_str())
        .unwrap_or_default()
}

/// Of the terminal, or of one of the usual size where there is none.
fn screen() -> Screen {
    let stdout = io::stdout();
    let terminal = stdout.is_terminal();
    let size = rustix::termios::tcgetwinsize(&stdout)
        .ok()
        .filter(|size| size.ws_col > 0);
    let columns = || std::env::var("COLUMNS").ok()?.parse::<u16>().ok();
    let columns = size.map(|size| size.ws_col).or_else(columns).unwrap_or(100);
    let rows = size.map_or(24, |size| size.ws_row);
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    Screen {
        columns: usize::from(columns.max(30)),
        rows: usize::from((rows / 2).clamp(8, 24)),
        colored: terminal && !plain,
    }
}

/// A picture is this large.
pub(crate) const PICTURE: Size = Size {
    width: 900,
    height: 360,
};
