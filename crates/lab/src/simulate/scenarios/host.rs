//! The host: its CPUs and its disks.

use std::{
    fs::{self, File},
    hint,
    io::Write,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use anyhow::{Context, Result};
use rustix::{
    mount::{MountFlags, UnmountFlags, mount, unmount},
    process::setpriority_process,
};

use super::memory;
use crate::simulate::{
    need::Need,
    scenario::{Expected, Scenario, Stage, Undone},
    undo::Undo,
    world::World,
};

pub(super) const SCENARIOS: [Scenario; 4] = [
    Scenario {
        name: "busy-cpus",
        what: "a thread for each CPU burns what nobody else wants",
        alerts: &[Expected::any("HostHighCpu")],
        stage: Stage::Together,
        lane: "cpu",
        needs: &[],
        undone: Undone::Told,
        begin: burn,
    },
    Scenario {
        name: "full-disk",
        what: "a filesystem of 16 MiB fills up",
        // The machine's own disks may fill up, too.
        alerts: &[Expected {
            alert: "HostDiskFillsIn24h",
            labels: &[("device", DEVICE)],
        }],
        stage: Stage::Together,
        lane: "disk",
        needs: &[Need::Root],
        undone: Undone::Told,
        begin: fill,
    },
    Scenario {
        needs: &[Need::Copy, Need::Program],
        ..Scenario::usual(
            "host-memory",
            "a node-exporter reads that a host has a twentieth of its memory left",
            &[Expected {
                alert: "HostHighMemory",
                labels: &[("instance", memory::INSTANCE)],
            }],
            memory::nearly_all_in_use,
        )
    },
    Scenario {
        stage: Stage::Ends,
        ..Scenario::usual(
            "exporter-gone",
            "node-exporter ends",
            &[Expected {
                alert: "TargetDown",
                labels: &[("job", "node")],
            }],
            |world, undo| world.order(undo, "stop node-exporter"),
        )
    },
];

/// The least urgent, so that everything else goes on.
const NICE: i32 = 19;

fn burn(_: &Arc<World>, undo: &mut Undo) -> Result<()> {
    let stop = Arc::new(AtomicBool::new(false));
    let cpus = thread::available_parallelism().context("counting CPUs")?.get();
    for _ in 0..cpus {
        let stop = Arc::clone(&stop);
        let burn = move || {
            // Of this thread alone. Refused, it is only a rude burner.
            setpriority_process(None, NICE).ok();
            while !stop.load(Ordering::Relaxed) {
                hint::spin_loop();
            }
        };
        let thread = thread::Builder::new().name("burner".to_owned()).spawn(burn);
        let thread = thread.context("starting a thread")?;
        undo.by(move || thread.join().map_err(|_| anyhow::anyhow!("a burner has failed")));
    }
    undo.by(move || {
        stop.store(true, Ordering::Relaxed);
        Ok(())
    });
    Ok(())
}

/// What node-exporter calls it.
const DEVICE: &str = "lab-drill";
const DISK: usize = 16 * 1024 * 1024;
/// Nearly all of it at once, and the rest bit by bit.
const AT_ONCE: usize = DISK / 100 * 85;
const BIT: usize = 16 * 1024;

fn fill(world: &Arc<World>, undo: &mut Undo) -> Result<()> {
    let folder = world.folder().join("full-disk");
    // One that a killed drill has left behind.
    unmount(folder.as_path(), UnmountFlags::DETACH).ok();
    fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
    let options = format!("size={DISK}");
    let options = std::ffi::CString::new(options).context("digits have no zero byte")?;
    mount(
        DEVICE,
        folder.as_path(),
        "tmpfs",
        MountFlags::empty(),
        options.as_c_str(),
    )
    .context("mounting a tmpfs")?;
    let mounted = folder.clone();
    undo.by(move || {
        unmount(mounted.as_path(), UnmountFlags::DETACH).context("unmounting")?;
        fs::remove_dir(&mounted).with_context(|| format!("removing {}", mounted.display()))
    });
    let mut file = File::create(folder.join("file")).context("creating a file")?;
    file.write_all(&vec![b'x'; AT_ONCE]).context("filling a disk")?;
    undo.keep(Duration::from_secs(1), move || {
        // Until nothing fits any more.
        drop(file.write_all(&[b'x'; BIT]));
    })
}
