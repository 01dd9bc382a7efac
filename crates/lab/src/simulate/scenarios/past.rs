//! A target that had fewer series a day ago: its past is written into Prometheus' files, since a drill has none.

use std::{
    fmt::Write as _,
    fs,
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, SystemTime},
};

use anyhow::{Context, Result, ensure};

use crate::simulate::{server::Endpoint, undo::Undo, world::World};

/// What Prometheus calls the target.
pub(super) const INSTANCE: &str = "lab-drill-doubled";
const JOB: &str = "node";
/// More than the rule's least, and more than twice what there was.
const SAMPLES: u32 = 6000;
const BEFORE: u32 = 2000;
/// The rule looks back so far.
const A_DAY: Duration = Duration::from_secs(24 * 3600);
/// Around that, for as long as the rule waits, and Prometheus takes to find what was written.
const AROUND: Duration = Duration::from_secs(600);
const STEP: Duration = Duration::from_secs(15);

/// Serves many samples, where a day of the drill ago there were a third of them.
pub(super) fn double(world: &Arc<World>, undo: &mut Undo) -> Result<()> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let then = now.context("a time after 1970")? - A_DAY / world.factor();
    write(&world.past()?, &world.folder().join("prometheus"), &past(then))?;
    let samples: String = (0..SAMPLES)
        .map(|number| format!("lab_drill_sample{{n=\"{number}\"}} 1\n"))
        .collect();
    let address = Endpoint::plain(&samples).serve(undo, world.here()?)?;
    let lines = format!("- targets: [\"{address}\"]\n  labels: {{instance: {INSTANCE}}}\n");
    world.scrape(undo, "node.yml", lines)
}

/// What Prometheus would have written about the target around this time after 1970, as OpenMetrics.
fn past(then: Duration) -> String {
    let mut text = "# TYPE scrape_samples_post_metric_relabeling gauge\n".to_owned();
    let mut at = then.saturating_sub(AROUND);
    while at < then + AROUND {
        let seconds = at.as_secs();
        writeln!(
            text,
            "scrape_samples_post_metric_relabeling{{instance=\"{INSTANCE}\",job=\"{JOB}\"}} {BEFORE} {seconds}"
        )
        .expect("a string takes all");
        at += STEP;
    }
    text + "# EOF\n"
}

/// As a block, which Prometheus finds within a minute. It stays there, as the past does.
#[expect(clippy::disallowed_methods, reason = "to run other programs is what lab is for")]
fn write(promtool: &Path, data: &Path, past: &str) -> Result<()> {
    let folder = tempfile::tempdir_in(data).with_context(|| format!("making a folder in {}", data.display()))?;
    let (text, blocks) = (folder.path().join("past"), folder.path().join("blocks"));
    fs::write(&text, past).context("writing a past")?;
    let output = Command::new(promtool)
        .args(["tsdb", "create-blocks-from", "openmetrics"])
        .args([&text, &blocks])
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("starting {}", promtool.display()))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "writing a past: {}", said.trim());
    for entry in fs::read_dir(&blocks).context("listing blocks")? {
        let entry = entry.context("listing blocks")?;
        fs::rename(entry.path(), data.join(entry.file_name())).context("moving a block to Prometheus")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_past_is_twenty_minutes_around_then() {
        let text = past(Duration::from_secs(100_000));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 82);
        assert_eq!(
            lines[1],
            "scrape_samples_post_metric_relabeling{instance=\"lab-drill-doubled\",job=\"node\"} 2000 99400"
        );
        assert_eq!(lines[81], "# EOF");
    }
}
