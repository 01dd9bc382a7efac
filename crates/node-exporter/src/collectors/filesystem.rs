//! Room on mounted file systems, from /proc/1/mountinfo and statfs(2). A mount that does not answer in time gets
//! `device_error="mountpoint timeout"` in the same scrape, and the others are complete; those that answer from memory
//! are asked without a thread in between. `--collector.filesystem.stat-workers`
//! is accepted and chooses nothing: another thread asks whenever one stalls.

mod usage;

use std::path::Path;
use std::time::{Duration, Instant};

use exporter_toolkit::collector::{BuildError, CollectError, Collector, CollectorSpec};
use exporter_toolkit::flags::Flag;
use exporter_toolkit::go_duration;
use exposition::{Desc, Encoder};
use rustix::io::Errno;

use self::usage::Usage;
use crate::context::Context;
use crate::filter::Filter;
use crate::mounts::{Mount, Mounts};
use crate::survey::{Patience, Survey};

const POINTS_EXCLUDE: &str = "collector.filesystem.mount-points-exclude";
const POINTS_INCLUDE: &str = "collector.filesystem.mount-points-include";
const POINTS_OLD: &str = "collector.filesystem.ignored-mount-points";
const TYPES_EXCLUDE: &str = "collector.filesystem.fs-types-exclude";
const TYPES_INCLUDE: &str = "collector.filesystem.fs-types-include";
const TYPES_OLD: &str = "collector.filesystem.ignored-fs-types";
const TIMEOUT: &str = "collector.filesystem.mount-timeout";
const WORKERS: &str = "collector.filesystem.stat-workers";

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "filesystem",
    enabled_by_default: true,
    flags: &[
        Flag::value(
            POINTS_EXCLUDE,
            "^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)",
            "Regexp of mount points to exclude for filesystem collector. (mutually exclusive to mount-points-include)",
        ),
        Flag::optional(
            POINTS_INCLUDE,
            "Regexp of mount points to include for filesystem collector. (mutually exclusive to mount-points-exclude)",
        ),
        Flag::optional(POINTS_OLD, "Regexp of mount points to ignore for filesystem collector.").hidden(),
        Flag::value(
            TYPES_EXCLUDE,
            "^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs|iso9660|mqueue|nsfs|\
             overlay|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|erofs|sysfs|tracefs)$",
            "Regexp of filesystem types to exclude for filesystem collector. (mutually exclusive to fs-types-include)",
        ),
        Flag::optional(
            TYPES_INCLUDE,
            "Regexp of filesystem types to include for filesystem collector. (mutually exclusive to fs-types-exclude)",
        ),
        Flag::optional(
            TYPES_OLD,
            "Regexp of filesystem types to ignore for filesystem collector.",
        )
        .hidden(),
        Flag::value(
            TIMEOUT,
            "5s",
            "How long to wait for a mount to respond before marking it as stale.",
        )
        .hidden(),
        Flag::value(WORKERS, "4", "How many stat calls to process simultaneously.").hidden(),
    ],
    build: |context| Ok(Box::new(Filesystem::new(context, usage::ask)?)),
};

const LABELS: &[&str] = &["device", "device_error", "fstype", "mountpoint"];

const DEVICE_ERROR: Desc<'_> = Desc::gauge(
    "node_filesystem_device_error",
    "Whether an error occurred while getting statistics for the given device.",
    LABELS,
);
const READ_ONLY: Desc<'_> = Desc::gauge("node_filesystem_readonly", "Filesystem read-only status.", LABELS);
const MOUNT_INFO: Desc<'_> = Desc::gauge(
    "node_filesystem_mount_info",
    "Filesystem mount information.",
    &["device", "major", "minor", "mountpoint"],
);

/// A family and the part of the answer that it shows.
type Column = (Desc<'static>, fn(&Usage) -> f64);

const COLUMNS: [Column; 6] = [
    (
        Desc::gauge("node_filesystem_size_bytes", "Filesystem size in bytes.", LABELS),
        |usage| usage.size_bytes,
    ),
    (
        Desc::gauge("node_filesystem_free_bytes", "Filesystem free space in bytes.", LABELS),
        |usage| usage.free_bytes,
    ),
    (
        Desc::gauge(
            "node_filesystem_avail_bytes",
            "Filesystem space available to non-root users in bytes.",
            LABELS,
        ),
        |usage| usage.avail_bytes,
    ),
    (
        Desc::gauge("node_filesystem_files", "Filesystem total file nodes.", LABELS),
        |usage| usage.files,
    ),
    (
        Desc::gauge(
            "node_filesystem_files_free",
            "Filesystem total free file nodes.",
            LABELS,
        ),
        |usage| usage.files_free,
    ),
    (
        // 0 wherever it is not macOS, for drop-in's sake.
        Desc::gauge(
            "node_filesystem_purgeable_bytes",
            "Filesystem space available including purgeable space (MacOS specific).",
            LABELS,
        ),
        |_| 0.0,
    ),
];

/// How long one mount may hold up the others.
const STALL: Duration = Duration::from_millis(200);

/// What stands in `device_error` for a mount that does not answer.
const STUCK: &str = "mountpoint timeout";

type Answer = Result<Usage, Errno>;

struct Filesystem {
    mounts: Mounts,
    survey: Survey<Answer>,
    answers: Vec<Option<Answer>>,
    late_answers: Vec<Option<Answer>>,
    mount_timeout: Duration,
}

impl Filesystem {
    /// A collector that asks mounts with `ask`, which may block for ever.
    fn new(context: &Context, ask: impl Fn(&Path) -> Answer + Send + Sync + 'static) -> Result<Self, BuildError> {
        let flags = context.flags();
        let mount_timeout = duration_flag(context, TIMEOUT)?;
        let workers = flags.value(WORKERS);
        if workers.parse::<i64>().is_err() {
            return Err(format!("--{WORKERS}: expected a number, found {workers:?}").into());
        }
        let mount_points = Filter::from_flags_or_old(flags, POINTS_INCLUDE, POINTS_EXCLUDE, POINTS_OLD)?;
        let fs_types = Filter::from_flags_or_old(flags, TYPES_INCLUDE, TYPES_EXCLUDE, TYPES_OLD)?;
        let patience = Patience {
            stall: STALL,
            limit: mount_timeout,
        };
        Ok(Self {
            mounts: Mounts::new(context, mount_points, fs_types),
            survey: Survey::new(SPEC.name, patience, ask),
            answers: Vec::new(),
            late_answers: Vec::new(),
            mount_timeout,
        })
    }
}

impl Collector for Filesystem {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let now = Instant::now();
        let deadline = now.checked_add(self.mount_timeout).unwrap_or(now);
        self.collect_before(out, deadline)
    }

    fn collect_before(&mut self, out: &mut Encoder, deadline: Instant) -> Result<(), CollectError> {
        self.mounts.update()?;
        let paths = self.mounts.paths();
        self.answers.clear();
        self.answers
            .extend(paths.prompt().iter().map(|path| Some(self.survey.ask_here(path))));
        if !paths.others().is_empty() {
            self.survey
                .ask(paths.others(), deadline, &mut self.late_answers)
                .map_err(|error| CollectError::failed(format!("starting a thread for statfs: {error}")))?;
            self.answers.append(&mut self.late_answers);
        }
        encode(self.mounts.all(), &self.answers, out);
        Ok(())
    }
}

fn encode(mounts: &[Mount], answers: &[Option<Answer>], out: &mut Encoder) {
    let answer = |mount: &Mount| answers.get(mount.path).copied().flatten();
    let rows = || mounts.iter().filter(|mount| !mount.repeats);
    let mut family = out.family(&DEVICE_ERROR);
    for mount in rows() {
        let failed = !matches!(answer(mount), Some(Ok(_)));
        family.sample(&labels(mount, answer(mount)), f64::from(u8::from(failed)));
    }
    let mut family = out.family(&READ_ONLY);
    for mount in rows() {
        let read_only = f64::from(u8::from(mount.read_only));
        family.sample(&labels(mount, answer(mount)), read_only);
    }
    for (desc, value) in &COLUMNS {
        let mut family = out.family(desc);
        for mount in rows() {
            if let Some(Ok(usage)) = answer(mount) {
                family.sample(&labels(mount, answer(mount)), value(&usage));
            }
        }
    }
    let mut family = out.family(&MOUNT_INFO);
    for mount in mounts.iter().filter(|mount| !mount.repeats_numbers) {
        if let Some(Ok(_)) = answer(mount) {
            let labels = [&mount.device, &mount.major, &mount.minor, &mount.mount_point];
            family.sample(&labels.map(String::as_str), 1.0);
        }
    }
}

fn labels(mount: &Mount, answer: Option<Answer>) -> [&str; 4] {
    let error = match answer {
        Some(Ok(_)) => "",
        Some(Err(error)) => usage::words(error),
        None => STUCK,
    };
    [&mount.device, error, &mount.fs_type, &mount.mount_point]
}

fn duration_flag(context: &Context, name: &str) -> Result<Duration, BuildError> {
    let text = context.flags().value(name);
    let wrong = || format!("--{name}: expected a duration such as 5s or 500ms, found {text:?}");
    Ok(go_duration::parse(text).ok_or_else(wrong)?)
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::sync::Mutex;
    use std::sync::mpsc::{Receiver, channel};

    use exporter_toolkit::flags::Flags;
    use exposition::{Format, assemble};
    use tempfile::TempDir;

    use super::*;
    use crate::context::FLAGS;

    const MOUNTINFO: &str = "\
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw
28 27 0:40 / /nfs rw - nfs4 server:/x rw
29 27 0:41 / /gone ro - tmpfs tmp\\fs rw
30 27 0:42 / /proc rw - proc proc rw
";

    fn host() -> TempDir {
        let host = tempfile::tempdir().unwrap();
        std::fs::create_dir(host.path().join("1")).unwrap();
        std::fs::write(host.path().join("1/mountinfo"), MOUNTINFO).unwrap();
        host
    }

    /// A collector of that host where /nfs answers when something is received, and /gone is not there.
    fn collector(host: &TempDir, args: &[&str], answer: Receiver<()>) -> Result<Filesystem, BuildError> {
        let procfs = format!("--path.procfs={}", host.path().display());
        let args = args.iter().copied().chain([procfs.as_str()]).map(OsString::from);
        let flags = Flags::parse("x", "", [FLAGS, SPEC.flags], args).unwrap();
        let answer = Mutex::new(answer);
        Filesystem::new(&Context::new(flags).unwrap(), move |path: &Path| {
            match path.to_str() {
                Some("/nfs") => drop(answer.lock().unwrap().recv()),
                Some("/gone") => return Err(Errno::NOENT),
                _ => {}
            }
            Ok(Usage {
                size_bytes: 5.0,
                free_bytes: 4.0,
                avail_bytes: 3.0,
                files: 2.0,
                files_free: 1.0,
            })
        })
    }

    fn samples(collector: &mut Filesystem) -> String {
        let (mut out, mut text) = (Encoder::new(Format::Text004), Vec::new());
        let deadline = Instant::now() + Duration::from_secs(60);
        collector.collect_before(&mut out, deadline).unwrap();
        assert!(assemble([&out], &mut text).is_empty());
        let text = String::from_utf8(text).unwrap();
        let samples = text.lines().filter_map(|line| line.strip_prefix("node_filesystem_"));
        samples.map(|line| format!("{line}\n")).collect()
    }

    #[test]
    fn a_mount_that_hangs_and_one_that_fails_leave_the_others_whole() {
        let (_keep, hang) = channel();
        let host = host();
        let mut collector = collector(&host, &["--collector.filesystem.mount-timeout=300ms"], hang).unwrap();
        let expected = r#"avail_bytes{device="/dev/vda",device_error="",fstype="ext4",mountpoint="/"} 3
device_error{device="/dev/vda",device_error="",fstype="ext4",mountpoint="/"} 0
device_error{device="server:/x",device_error="mountpoint timeout",fstype="nfs4",mountpoint="/nfs"} 1
device_error{device="tmp\\fs",device_error="no such file or directory",fstype="tmpfs",mountpoint="/gone"} 1
files{device="/dev/vda",device_error="",fstype="ext4",mountpoint="/"} 2
files_free{device="/dev/vda",device_error="",fstype="ext4",mountpoint="/"} 1
free_bytes{device="/dev/vda",device_error="",fstype="ext4",mountpoint="/"} 4
mount_info{device="/dev/vda",major="254",minor="0",mountpoint="/"} 1
purgeable_bytes{device="/dev/vda",device_error="",fstype="ext4",mountpoint="/"} 0
readonly{device="/dev/vda",device_error="",fstype="ext4",mountpoint="/"} 0
readonly{device="server:/x",device_error="mountpoint timeout",fstype="nfs4",mountpoint="/nfs"} 0
readonly{device="tmp\\fs",device_error="no such file or directory",fstype="tmpfs",mountpoint="/gone"} 1
size_bytes{device="/dev/vda",device_error="",fstype="ext4",mountpoint="/"} 5
"#;
        assert_eq!(samples(&mut collector), expected);
        assert_eq!(samples(&mut collector), expected);
    }

    #[test]
    fn mounts_that_change_are_read_again() {
        let (answer, hang) = channel();
        drop(answer);
        let host = host();
        let mut collector = collector(&host, &["--collector.filesystem.fs-types-include=^(nfs4|xfs)$"], hang).unwrap();
        assert!(samples(&mut collector).contains("size_bytes{device=\"server:/x\""));
        let mountinfo = "31 27 8:1 / /new rw - xfs /dev/sda rw\n";
        std::fs::write(host.path().join("1/mountinfo"), mountinfo).unwrap();
        let text = samples(&mut collector);
        assert!(text.contains("mountpoint=\"/new\"") && !text.contains("/nfs"), "{text}");
    }

    #[test]
    fn without_the_init_process_our_own_mounts_count() {
        let host = host();
        std::fs::rename(host.path().join("1"), host.path().join("self")).unwrap();
        let mut collector = collector(&host, &["--collector.filesystem.fs-types-include=ext4"], channel().1).unwrap();
        assert!(samples(&mut collector).contains("size_bytes{device=\"/dev/vda\""));
        std::fs::remove_dir_all(host.path().join("self")).unwrap();
        let error = collector.collect(&mut Encoder::new(Format::Text004)).unwrap_err();
        assert!(matches!(error, CollectError::NoData(_)), "{error}");
    }

    #[test]
    fn wrong_flags_name_themselves() {
        for (args, named) in [
            (&["--collector.filesystem.mount-timeout=5"][..], TIMEOUT),
            (&["--collector.filesystem.stat-workers=many"], WORKERS),
            (&["--collector.filesystem.mount-points-include=("], POINTS_INCLUDE),
            (
                &[
                    "--collector.filesystem.ignored-fs-types=a",
                    "--collector.filesystem.fs-types-exclude=b",
                ],
                TYPES_OLD,
            ),
        ] {
            let error = collector(&host(), args, channel().1).err().unwrap();
            assert!(error.to_string().contains(&format!("--{named}")), "{error}");
        }
    }

    #[test]
    fn the_old_flags_still_exclude() {
        let args = ["--collector.filesystem.ignored-fs-types=^(nfs4|proc|tmpfs)$"];
        let host = host();
        let mut collector = collector(&host, &args, channel().1).unwrap();
        assert!(!samples(&mut collector).contains("nfs4"));
    }
}
