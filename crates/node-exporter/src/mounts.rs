//! The mounts that are shown, from /proc/1/mountinfo, kept until that file changes.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use exporter_toolkit::collector::CollectError;
use kernel_stats::mountinfo;

use crate::context::Context;
use crate::filter::Filter;
use crate::handed;
use crate::source::{Source, SourceError};

/// A mount as its labels have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mount {
    pub(crate) device: String,
    pub(crate) fs_type: String,
    /// Where it is mounted below `--path.rootfs`.
    pub(crate) mount_point: String,
    pub(crate) major: String,
    pub(crate) minor: String,
    pub(crate) read_only: bool,
    /// A mount before has the same device, type and place.
    pub(crate) repeats: bool,
    /// A mount before has the same device, type, place and device numbers.
    pub(crate) repeats_numbers: bool,
    /// Its place in [`Mounts::paths`].
    pub(crate) path: usize,
}

impl Mount {
    fn labels(&self) -> [&str; 3] {
        [&self.device, &self.fs_type, &self.mount_point]
    }
}

/// Reads and filters mounts.
pub(crate) struct Mounts {
    /// The init process sees all mounts; where it is hidden from us, our own have to do.
    sources: [Source; 2],
    root: PathBuf,
    mount_points: Filter,
    fs_types: Filter,
    /// What the file held when the rest was made from it.
    seen: Vec<u8>,
    all: Vec<Mount>,
    paths: Paths,
}

/// Where to ask for usage, each place once.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Paths {
    all: Vec<Arc<Path>>,
    /// How many of them, from the first, answer at once.
    prompt: usize,
}

impl Paths {
    /// The places whose file systems, and all above them, tell what they know without asking a disk or another host.
    pub(crate) fn prompt(&self) -> &[Arc<Path>] {
        self.all.get(..self.prompt).unwrap_or_default()
    }

    /// The place of a mount.
    pub(crate) fn get(&self, mount: &Mount) -> Option<&Arc<Path>> {
        self.all.get(mount.path)
    }

    /// All other places; their answers come behind those of the prompt ones.
    pub(crate) fn others(&self) -> &[Arc<Path>] {
        self.all.get(self.prompt..).unwrap_or_default()
    }
}

/// File systems that answer statfs(2) from memory, whatever their disk does.
const PROMPT_TYPES: [&str; 12] = [
    "btrfs", "devtmpfs", "erofs", "ext2", "ext3", "ext4", "f2fs", "iso9660", "ramfs", "squashfs", "tmpfs", "xfs",
];

/// File systems of the kernel itself, which are quick to walk through.
const KERNEL_TYPES: [&str; 6] = ["cgroup", "cgroup2", "devpts", "mqueue", "proc", "sysfs"];

impl Mounts {
    pub(crate) fn new(context: &Context, mount_points: Filter, fs_types: Filter) -> Self {
        let first = context.proc("1/mountinfo");
        let first = match handed::mountinfo() {
            Some(file) => first.opened(file),
            None => first,
        };
        Self {
            sources: [first, context.proc("self/mountinfo")],
            root: context.root_path(""),
            mount_points,
            fs_types,
            seen: Vec::new(),
            all: Vec::new(),
            paths: Paths::default(),
        }
    }

    /// Reads the mounts anew if they changed.
    ///
    /// # Errors
    /// When the file cannot be read or parsed.
    pub(crate) fn update(&mut self) -> Result<(), CollectError> {
        let [first, second] = &mut self.sources;
        let (bytes, path) = match first.read() {
            Err(SourceError::Read { error, .. }) if is_hidden(&error) => (second.read()?, "self"),
            read => (read?, "1"),
        };
        if bytes == self.seen.as_slice() {
            return Ok(());
        }
        let parsed = mountinfo::parse(bytes)
            .map_err(|error| CollectError::failed(format!("parsing mountinfo of process {path}: {error}")))?;
        self.seen.clear();
        self.seen.extend_from_slice(bytes);
        (self.all, self.paths) = select(&parsed, &self.root, &self.mount_points, &self.fs_types);
        Ok(())
    }

    /// The mounts that are shown, sorted by device, type and place; those of equal labels stay in the file's order.
    pub(crate) fn all(&self) -> &[Mount] {
        &self.all
    }

    /// Where to ask for their usage.
    pub(crate) fn paths(&self) -> &Paths {
        &self.paths
    }
}

fn is_hidden(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied)
}

fn select(
    parsed: &[mountinfo::Mount<'_>],
    root: &Path,
    mount_points: &Filter,
    fs_types: &Filter,
) -> (Vec<Mount>, Paths) {
    let slow = slow_places(parsed);
    let mut paths: Vec<(Arc<Path>, bool)> = Vec::new();
    let mut all = Vec::new();
    for mount in parsed {
        let mount_point = below(&mount.mount_point, root);
        if !mount_points.shows(&mount_point) || !fs_types.shows(&mount.fs_type) {
            continue;
        }
        let prompt = !Path::new(mount.mount_point.as_ref())
            .ancestors()
            .any(|place| slow.contains(place));
        paths.push((Arc::from(root.join(mount_point.trim_start_matches('/'))), prompt));
        all.push(Mount {
            device: mount.source.to_string(),
            fs_type: mount.fs_type.to_string(),
            mount_point,
            major: mount.major.to_string(),
            minor: mount.minor.to_string(),
            read_only: mount.is_read_only(),
            repeats: false,
            repeats_numbers: false,
            path: paths.len() - 1,
        });
    }
    let (paths, places) = deduplicate(&paths);
    for mount in &mut all {
        mount.path = places.get(mount.path).copied().unwrap_or_default();
    }
    all.sort_by(|a: &Mount, b: &Mount| a.labels().cmp(&b.labels()));
    mark_repeats(&mut all);
    (all, paths)
}

fn mark_repeats(sorted: &mut [Mount]) {
    for group in sorted.chunk_by_mut(|a, b| a.labels() == b.labels()) {
        for index in 1..group.len() {
            let (before, rest) = group.split_at_mut(index);
            let Some(mount) = rest.first_mut() else { continue };
            mount.repeats = true;
            let same_numbers = |other: &Mount| (&other.major, &other.minor) == (&mount.major, &mount.minor);
            mount.repeats_numbers = before.iter().any(same_numbers);
        }
    }
}

/// Where mounts are that may take their time, for themselves and for all below them.
fn slow_places<'a>(parsed: &'a [mountinfo::Mount<'_>]) -> HashSet<&'a Path> {
    let quick = |mount: &mountinfo::Mount<'_>| {
        let name = mount.fs_type.as_ref();
        PROMPT_TYPES.contains(&name) || KERNEL_TYPES.contains(&name)
    };
    let slow = parsed.iter().filter(|mount| !quick(mount));
    slow.map(|mount| Path::new(mount.mount_point.as_ref())).collect()
}

/// Each path once, those that answer at once first; and where each of `paths` is now.
fn deduplicate(paths: &[(Arc<Path>, bool)]) -> (Paths, Vec<usize>) {
    let mut unique = Paths::default();
    let mut found = std::collections::HashMap::new();
    for wanted in [true, false] {
        for (path, _) in paths.iter().filter(|(_, prompt)| *prompt == wanted) {
            found.entry(path).or_insert_with(|| {
                unique.all.push(Arc::clone(path));
                unique.all.len() - 1
            });
        }
        if wanted {
            unique.prompt = unique.all.len();
        }
    }
    let places = paths
        .iter()
        .map(|(path, _)| found.get(path).copied().unwrap_or_default());
    let places = places.collect();
    (unique, places)
}

/// A mount point as seen from `root`, if it lies below.
fn below(mount_point: &str, root: &Path) -> String {
    let stripped = Path::new(mount_point).strip_prefix(root).ok().and_then(Path::to_str);
    match stripped {
        Some(stripped) => format!("/{stripped}"),
        None => mount_point.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use exporter_toolkit::go_regex;

    use super::*;

    const MOUNTINFO: &[u8] = b"\
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard
28 27 254:0 / /host rw,relatime - ext4 /dev/vda rw
29 27 0:30 / /host/data ro - xfs d rw
30 27 0:30 / /hostile rw - xfs d rw
31 27 0:31 / /proc rw - proc proc rw
32 27 0:32 / /host/data rw - xfs b rw,ro
";

    fn select_below(root: &str) -> (Vec<Mount>, Vec<Arc<Path>>) {
        let (all, paths) = select_places(root);
        assert_eq!(paths.others(), []);
        (all, paths.all)
    }

    fn select_places(root: &str) -> (Vec<Mount>, Paths) {
        let exclude = |pattern| Filter::Exclude(go_regex::parse(pattern).unwrap());
        let parsed = mountinfo::parse(MOUNTINFO).unwrap();
        select(&parsed, Path::new(root), &exclude("^/proc"), &exclude("^none$"))
    }

    #[test]
    fn mounts_are_sorted_and_asked_once_a_place() {
        let (all, paths) = select_below("/");
        let rows: Vec<_> = all
            .iter()
            .map(|mount| {
                (
                    mount.device.as_str(),
                    mount.mount_point.as_str(),
                    mount.read_only,
                    mount.path,
                )
            })
            .collect();
        let expected = [
            ("/dev/vda", "/", false, 0),
            ("/dev/vda", "/host", false, 1),
            ("b", "/host/data", true, 2),
            ("d", "/host/data", true, 2),
            ("d", "/hostile", false, 3),
        ];
        assert_eq!(rows, expected);
        assert_eq!(
            paths,
            ["/", "/host", "/host/data", "/hostile"].map(|path| Arc::from(Path::new(path)))
        );
    }

    #[test]
    fn mounts_over_each_other_are_told_from_repeated_ones() {
        let bytes = b"\
1 0 8:1 / / rw - ext4 a rw
2 1 8:2 / / ro - ext4 a rw
3 1 8:1 / / ro - ext4 a rw
";
        let parsed = mountinfo::parse(bytes).unwrap();
        let (all, paths) = select(&parsed, Path::new("/"), &Filter::All, &Filter::All);
        let rows: Vec<_> = all
            .iter()
            .map(|mount| {
                (
                    mount.minor.as_str(),
                    mount.read_only,
                    mount.repeats,
                    mount.repeats_numbers,
                )
            })
            .collect();
        let expected = [
            ("1", false, false, false),
            ("2", true, true, false),
            ("1", true, true, true),
        ];
        assert_eq!((rows.as_slice(), paths.prompt().len()), (expected.as_slice(), 1));
    }

    #[test]
    fn what_may_hang_is_told_from_what_answers_at_once() {
        let bytes = b"\
1 0 8:1 / / rw - ext4 a rw
2 1 0:2 / /net rw - nfs4 server:/ rw
3 2 0:3 / /net/below rw - tmpfs t rw
4 1 0:4 / /network rw - tmpfs t rw
5 1 0:5 / /proc rw - proc proc rw
6 5 0:6 / /proc/x rw - ext4 b rw
7 1 0:7 / /twice rw - fuse.sshfs s rw
8 1 0:8 / /twice rw - ext4 b rw
";
        let parsed = mountinfo::parse(bytes).unwrap();
        let (all, paths) = select(&parsed, Path::new("/"), &Filter::All, &Filter::All);
        let texts =
            |paths: &[Arc<Path>]| -> Vec<String> { paths.iter().map(|path| path.display().to_string()).collect() };
        assert_eq!(texts(paths.prompt()), ["/", "/network", "/proc", "/proc/x"]);
        assert_eq!(texts(paths.others()), ["/net", "/net/below", "/twice"]);
        for mount in all {
            assert_eq!(paths.all[mount.path].display().to_string(), mount.mount_point);
        }
    }

    #[test]
    fn the_root_is_taken_off_and_put_on_again() {
        for root in ["/host", "/host/"] {
            let (all, paths) = select_below(root);
            let mut points: Vec<_> = all.iter().map(|mount| mount.mount_point.as_str()).collect();
            points.dedup();
            assert_eq!(points, ["/", "/data", "/hostile"]);
            let expected = ["/host", "/host/data", "/host/hostile"].map(|path| Arc::from(Path::new(path)));
            assert_eq!(paths, expected);
        }
    }
}
