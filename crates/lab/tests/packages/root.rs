//! The root of a Debian of one's own to install into, by chroot. What it is copied from is made once, by debootstrap.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use tempfile::TempDir;

use crate::run::{said, text, tried};

const SUITE: &str = "trixie";
/// What a host has besides what is essential; the one enables units, the other makes users.
const PACKAGES: &str = "--include=init-system-helpers,passwd";

/// A copy that goes away.
pub(crate) struct Root {
    folder: TempDir,
}

impl Root {
    pub(crate) fn new() -> Self {
        assert!(
            rustix::process::geteuid().is_root(),
            "only root may change a root: make test-packages asks for sudo"
        );
        let folder = tempfile::tempdir().expect("a folder");
        let root = Self { folder };
        said(
            "cp",
            &[
                "--archive",
                "--no-target-directory",
                &ORIGINAL.display().to_string(),
                &root.path(),
            ],
        );
        root
    }

    pub(crate) fn path(&self) -> String {
        self.folder.path().display().to_string()
    }

    pub(crate) fn file(&self, path: &str) -> PathBuf {
        self.folder.path().join(path.trim_start_matches('/'))
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.file(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    pub(crate) fn has(&self, path: &str) -> bool {
        self.file(path).symlink_metadata().is_ok()
    }

    /// What a shell in it writes; it must succeed.
    pub(crate) fn run(&self, command: &str) -> String {
        let environment = "export DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin; ";
        let arguments = [&*self.path(), "sh", "-euc", &format!("{environment}{command}")];
        let output = tried("chroot", &arguments);
        assert!(output.status.success(), "{command}: {}", text(&output));
        text(&output)
    }

    /// Puts a file of this host at /FILE in it.
    pub(crate) fn bring(&self, file: &str, name: &str) {
        fs::copy(file, self.file(name)).unwrap_or_else(|error| panic!("{file}: {error}"));
    }

    /// Every name in it, and what the files of users and groups hold; not the package manager's own books.
    pub(crate) fn inventory(&self) -> Vec<String> {
        let find = "find / -xdev -path /proc -prune -o -path /var/lib/dpkg -prune -o -path /var/log -prune -o \
                    -path /var/cache -prune -o -path /var/lib/systemd/deb-systemd-helper-enabled -prune -o \
                    -path /var/lib/systemd/deb-systemd-helper-masked -prune -o -name '*-' -prune -o -name '*.lock' -o -print; \
                    cat /etc/passwd /etc/group /etc/shadow /etc/gshadow";
        let mut lines: Vec<_> = self.run(find).lines().map(str::to_owned).collect();
        lines.sort();
        lines
    }
}

/// The one that is never changed; made once, however many tests ask at the same time.
static ORIGINAL: LazyLock<PathBuf> = LazyLock::new(|| {
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("debian-{SUITE}"));
    if !kept.exists() {
        let new = kept.with_extension("new");
        drop(fs::remove_dir_all(&new));
        said(
            "debootstrap",
            &["--variant=minbase", PACKAGES, SUITE, &new.display().to_string()],
        );
        fs::rename(&new, &kept).expect("the root gets its name");
    }
    kept
});
