//! A machine with containers, made of files: the frozen host of container-exporter's own tests, with a clock that goes.

#[allow(dead_code, clippy::unwrap_used, reason = "shared with container-exporter's tests")]
#[path = "../../../../container-exporter/tests/docker/scripted.rs"]
mod scripted;

use std::{
    fs,
    io::Write,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use self::scripted::Scripted;
use crate::harness::built;

pub(super) struct FrozenHost {
    program: String,
    docker: String,
    stop: Arc<AtomicBool>,
    clock: Option<JoinHandle<()>>,
    _docker: Scripted,
}

impl FrozenHost {
    /// A copy in `folder`, with a Docker that knows its containers, and a program that reports it.
    pub(super) fn start(folder: &Path) -> Self {
        let root = folder.join("host");
        copy(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join("../container-exporter/fixtures/host-v2"),
            &root,
        );
        let docker = Scripted::start(folder);
        for file in files(&root.join("docker")) {
            let text = fs::read_to_string(file).expect("a container");
            docker.know(serde_json::from_str(&text).expect("as Docker tells it"));
        }
        let stop = Arc::new(AtomicBool::new(false));
        let clock = {
            let (groups, stop) = (root.join("sys/fs/cgroup/system.slice"), Arc::clone(&stop));
            thread::spawn(move || go_on(&groups, &stop))
        };
        Self {
            program: program(folder, &root),
            docker: format!("unix://{}", docker.socket().display()),
            stop,
            clock: Some(clock),
            _docker: docker,
        }
    }

    /// To be started in container-exporter's place.
    pub(super) fn program(&self) -> &str {
        &self.program
    }

    /// Where its Docker listens.
    pub(super) fn docker(&self) -> &str {
        &self.docker
    }
}

impl Drop for FrozenHost {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(clock) = self.clock.take() {
            clock.join().expect("the clock does not panic");
        }
    }
}

fn program(folder: &Path, root: &Path) -> String {
    let real = built("container-exporter", "CONTAINER_EXPORTER");
    let root = root.display();
    let text = format!(
        "#!/bin/sh\nexec {} \"$@\" --podman= --containerd= --crio= --path.procfs={root}/proc --path.sysfs={root}/sys --path.rootfs={root}\n",
        real.display()
    );
    let path = folder.join("container-exporter");
    fs::write(&path, text).expect("a script");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("the script is ours");
    path.display().to_string()
}

/// Containers use CPUs, and are held back now and then.
fn go_on(groups: &Path, stop: &AtomicBool) {
    let stats: Vec<PathBuf> = files(groups)
        .into_iter()
        .map(|group| group.join("cpu.stat"))
        .filter(|file| file.is_file())
        .collect();
    while !stop.load(Ordering::Relaxed) {
        for stat in &stats {
            let text = fs::read_to_string(stat).expect("the copy is ours");
            let later: String = text.lines().map(later).collect();
            // In place and never shorter: the exporter holds it open, and may read at any time.
            let mut file = fs::OpenOptions::new().write(true).open(stat).expect("the copy is ours");
            file.write_all(later.as_bytes()).expect("the copy is ours");
        }
        thread::sleep(Duration::from_millis(500));
    }
}

/// A line of cpu.stat half a second later.
fn later(line: &str) -> String {
    let Some((name, Ok(value))) = line.split_once(' ').map(|(name, value)| (name, value.parse::<u64>())) else {
        return format!("{line}\n");
    };
    let more = match name {
        "usage_usec" => 100_000,
        "user_usec" | "system_usec" => 50_000,
        "nr_periods" => 5,
        "nr_throttled" => 1,
        "throttled_usec" => 10_000,
        _ => 0,
    };
    format!("{name} {}\n", value + more)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder of the host");
    entries.map(|entry| entry.expect("an entry").path()).collect()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("the copy is ours");
    for path in files(from) {
        let to = to.join(path.file_name().expect("a name"));
        if path.is_symlink() {
            symlink(fs::read_link(&path).expect("a link"), &to).expect("the copy is ours");
        } else if path.is_dir() {
            copy(&path, &to);
        } else {
            fs::copy(&path, &to).expect("the copy is ours");
        }
    }
}
