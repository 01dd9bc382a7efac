//! What is in the packages: every file with its rights, sizes, and what lintian and ldd say.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use crate::{
    DAEMONS,
    run::{said, text, tried},
};

/// A .deb's megabytes, and an image's as it is sent.
const MOST: [(&str, u64); 2] = [("_amd64.deb", 4_000_000), ("_amd64.image.tar.gz", 8_000_000)];

/// Where `make packages` has put them.
pub(crate) fn packages() -> PathBuf {
    let folder = env::var_os("PACKAGES").expect("PACKAGES names their folder: use make test-packages");
    PathBuf::from(folder)
}

/// The one file of this name's beginning and end.
pub(crate) fn package(begins: &str, ends: &str) -> PathBuf {
    let files = fs::read_dir(packages()).expect("the packages' folder");
    let mut found = files.flatten().map(|entry| entry.path()).filter(|path| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.starts_with(begins) && name.ends_with(ends)
    });
    let file = found.next().unwrap_or_else(|| panic!("no {begins}*{ends}"));
    assert_eq!(found.next(), None, "more than one {begins}*{ends}");
    file
}

pub(crate) fn deb(name: &str) -> String {
    package(&format!("{name}_"), ".deb").display().to_string()
}

pub(crate) fn rpm(name: &str) -> String {
    package(&format!("{name}-0"), ".rpm").display().to_string()
}

/// `mode path` of each file but folders; owners must be root.
fn files(listing: &str) -> Vec<String> {
    let mut files: Vec<_> = listing
        .lines()
        .filter(|line| line.starts_with('-'))
        .map(|line| {
            let words: Vec<_> = line.split_whitespace().collect();
            let owners = [" root/root ", " 0/0 ", " root     root "];
            assert!(owners.iter().any(|owner| line.contains(owner)), "{line}");
            let path = words.last().expect("a path").trim_start_matches('.');
            format!("{} {path}", words.first().expect("a mode"))
        })
        .collect();
    files.sort();
    files
}

/// What each package has; `zsh` is where that looks.
fn expected(name: &str, zsh: &str, more: &[String]) -> Vec<String> {
    let defaults = if name == "redis-exporter" {
        "-rw-r-----"
    } else {
        "-rw-r--r--"
    };
    let mut files: Vec<_> = [
        format!("-rwxr-xr-x /usr/bin/{name}"),
        format!("{defaults} /etc/default/{name}"),
    ]
    .into_iter()
    .chain(
        [
            format!("/usr/lib/systemd/system/{name}.service"),
            format!("/usr/lib/systemd/system/{name}.socket"),
            format!("/usr/share/bash-completion/completions/{name}"),
            format!("/usr/share/fish/vendor_completions.d/{name}.fish"),
            format!("/usr/share/man/man1/{name}.1.gz"),
            format!("/usr/share/zsh/{zsh}/_{name}"),
        ]
        .iter()
        .chain(more)
        .map(|path| format!("-rw-r--r-- {path}")),
    )
    .collect();
    if name == "blackbox-exporter" {
        files.push("-rw-r--r-- /etc/blackbox-exporter/blackbox.yml".to_owned());
    }
    files.sort();
    files
}

#[test]
#[ignore = "needs packages: make test-packages"]
fn a_deb_has_what_it_should_and_no_more() {
    for (name, _) in DAEMONS {
        let more = [
            format!("/usr/share/doc/{name}/changelog.Debian.gz"),
            format!("/usr/share/doc/{name}/copyright"),
            format!("/usr/share/lintian/overrides/{name}"),
        ];
        let listing = said("dpkg-deb", &["--contents", &deb(name)]);
        assert_eq!(files(&listing), expected(name, "vendor-completions", &more), "{name}");
    }
}

#[test]
#[ignore = "needs packages: make test-packages"]
fn an_rpm_has_what_it_should_and_no_more() {
    for (name, _) in DAEMONS {
        let more = [format!("/usr/share/licenses/{name}/LICENSE")];
        let listing = said("rpm", &["--query", "--list", "--verbose", "--package", &rpm(name)]);
        assert_eq!(files(&listing), expected(name, "site-functions", &more), "{name}");
    }
}

#[test]
#[ignore = "needs packages: make test-packages"]
fn what_people_edit_is_known_as_configuration() {
    for (name, _) in DAEMONS {
        let mut configuration = vec![format!("/etc/default/{name}")];
        if name == "blackbox-exporter" {
            configuration.insert(0, "/etc/blackbox-exporter/blackbox.yml".to_owned());
        }
        let of_rpm = said("rpm", &["--query", "--configfiles", "--package", &rpm(name)]);
        let of_deb = said("dpkg-deb", &["--info", &deb(name), "conffiles"]);
        for found in [of_rpm, of_deb] {
            let mut found: Vec<_> = found.lines().collect();
            found.sort_unstable();
            assert_eq!(found, configuration, "{name}");
        }
    }
}

#[test]
#[ignore = "needs packages: make test-packages"]
fn lintian_finds_no_error() {
    for (name, _) in DAEMONS {
        let report = tried("lintian", &["--fail-on=error", "--allow-root", &deb(name)]);
        println!("{}", text(&report));
        assert!(report.status.success(), "{name}: {}", text(&report));
    }
}

#[test]
#[ignore = "needs packages: make test-packages"]
fn programs_need_no_library() {
    for (name, _) in DAEMONS {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().display().to_string();
        said("dpkg-deb", &["--extract", &deb(name), &root]);
        let said = text(&tried("ldd", &[&format!("{root}/usr/bin/{name}")]));
        let is_static = said.contains("statically linked") || said.contains("not a dynamic executable");
        println!("{name}: {}", said.trim());
        assert!(is_static, "{name}: {said}");
    }
}

#[test]
#[ignore = "needs packages: make test-packages"]
fn they_are_small() {
    let mut checked = 0;
    for entry in fs::read_dir(packages()).expect("the packages' folder").flatten() {
        let (name, size) = (entry.file_name(), entry.metadata().expect("a size").len());
        let name = name.to_string_lossy();
        let unpacked = unpacked(&entry.path()).map_or_else(String::new, |bytes| {
            format!(", {:.2} MB when it is unpacked", bytes as f64 / 1e6)
        });
        println!("{:6.2} MB {name}{unpacked}", size as f64 / 1e6);
        if let Some((_, limit)) = MOST.iter().find(|(end, _)| name.ends_with(end)) {
            assert!(size <= *limit, "{name}: {size}");
            checked += 1;
        }
    }
    // A .deb of each daemon; an image of each, and of the two tools.
    assert_eq!(checked, DAEMONS.len() * 2 + 2);
}

/// The bytes of an image's one layer, which an engine unpacks; other files have none.
fn unpacked(image: &Path) -> Option<usize> {
    let file = image.to_str()?.strip_suffix(".image.tar.gz")?;
    let layer = format!("tar --extract --to-stdout --file={file}.image.tar.gz layer.tar | wc --bytes");
    said("sh", &["-euc", &layer]).trim().parse().ok()
}

#[test]
#[ignore = "needs packages: make test-packages"]
fn checksums_are_of_all_and_right() {
    let folder = packages();
    let sums = fs::read_to_string(folder.join("sha256sums.txt")).expect("the checksums");
    let files = fs::read_dir(&folder).expect("the packages' folder").count();
    assert_eq!(sums.lines().count(), files - 1, "all files but that of the sums");
    let check = format!("cd '{}' && sha256sum --check --quiet sha256sums.txt", folder.display());
    said("sh", &["-c", &check]);
}
