//! The filesystem collector against a FUSE file system whose server is there and never answers, as a dead NFS server
//! is. Needs root and /dev/fuse; without them it says so and passes, and the same is tested with a double beside the
//! collector.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "all of this is test")]

use std::ffi::CString;
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use exporter_toolkit::collector::Collector;
use exporter_toolkit::flags::Flags;
use exposition::{Encoder, Format, assemble};
use node_exporter::{Context, FLAGS, SPECS};
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};
use tempfile::TempDir;

/// Enough for anything that should happen at once, on a machine that is busy.
const AT_ONCE: Duration = Duration::from_millis(400);

/// A host with two mounts, one of which is a real mount that hangs.
struct Host {
    directory: TempDir,
    /// The server's end of the file system; closing it ends all waiting.
    server: Option<File>,
}

impl Host {
    fn new() -> io::Result<Self> {
        let directory = tempfile::tempdir()?;
        let place = |name: &str| directory.path().join(name);
        for name in ["good", "hung", "proc/1"] {
            std::fs::create_dir_all(place(name))?;
        }
        let mountinfo = format!(
            "1 0 0:1 / {} rw - tmpfs good rw\n2 0 0:2 / {} rw - fuse.hung hung rw\n3 0 0:1 / {} rw - tmpfs good rw\n",
            place("good").display(),
            place("hung").display(),
            place("proc").display(),
        );
        std::fs::write(place("proc/1/mountinfo"), mountinfo)?;
        let server = File::options().read(true).write(true).open("/dev/fuse")?;
        let options = format!("fd={},rootmode=40000,user_id=0,group_id=0", server.as_raw_fd());
        let options = CString::new(options)?;
        mount(
            "hung",
            place("hung"),
            "fuse.hung",
            MountFlags::empty(),
            Some(options.as_c_str()),
        )?;
        Ok(Self {
            directory,
            server: Some(server),
        })
    }

    fn collector(&self, mount_timeout: &str) -> Box<dyn Collector> {
        let spec = SPECS.iter().find(|spec| spec.name == "filesystem").unwrap();
        let args = [
            format!("--path.procfs={}", self.directory.path().join("proc").display()),
            format!("--collector.filesystem.mount-timeout={mount_timeout}"),
        ];
        let flags = Flags::parse("x", "", [FLAGS, spec.flags], args.map(Into::into)).unwrap();
        (spec.build)(&Context::new(flags).unwrap()).unwrap()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.server = None;
        if let Err(error) = unmount(self.directory.path().join("hung"), UnmountFlags::DETACH) {
            eprintln!("unmounting the hung file system: {error}");
        }
    }
}

/// The samples, and how long they took.
fn scrape(collector: &mut dyn Collector, deadline: Duration) -> (String, Duration) {
    let (mut out, mut text) = (Encoder::new(Format::Text004), Vec::new());
    let began = Instant::now();
    collector.collect_before(&mut out, began + deadline).unwrap();
    let took = began.elapsed();
    assert!(assemble([&out], &mut text).is_empty());
    (String::from_utf8(text).unwrap(), took)
}

/// What stands in `device_error` of the hung mount, and how many mounts told their size.
fn shown(text: &str) -> (&str, usize) {
    let of_hung = "node_filesystem_device_error{device=\"hung\",device_error=\"";
    let error = text
        .lines()
        .find_map(|line| line.strip_prefix(of_hung)?.split('"').next());
    let sizes = text
        .lines()
        .filter(|line| line.starts_with("node_filesystem_size_bytes{"));
    (error.unwrap_or("no such series"), sizes.count())
}

fn asking_threads() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap().flatten();
    let names = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("comm")).ok());
    names.filter(|name| name.trim() == "filesystem").count()
}

#[test]
fn a_file_system_that_never_answers_holds_up_nothing() {
    let mut host = match Host::new() {
        Ok(host) => host,
        Err(error) => return eprintln!("not tested, no FUSE mount can be made here: {error}"),
    };
    let mut collector = host.collector("600ms");
    let minute = Duration::from_secs(60);

    let (text, took) = scrape(collector.as_mut(), minute);
    assert_eq!(shown(&text), ("mountpoint timeout", 2));
    assert!((Duration::from_millis(600)..minute).contains(&took), "{took:?}");
    for _ in 0..3 {
        let (text, took) = scrape(collector.as_mut(), minute);
        assert_eq!(shown(&text), ("mountpoint timeout", 2));
        assert!(took < AT_ONCE, "a mount that is stuck was waited for: {took:?}");
    }
    assert_eq!(asking_threads(), 1, "only the one that is stuck");

    let mut hurried = host.collector("1h");
    let (text, took) = scrape(hurried.as_mut(), Duration::from_millis(700));
    assert_eq!(shown(&text), ("mountpoint timeout", 2));
    assert!(
        took < Duration::from_millis(700) + AT_ONCE,
        "the deadline passed: {took:?}"
    );
    drop(hurried);

    host.server = None;
    let began = Instant::now();
    loop {
        let (text, _) = scrape(collector.as_mut(), minute);
        match shown(&text) {
            ("transport endpoint is not connected", 2) => break,
            ("mountpoint timeout", 2) if began.elapsed() < minute => std::thread::yield_now(),
            other => panic!("after the server went away: {other:?}"),
        }
    }
    while asking_threads() > 1 {
        assert!(began.elapsed() < minute, "threads stay behind");
        std::thread::yield_now();
    }
}
