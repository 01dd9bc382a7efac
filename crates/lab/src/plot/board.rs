//! A dashboard as one file.

use std::{fs, path::Path, process::ExitCode};

use ::dashboards::{
    board::{Asker, Request},
    model::Dashboard,
    viewer::{Shelf, report},
};
use anyhow::{Context, Result, anyhow, bail};

use super::options::Options;

/// # Errors
/// There is no such dashboard, or the file cannot be written.
pub(super) async fn write(name: &str, options: &Options, asker: &Asker) -> Result<ExitCode> {
    let Some(output) = options
        .output
        .as_deref()
        .filter(|path| path.extension().is_some_and(|end| end == "html"))
    else {
        bail!("a dashboard is written as .html: name one with -o FILE.html");
    };
    let board = find(name, options)?;
    // Nobody answers at all: that is an error, not a report full of it.
    asker.client.query("vector(1)", None).await?;
    let millis = |seconds: f64| format!("{:.0}", seconds * 1000.0);
    let (from, to) = match options.until {
        Some(until) => (millis(until - options.last), millis(until)),
        None => (format!("now-{}s", options.last), "now".to_owned()),
    };
    let mut request = Request {
        from,
        to,
        width: options.size.width,
        ..Request::default()
    };
    for (name, value) in &options.variables {
        request.variables.entry(name.clone()).or_default().push(value.clone());
    }
    // A file cannot ask later: everything is open.
    request.open = board
        .panels
        .iter()
        .filter(|panel| panel.collapsed)
        .map(|panel| panel.id)
        .collect();
    let text = report(&board, asker, &request).await;
    fs::write(output, text).with_context(|| format!("writing {}", output.display()))?;
    Ok(ExitCode::SUCCESS)
}

fn find(name: &str, options: &Options) -> Result<Dashboard> {
    let path = Path::new(name);
    if path.is_file() {
        let text = fs::read_to_string(path).with_context(|| format!("reading {name}"))?;
        return Dashboard::parse(&text).with_context(|| format!("reading {name}"));
    }
    let dir = options.dir.as_deref().context("--dir has no value")?;
    Shelf::new(dir).find(name).map_err(|error| anyhow!("{error}"))
}
