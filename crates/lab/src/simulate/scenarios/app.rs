//! The sample service: errors, latency, its simulated CPU.

use std::{
    env,
    net::SocketAddr,
    process::{Command, Stdio},
};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::simulate::{
    http,
    need::Need,
    scenario::{Expected, Scenario},
    undo::Undo,
    world::World,
};

pub(super) const SCENARIOS: [Scenario; 4] = [
    Scenario::usual(
        "app-errors",
        "demo-app fails half of its requests",
        &[
            Expected::any("AppHighErrorRatio"),
            // Of its four windows, those that wake somebody.
            Expected {
                alert: "AppErrorBudgetBurn",
                labels: &[("severity", "critical")],
            },
        ],
        |world, undo| {
            loaded(world, undo)?;
            set(world, undo, "error_rate", "0.5")
        },
    ),
    Scenario::usual(
        "app-latency",
        "demo-app takes 700 ms to answer",
        &[Expected::any("AppHighLatency")],
        |world, undo| {
            loaded(world, undo)?;
            set(world, undo, "latency_mean", "700ms")
        },
    ),
    Scenario::usual(
        "app-cpu",
        "the simulated CPU of demo-app is busy",
        &[Expected::any("LabHighCpu")],
        |world, undo| set(world, undo, "cpu_mode", "high"),
    ),
    Scenario {
        needs: &[Need::Room],
        ..Scenario::usual(
            "app-memory",
            "demo-app takes 300 MiB for nothing",
            &[Expected::any("AppHighMemory")],
            |world, undo| set(world, undo, "ballast_mib", "300"),
        )
    },
];

const SETTINGS: &str = "/admin/settings";

/// Changes a setting until it is undone.
fn set(world: &World, undo: &mut Undo, name: &'static str, value: &str) -> Result<()> {
    let address = world.address("demo-app")?;
    let settings = http::get(address, SETTINGS)?;
    let before = match settings
        .get(name)
        .with_context(|| format!("demo-app has no setting {name}"))?
    {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    put(address, name, value)?;
    undo.by(move || put(address, name, &before));
    Ok(())
}

fn put(address: SocketAddr, name: &str, value: &str) -> Result<()> {
    http::post(address, SETTINGS, &format!("{name}={value}"))
}

/// Sends requests until it is undone; by a process of its own, which ends by itself if nobody is left to end it.
#[expect(clippy::disallowed_methods, reason = "it runs itself")]
fn loaded(world: &World, undo: &mut Undo) -> Result<()> {
    let itself = env::current_exe().context("finding lab itself")?;
    let url = format!("http://{}", world.address("demo-app")?);
    let child = Command::new(itself)
        .args(["load", "--rate=20", "--concurrency=50", "--duration=1h", "--url", &url])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("starting lab load")?;
    undo.by_ending(child, "lab load");
    Ok(())
}
