//! The packages on a real host: Debian with systemd in a virtual machine. `guest` is what happens there, and this judges what was
//! seen, there and from outside. Run it with `make test-host-packages`.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "these tests start servers, wait for them, and fail by panicking"
)]

#[path = "../tools/moto.rs"]
mod moto;
mod outside;

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
    sync::{LazyLock, Mutex},
};

use private_host::Host;

use outside::{FIRING, Outside};

const DAEMONS: [&str; 4] = [
    "node-exporter",
    "container-exporter",
    "blackbox-exporter",
    "redis-exporter",
];

/// What was seen there, and who watches it from here.
struct Seen {
    folder: PathBuf,
    /// Taken by the test that asks it, since what is static is never dropped, and its servers would outlive the tests.
    outside: Mutex<Option<Outside>>,
}

/// The machine runs once for all tests.
static SEEN: LazyLock<Seen> = LazyLock::new(|| {
    let packages = env::var_os("PACKAGES").expect("PACKAGES names the packages' folder: use make test-host-packages");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("packages-host");
    let outside = Outside::start();
    let [certificate, key] = outside.identity();
    let host = Host::with(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/guest"))
        .forward(outside.machine(), 9100)
        .file(&certificate, "/packages/exporter.crt")
        .file(&key, "/packages/exporter.key");
    let host = DAEMONS.iter().fold(host, |host, name| {
        host.file(&deb(Path::new(&packages), name), &format!("/packages/{name}.deb"))
    });
    host.observe(&folder).unwrap();
    Seen {
        folder,
        outside: Mutex::new(Some(outside)),
    }
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
    let path = SEEN.folder.join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn fact(name: &str) -> String {
    read(&format!("fact-{name}")).trim_end().to_owned()
}

#[test]
#[ignore = "boots a virtual machine: make test-host-packages"]
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
#[ignore = "boots a virtual machine: make test-host-packages"]
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
#[ignore = "boots a virtual machine: make test-host-packages"]
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
#[ignore = "boots a virtual machine: make test-host-packages"]
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
#[ignore = "boots a virtual machine: make test-host-packages"]
fn probes_have_the_rights_that_they_need() {
    for probe in ["icmp", "tcp"] {
        let answer = fact(probe);
        assert!(answer.contains("\nprobe_success 1"), "{probe}: {answer}");
    }
}

#[test]
#[ignore = "boots a virtual machine: make test-host-packages"]
fn crashes_and_hangs_end_in_a_new_start() {
    for name in DAEMONS {
        assert_eq!(fact(&format!("{name}-crashed")), "active", "{name}");
    }
    assert!(fact("hang").contains("Watchdog timeout"), "{}", fact("hang"));
    assert_eq!(fact("reloaded"), "0", "to read the configuration anew is no new start");
}

#[test]
#[ignore = "boots a virtual machine: make test-host-packages"]
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
#[ignore = "boots a virtual machine: make test-host-packages"]
fn a_socket_starts_its_service() {
    assert_eq!(fact("socket-before"), "inactive");
    assert_eq!(fact("socket-after"), "active");
}

#[test]
#[ignore = "boots a virtual machine: make test-host-packages"]
fn purge_leaves_nothing() {
    for name in DAEMONS {
        assert_eq!(fact(&format!("{name}-purged")), "", "{name}");
    }
}

#[test]
#[ignore = "boots a virtual machine: make test-host-packages"]
fn a_prometheus_outside_finds_it_by_name_and_tells_when_it_is_gone() {
    let outside = SEEN.outside.lock().unwrap().take().unwrap();
    assert_eq!(fact("without-password"), "401");
    let alert = outside.alert();
    assert_eq!(alert["instance"], *outside.instance);
    assert_eq!(
        [&alert["env"], &alert["instance_type"], &alert["severity"]],
        ["production", "t3.small", "critical"]
    );
    // It was there, over TLS, for who knew the password; what it told has its own name.
    let [(_, last)] = &outside.ask(r#"max_over_time(timestamp(up{job="node"} == 1)[1h:5s])"#, None)[..] else {
        panic!("it was never up");
    };
    let told = outside.ask("node_uname_info", Some(*last));
    let names: Vec<_> = told
        .iter()
        .map(|(labels, _)| [&labels["job"], &labels["nodename"]])
        .collect();
    assert_eq!(names, [["node", &*fact("hostname")]]);
    assert_eq!(outside.ask(r#"max_over_time(up{job="stranger"}[1h])"#, None)[0].1, 0.0);
    // What fires now is about its end, and nothing that was there before.
    assert_eq!(outside.ask(FIRING, Some(*last)), []);
}
