//! Things that never answer: a file system whose server is there and says nothing, as a dead NFS server does, and a
//! D-Bus that takes connections and says nothing.

use std::fs::File;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::client::SCRAPE_WITHIN_3_S;
use crate::exporter::{Exporter, assert_in_time, program};

const SCRAPES: u32 = 6;

/// The scraper's 3 s, on a machine that is busy.
const IN_TIME: Duration = Duration::from_millis(3500);

/// Mounts a file system whose server is standard input, where nobody else sees it, and becomes the program.
const MOUNT: &str =
    "mount -i -t fuse.hung -o fd=0,rootmode=40000,user_id=0,group_id=0 hung \"$1\" && shift && exec \"$@\" </dev/null";

fn hung_mount(place: &Path, server: &File) -> Command {
    let mut command = Command::new("unshare");
    command
        .args(["--mount", "sh", "-c", MOUNT, "sh"])
        .arg(place)
        .arg(program());
    command.stdin(Stdio::from(server.try_clone().unwrap()));
    command
}

#[test]
#[ignore = "slow: make test-faults"]
fn a_hung_mount_holds_up_nothing() {
    if !rustix::process::geteuid().is_root() {
        return println!("hung mount: not tested, only root may make it");
    }
    let Ok(server) = File::options().read(true).write(true).open("/dev/fuse") else {
        return println!("hung mount: not tested, there is no /dev/fuse here");
    };
    let root = tempfile::tempdir().unwrap();
    let place = root.path().join("hung");
    for dir in [&place, &root.path().join("proc/1")] {
        std::fs::create_dir_all(dir).unwrap();
    }
    let mountinfo = format!(
        "1 0 0:1 / / rw - tmpfs good rw\n2 0 0:2 / {} rw - fuse.hung hung rw\n",
        place.display()
    );
    std::fs::write(root.path().join("proc/1/mountinfo"), mountinfo).unwrap();
    let procfs = format!("--path.procfs={}", root.path().join("proc").display());

    let exporter = Exporter::spawn(hung_mount(&place, &server), [procfs]);
    let mut slowest = Duration::ZERO;
    let mut at_once = Duration::MAX;
    for _ in 0..SCRAPES {
        let (answer, took) = exporter.ask(SCRAPE_WITHIN_3_S);
        let text = answer.metrics();
        assert!(text.contains("\nnode_uname_info{"), "{text}");
        assert!(text.contains("node_filesystem_size_bytes{device=\"good\""), "{text}");
        assert!(
            text.contains("node_filesystem_device_error{device=\"hung\",device_error=\"mountpoint timeout\""),
            "{text}"
        );
        slowest = slowest.max(assert_in_time((answer, took), IN_TIME));
        at_once = at_once.min(took);
    }
    // The leader, its follower, and the one that waits for the file system.
    let hung = exporter.held();
    assert!(hung.threads <= 3, "{hung:?}");
    // The server goes away, and so nothing is left to wait for.
    drop(server);
    let gone = "device_error=\"transport endpoint is not connected\"";
    exporter.until(|_| exporter.ask(SCRAPE_WITHIN_3_S).0.metrics().contains(gone));
    println!(
        "hung mount: {SCRAPES} scrapes, the slowest {slowest:.2?}, the fastest {at_once:.2?}; then {}",
        exporter.nothing_leaked(&hung)
    );
}

#[test]
#[ignore = "slow: make test-faults"]
fn a_d_bus_that_never_answers_holds_up_nothing() {
    let help = Command::new(program()).arg("--help").output().unwrap();
    if !String::from_utf8_lossy(&help.stdout).contains("--collector.systemd") {
        return println!("silent D-Bus: not tested, this program has no systemd collector");
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bus");
    let bus = UnixListener::bind(&path).unwrap();
    let mut command = Command::new(program());
    command.env("DBUS_SYSTEM_BUS_ADDRESS", format!("unix:path={}", path.display()));
    let exporter = Exporter::spawn(command, ["--collector.systemd"]);
    bus.set_nonblocking(true).unwrap();
    let mut taken: Vec<UnixStream> = Vec::new();
    let mut slowest = Duration::ZERO;
    for _ in 0..SCRAPES {
        let scrape = exporter.ask(SCRAPE_WITHIN_3_S);
        taken.extend(std::iter::from_fn(|| bus.accept().ok()).map(|(stream, _)| stream));
        let text = scrape.0.metrics();
        assert!(text.contains("\nnode_load1 "), "{text}");
        assert!(
            text.contains("node_scrape_collector_success{collector=\"systemd\"} 0\n"),
            "{text}"
        );
        slowest = slowest.max(assert_in_time(scrape, IN_TIME));
    }
    assert!(!taken.is_empty(), "the collector asked another bus");
    let silent = exporter.held();
    // The bus goes away.
    let asked = taken.len();
    drop((taken, bus));
    std::fs::remove_file(&path).unwrap();
    let rest = exporter.at_rest();
    println!(
        "silent D-Bus: {SCRAPES} scrapes, the slowest {slowest:.2?}; {asked} connections to it, {} threads while it was silent; {}",
        silent.threads,
        exporter.nothing_leaked(&rest)
    );
    // The leader, its follower, and one that may wait for the bus to come back.
    assert!(rest.threads <= 3, "{rest:?}");
}
