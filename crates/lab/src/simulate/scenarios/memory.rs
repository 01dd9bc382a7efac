//! A host whose memory is nearly all in use, without taking it: a node-exporter of the drill's own reads that it is so.

use std::{
    fs,
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};

use crate::simulate::{undo::Undo, world::World};

/// What Prometheus calls it.
pub(super) const INSTANCE: &str = "lab-drill-memory";
const LISTENS_WITHIN: Duration = Duration::from_secs(10);

/// Starts it as a target until that is undone.
pub(super) fn nearly_all_in_use(world: &Arc<World>, undo: &mut Undo) -> Result<()> {
    let folder = world.folder().join("host-memory");
    fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
    let left = folder.clone();
    undo.by(move || fs::remove_dir_all(&left).with_context(|| format!("removing {}", left.display())));
    let meminfo = fs::read_to_string("/proc/meminfo").context("reading /proc/meminfo")?;
    let path = folder.join("meminfo");
    fs::write(&path, in_use(&meminfo)?).with_context(|| format!("writing {}", path.display()))?;
    let address = start(&world.program("node-exporter")?, &folder, undo)?;
    let lines = format!("- targets: [\"{address}\"]\n  labels: {{instance: {INSTANCE}}}\n");
    world.scrape(undo, "node.yml", lines)
}

/// The same, but for a twentieth that is left.
fn in_use(meminfo: &str) -> Result<String> {
    let total = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let total = total.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
    let available = total.context("/proc/meminfo has no MemTotal")? / 20;
    let line = |line: &str| match line.starts_with("MemAvailable:") {
        true => format!("MemAvailable:   {available} kB\n"),
        false => format!("{line}\n"),
    };
    Ok(meminfo.lines().map(line).collect())
}

#[expect(clippy::disallowed_methods, reason = "to run other programs is what lab is for")]
fn start(program: &Path, procfs: &Path, undo: &mut Undo) -> Result<String> {
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
    let address = port.context("finding a port")?;
    // It ends with this thread, however that ends.
    let child = Command::new("setpriv")
        .args(["--pdeathsig", "TERM"])
        .arg(program)
        .args(["--collector.disable-defaults", "--collector.meminfo"])
        .arg(format!("--path.procfs={}", procfs.display()))
        .arg(format!("--web.listen-address={address}"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("starting another node-exporter")?;
    undo.by_ending(child, "a node-exporter");
    let deadline = Instant::now() + LISTENS_WITHIN;
    while TcpStream::connect(address).is_err() {
        ensure!(
            Instant::now() < deadline,
            "another node-exporter does not listen at {address}"
        );
        std::thread::park_timeout(Duration::from_millis(20));
    }
    Ok(address.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_twentieth_is_left_and_all_else_is_as_it_was() {
        let meminfo = "MemTotal:       2000 kB\nMemFree:         900 kB\nMemAvailable:   1500 kB\n";
        let expected = "MemTotal:       2000 kB\nMemFree:         900 kB\nMemAvailable:   100 kB\n";
        assert_eq!(in_use(meminfo).unwrap(), expected);
        assert!(in_use("MemFree: 1 kB\n").is_err());
    }
}
