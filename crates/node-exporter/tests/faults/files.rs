//! Files of /sys that cannot be read, and files and folders that vanish and come back while scrapes run.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::client::SCRAPE;
use crate::exporter::{Exporter, program};

const LASTS: Duration = Duration::from_secs(8);

/// Devices that come to harm, beside one that does not.
const DEVICES: u32 = 8;

const ATTRIBUTES: [(&str, &str); 8] = [
    ("address", "02:00:00:00:00:01"),
    ("carrier", "1"),
    ("flags", "0x1003"),
    ("ifindex", "2"),
    ("mtu", "1500"),
    ("operstate", "up"),
    ("speed", "1000"),
    ("tx_queue_len", "1000"),
];

const HARM: [fn(&Path) -> io::Result<()>; 6] = [
    |file| fs::remove_file(file),
    |file| fs::set_permissions(file, Permissions::from_mode(0o000)),
    |file| fs::remove_file(file).and_then(|()| fs::create_dir(file)),
    // What a driver answers whose hardware is broken: to read memory at address 0 is EIO.
    |file| fs::remove_file(file).and_then(|()| symlink("/proc/self/mem", file)),
    |file| fs::write(file, b"\xff\xfe odd \0"),
    |file| fs::remove_dir_all(file.parent().unwrap()),
];

fn make_device(dir: &Path) -> io::Result<()> {
    if dir.exists() {
        fs::remove_dir_all(dir)?;
    }
    fs::create_dir_all(dir)?;
    ATTRIBUTES
        .iter()
        .try_for_each(|(file, text)| fs::write(dir.join(file), format!("{text}\n")))
}

fn make_cpus(sys: &Path) -> io::Result<()> {
    for cpu in 0..4 {
        let dir = sys.join(format!("devices/system/cpu/cpu{cpu}"));
        for (file, text) in [
            ("topology/core_id", cpu.to_string()),
            ("topology/physical_package_id", "0".to_owned()),
            ("thermal_throttle/core_throttle_count", "5".to_owned()),
            ("thermal_throttle/package_throttle_count", "6".to_owned()),
        ] {
            let path = dir.join(file);
            fs::create_dir_all(path.parent().unwrap())?;
            fs::write(path, text + "\n")?;
        }
    }
    fs::write(sys.join("devices/system/cpu/online"), "0-3\n")
}

/// Harms one file after the other, and heals what was harmed before, until told to stop. How often it did.
fn vandalise(sys: &Path, stop: &AtomicBool) -> u32 {
    let mut count = 0;
    while !stop.load(Ordering::Relaxed) {
        let device = sys.join(format!("class/net/eth{}", count % DEVICES));
        let (attribute, _) = ATTRIBUTES[(count / DEVICES) as usize % ATTRIBUTES.len()];
        HARM[(count / 3) as usize % HARM.len()](&device.join(attribute)).unwrap();
        let throttle = sys.join("devices/system/cpu/cpu1/thermal_throttle");
        fs::remove_dir_all(&throttle).unwrap();
        std::thread::yield_now();
        make_device(&device).unwrap();
        make_cpus(sys).unwrap();
        count += 1;
    }
    count
}

/// The program as a user to whom permissions mean something: root reads everything.
fn as_nobody(dir: &Path) -> Command {
    if !rustix::process::geteuid().is_root() {
        return Command::new(program());
    }
    // Where the program lies, that user may not be let in.
    let copy: PathBuf = dir.join("node-exporter");
    fs::copy(program(), &copy).unwrap();
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
        .arg(copy);
    command
}

#[test]
#[ignore = "slow: make test-faults"]
fn files_that_vanish_or_cannot_be_read_are_missing_alone() {
    let root = tempfile::tempdir().unwrap();
    fs::set_permissions(root.path(), Permissions::from_mode(0o755)).unwrap();
    let sys = root.path().join("sys");
    make_cpus(&sys).unwrap();
    for number in 0..DEVICES {
        make_device(&sys.join(format!("class/net/eth{number}"))).unwrap();
    }
    make_device(&sys.join("class/net/safe")).unwrap();
    let mut command = as_nobody(root.path());
    command.stdin(Stdio::null());
    let exporter = Exporter::spawn(command, [format!("--path.sysfs={}", sys.display())]);
    let before = exporter.at_rest();
    let whole = exporter.ask(SCRAPE).0.metrics().matches("device=\"eth").count();

    let stop = AtomicBool::new(false);
    let (mut scrapes, mut harmed) = (0, 0);
    let harms = std::thread::scope(|scope| {
        let vandal = scope.spawn(|| vandalise(&sys, &stop));
        let mut connection = exporter.connect();
        let began = Instant::now();
        while began.elapsed() < LASTS && !vandal.is_finished() {
            let answer = connection.ask(SCRAPE).unwrap();
            let text = answer.metrics();
            for sample in [
                "node_network_mtu_bytes{device=\"safe\"} 1500\n",
                "node_network_up{device=\"safe\"} 1\n",
                "node_cpu_seconds_total{cpu=\"0\",mode=\"idle\"}",
                "node_load1 ",
            ] {
                assert!(text.contains(sample), "{sample} is missing: {text}");
            }
            scrapes += 1;
            harmed += u32::from(text.matches("device=\"eth").count() < whole);
        }
        stop.store(true, Ordering::Relaxed);
        vandal.join().unwrap()
    });
    assert!(harmed > 0, "no scrape met any harm");
    let healed = exporter.ask(SCRAPE).0;
    assert_eq!(healed.metrics().matches("device=\"eth").count(), whole);
    println!(
        "vanishing and unreadable files: {harms} harms, {scrapes} scrapes, {harmed} of which missed something; {}",
        exporter.nothing_leaked(&before)
    );
}
