//! The packages on a real host: Debian with systemd in a virtual machine. `guest` is what happens there, and this judges what was
//! seen. Run it with `make test-host`.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use private_host::Host;

const DAEMONS: [&str; 4] = [
    "node-exporter",
    "container-exporter",
    "blackbox-exporter",
    "redis-exporter",
];

/// The machine runs once for all tests.
static SEEN: LazyLock<PathBuf> = LazyLock::new(|| {
    let packages = env::var_os("PACKAGES").expect("PACKAGES names the packages' folder: use make test-host");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("packages-host");
    let host = Host::with(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/guest"));
    let host = DAEMONS.iter().fold(host, |host, name| {
        host.file(&deb(Path::new(&packages), name), &format!("/packages/{name}.deb"))
    });
    host.observe(&folder).unwrap();
    folder
});

fn deb(folder: &Path, name: &str) -> PathBuf {
    let files = fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path());
    let mut debs = files.filter(|path| path.extension().is_some_and(|kind| kind == "deb"));
    let of = |path: &PathBuf| {
        path.file_name()
            .unwrap()
            .to_string_lossy()
            .starts_with(&format!("{name}_"))
    };
    debs.find(of).unwrap_or_else(|| panic!("no package of {name}"))
}

fn read(file: &str) -> String {
    let path = SEEN.join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn fact(name: &str) -> String {
    read(&format!("fact-{name}")).trim_end().to_owned()
}

#[test]
#[ignore = "boots a virtual machine: make test-host"]
fn each_runs_when_it_is_installed_as_a_user_without_rights() {
    for name in DAEMONS {
        assert_eq!(fact(&format!("{name}-installed")), "active", "{name}");
        assert_eq!(fact(&format!("{name}-enabled")), "enabled", "{name}");
        let status = fact(&format!("{name}-status"));
        let field = |key: &str| status.lines().find_map(|line| line.strip_prefix(key)).unwrap().trim();
        assert!(!field("Uid:").starts_with("0\t"), "{name}: {}", field("Uid:"));
        assert_eq!(field("NoNewPrivs:"), "1", "{name}");
        let capabilities = u64::from_str_radix(field("CapEff:"), 16).unwrap();
        // CAP_DAC_READ_SEARCH and CAP_NET_RAW.
        let expected = match name {
            "container-exporter" => 1 << 2,
            "blackbox-exporter" => 1 << 13,
            _ => 0,
        };
        assert_eq!(capabilities, expected, "{name}");
        println!(
            "{}",
            fact(&format!("{name}-exposure")).lines().last().unwrap_or_default()
        );
    }
}

#[test]
#[ignore = "boots a virtual machine: make test-host"]
fn no_collector_fails_for_what_a_unit_forbids() {
    let failed = |metrics: &str| -> BTreeSet<String> {
        let text = read(metrics);
        let lines = text
            .lines()
            .filter(|line| line.starts_with("node_scrape_collector_success"));
        lines.filter(|line| line.ends_with(" 0")).map(str::to_owned).collect()
    };
    assert_eq!(failed("metrics-of-unit"), failed("metrics-of-root"));
}

#[test]
#[ignore = "boots a virtual machine: make test-host"]
fn file_systems_are_the_hosts_and_not_those_that_a_unit_makes() {
    let of = |metrics: &str| -> BTreeSet<String> {
        let text = read(metrics);
        let wanted = ["node_filesystem_size_bytes{", "node_filesystem_readonly{"];
        let lines = text
            .lines()
            .filter(|line| wanted.iter().any(|name| line.starts_with(name)));
        lines.map(str::to_owned).collect()
    };
    let (unit, root) = (of("metrics-of-unit"), of("metrics-of-root"));
    assert!(
        root.iter().any(|line| line.contains("mountpoint=\"/home/data\"")),
        "{root:?}"
    );
    assert_eq!(unit, root);
}

#[test]
#[ignore = "boots a virtual machine: make test-host"]
fn the_journal_knows_how_severe_a_line_is() {
    for name in DAEMONS {
        let journal = fact(&format!("{name}-journal"));
        let of_ours = |line: &&str| line.contains("level=INFO") && line.contains("Listening on");
        let line = journal
            .lines()
            .find(of_ours)
            .unwrap_or_else(|| panic!("{name}: {journal}"));
        assert!(line.contains("\"PRIORITY\":\"6\"") && !line.contains("<6>"), "{line}");
    }
}

#[test]
#[ignore = "boots a virtual machine: make test-host"]
fn probes_have_the_rights_that_they_need() {
    for probe in ["icmp", "tcp"] {
        let answer = fact(probe);
        assert!(answer.contains("\nprobe_success 1"), "{probe}: {answer}");
    }
}

#[test]
#[ignore = "boots a virtual machine: make test-host"]
fn crashes_and_hangs_end_in_a_new_start() {
    for name in DAEMONS {
        assert_eq!(fact(&format!("{name}-crashed")), "active", "{name}");
    }
    assert!(fact("hang").contains("atchdog"), "{}", fact("hang"));
    assert_eq!(fact("reloaded"), "0", "to read the configuration anew is no new start");
}

#[test]
#[ignore = "boots a virtual machine: make test-host"]
fn an_upgrade_and_a_reboot_keep_the_configuration() {
    for name in DAEMONS {
        let line = fact(&format!("{name}-upgraded"));
        assert_eq!(line, format!("/usr/bin/{name} --log.level=debug"), "{name}");
        assert_eq!(fact(&format!("{name}-rebooted")), "active", "{name}");
        assert!(
            fact(&format!("{name}-rebooted-line")).contains("--log.level=debug"),
            "{name}"
        );
    }
}

#[test]
#[ignore = "boots a virtual machine: make test-host"]
fn a_socket_starts_its_service() {
    assert_eq!(fact("socket-before"), "inactive");
    assert_eq!(fact("socket-after"), "active");
}

#[test]
#[ignore = "boots a virtual machine: make test-host"]
fn purge_leaves_nothing() {
    for name in DAEMONS {
        assert_eq!(fact(&format!("{name}-purged")), "", "{name}");
    }
}
