//! Containers: memory, CPU, restarts, health, their end, and Docker out of reach.

use std::{fs, os::unix::fs::symlink, sync::Arc, thread, time::Duration};

use anyhow::{Context, Result};
use serde_json::json;

use crate::simulate::{
    containers::run,
    need::Need,
    scenario::{Expected, Scenario, Stage},
    undo::Undo,
    world::World,
};

/// What they have in common.
const fn container(
    name: &'static str,
    what: &'static str,
    alerts: &'static [Expected],
    begin: fn(&Arc<World>, &mut Undo) -> Result<()>,
) -> Scenario {
    Scenario {
        needs: &[Need::Docker],
        ..Scenario::usual(name, what, alerts, begin)
    }
}

const fn named(alert: &'static str, labels: &'static [(&'static str, &'static str)]) -> Expected {
    Expected { alert, labels }
}

pub(super) const SCENARIOS: [Scenario; 7] = [
    container(
        "container-memory",
        "a container takes 30 of the 32 MiB that it may have",
        &[named("ContainerMemoryNearLimit", &[("name", "lab-drill-memory")])],
        |world, undo| {
            let words = ["eat", "31457280", "sleep"];
            run(world, undo, "memory", &words, &limited(MEMORY)).map(drop)
        },
    ),
    container(
        "container-oom",
        "a container takes more memory than it may have, and is killed",
        &[named("ContainerOomKilled", &[("name", "lab-drill-oom")])],
        run_out,
    ),
    container(
        "container-throttled",
        "a container wants a CPU and may have a twentieth",
        &[named("ContainerCpuThrottled", &[("name", "lab-drill-throttled")])],
        |world, undo| {
            let quota = json!({"HostConfig": {"CpuPeriod": 100_000, "CpuQuota": 5_000}});
            run(world, undo, "throttled", &["burn"], &quota).map(drop)
        },
    ),
    container(
        "container-restarts",
        "a container ends soon after each start, also by hand: Docker's pauses grow",
        &[named("ContainerRestartLoop", &[("name", "lab-drill-restarts")])],
        end_again_and_again,
    ),
    container(
        "container-unhealthy",
        "a container does not pass its health check",
        &[named("ContainerUnhealthy", &[("name", "lab-drill-unhealthy")])],
        |world, undo| {
            let second = 1_000_000_000_u64;
            let check = json!({"Healthcheck": {"Test": ["CMD", "/work", "exit", "1"], "Interval": second, "Timeout": second, "Retries": 1}});
            run(world, undo, "unhealthy", &["sleep"], &check).map(drop)
        },
    ),
    container(
        "container-gone",
        "a container runs for more than an hour of the drill, and ends",
        &[named("ContainerGone", &[("name", "lab-drill-gone")])],
        leave,
    ),
    Scenario {
        stage: Stage::Alone,
        needs: &[Need::Docker, Need::Copy, Need::Way],
        ..container(
            "docker-gone",
            "the way to Docker's socket is cut",
            &[Expected::any("ContainerExporterFailing")],
            cut_off,
        )
    },
];

/// Little, and yet more than a program needs.
const MEMORY: u64 = 32 * 1024 * 1024;

fn limited(bytes: u64) -> serde_json::Value {
    json!({"HostConfig": {"Memory": bytes, "MemorySwap": bytes}})
}

/// For the exporter to hear of it.
const HEARD: Duration = Duration::from_secs(2);

/// It is given enough and started again before it is removed: of one that was killed and removed container-exporter tells for
/// another five minutes, so that a scrape sees why.
fn run_out(world: &Arc<World>, undo: &mut Undo) -> Result<()> {
    let words = ["wait", "3000", "eat", "67108864", "sleep"];
    let id = run(world, undo, "oom", &words, &limited(MEMORY))?;
    let docker = world.docker();
    undo.by(move || {
        let enough = json!({"Memory": 4 * MEMORY, "MemorySwap": 4 * MEMORY});
        docker.post(&format!("/containers/{id}/update"), &enough)?;
        docker.order(&format!("/containers/{id}/start"))?;
        thread::park_timeout(HEARD);
        Ok(())
    });
    Ok(())
}

/// Docker waits twice as long each time, in a drill as really; whoever starts it by hand begins anew.
const BY_HAND: Duration = Duration::from_secs(4);

fn end_again_and_again(world: &Arc<World>, undo: &mut Undo) -> Result<()> {
    let always = json!({"HostConfig": {"RestartPolicy": {"Name": "always"}}});
    let id = run(world, undo, "restarts", &["wait", "500", "exit", "1"], &always)?;
    if world.factor() == 1 {
        return Ok(());
    }
    let docker = world.docker();
    undo.keep(BY_HAND, move || {
        // One that is between two runs is started all the same.
        docker.order(&format!("/containers/{id}/restart?t=0")).ok();
    })
}

/// The rule looks back so far.
const ITS_PAST: Duration = Duration::from_secs(82 * 60);

/// Its end is what is wrong, and cannot be undone; the alert clears by itself.
fn leave(world: &Arc<World>, _: &mut Undo) -> Result<()> {
    let mut container = Undo::default();
    run(world, &mut container, "gone", &["sleep"], &json!({}))?;
    world.rest(ITS_PAST / world.factor())?;
    container.now()
}

fn cut_off(world: &Arc<World>, undo: &mut Undo) -> Result<()> {
    let way = world.docker_socket();
    let socket = fs::read_link(&way).with_context(|| format!("following {}", way.display()))?;
    fs::remove_file(&way).with_context(|| format!("removing {}", way.display()))?;
    undo.by(move || symlink(&socket, &way).with_context(|| format!("linking {}", way.display())));
    Ok(())
}
