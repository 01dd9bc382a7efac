//! Scrapes of hosts that are made of files: a frozen one in `fixtures/root`, whose metrics must equal
//! `tests/golden/<collector>.txt`, an empty one, and one with broken files.
//!
//! The golden files equal what node_exporter 1.11.1 says of the same root; `fixtures/SOURCE.md` has the command and the
//! differences. `UPDATE_GOLDEN=1 cargo test -p node-exporter --test golden` writes them anew.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod frozen;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use exporter_toolkit::collector::{CollectError, CollectorSpec};
use exporter_toolkit::flags::Flags;
use exposition::parse::{Family, parse};
use exposition::{Encoder, Format, assemble};
use node_exporter::{Context, SPECS, flags};

use self::frozen::{ARGS, LIVE};

fn of_files() -> impl Iterator<Item = &'static CollectorSpec<Context>> {
    SPECS.iter().filter(|spec| !LIVE.contains(&spec.name))
}

/// A host whose files are under `root`.
fn host(root: &Path, args: &[&str]) -> Context {
    let args = frozen::roots(root)
        .into_iter()
        .chain(args.iter().map(ToString::to_string));
    let args = args.map(OsString::from);
    Context::new(Flags::parse("node-exporter", "", [flags().as_slice()], args).unwrap()).unwrap()
}

/// What a collector says of `host` at the second scrape, when all that it keeps is in use.
fn scrape(spec: &CollectorSpec<Context>, host: &Context) -> (Result<(), CollectError>, String) {
    let mut collector = (spec.build)(host).unwrap();
    let mut first = Encoder::new(Format::Text004);
    let before = collector.collect(&mut first);
    let mut out = Encoder::new(Format::Text004);
    let result = collector.collect(&mut out);
    assert_eq!(before.is_ok(), result.is_ok(), "{}", spec.name);
    let mut text = Vec::new();
    assert!(assemble([&out], &mut text).is_empty(), "{}", spec.name);
    (result, String::from_utf8(text).unwrap())
}

#[test]
fn a_frozen_host_has_the_golden_metrics() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    // Some labels hold paths. This one is the same on every machine, as tests run in the folder of their package.
    let host = host(Path::new("fixtures/root"), ARGS);
    for spec in of_files() {
        let (result, text) = scrape(spec, &host);
        assert!(result.is_ok(), "{}: {}", spec.name, result.unwrap_err());
        let golden = here.join("tests/golden").join(spec.name).with_extension("txt");
        if std::env::var_os("UPDATE_GOLDEN").is_some_and(|update| update == "1") {
            fs::write(&golden, &text).unwrap();
        }
        let expected = fs::read_to_string(&golden).unwrap_or_default();
        for (line, (found, expected)) in text.lines().zip(expected.lines()).enumerate() {
            assert_eq!(found, expected, "{}:{}", golden.display(), line + 1);
        }
        assert_eq!(text, expected, "{}", golden.display());
    }
}

/// Name, help, type and label names of each family in a text.
fn shapes(text: &str) -> BTreeMap<String, (Option<String>, String, BTreeSet<String>)> {
    let families = parse(text.as_bytes()).unwrap();
    let shape = |family: &Family<'_>| {
        let labels = family.metrics().flat_map(|metric| metric.labels.iter());
        let labels = labels.map(|label| label.name.to_owned());
        let help = family.help.as_deref().map(str::to_owned);
        (
            family.name.to_owned(),
            (help, format!("{:?}", family.kind), labels.collect()),
        )
    };
    families.iter().map(shape).collect()
}

#[test]
fn the_running_kernel_says_nothing_that_the_docs_do_not_know() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    for spec in SPECS.iter().filter(|spec| LIVE.contains(&spec.name)) {
        let flags = Flags::parse("node-exporter", "", [flags().as_slice()], []).unwrap();
        let (result, text) = scrape(spec, &Context::new(flags).unwrap());
        if let Err(error) = result {
            eprintln!("{} is not on this host: {error}", spec.name);
        }
        let known = fs::read_to_string(here.join("tests/golden/live").join(spec.name).with_extension("txt")).unwrap();
        let known = shapes(&known);
        for (name, (help, kind, labels)) in shapes(&text) {
            // Drivers name what they count.
            if spec.name == "ethtool" && name.starts_with("node_ethtool_") && !known.contains_key(&name) {
                continue;
            }
            let Some(known) = known.get(&name) else {
                panic!("tests/golden/live/{}.txt lacks {name}", spec.name);
            };
            assert_eq!((&help, &kind), (&known.0, &known.1), "{name}");
            assert!(labels.is_subset(&known.2), "{name}: {labels:?}, known {:?}", known.2);
        }
    }
}

#[test]
fn an_empty_host_has_no_data() {
    let root = tempfile::tempdir().unwrap();
    for folders in [false, true] {
        if folders {
            fs::create_dir(root.path().join("proc")).unwrap();
            fs::create_dir(root.path().join("sys")).unwrap();
        }
        let host = host(root.path(), ARGS);
        for spec in of_files() {
            let (result, text) = scrape(spec, &host);
            assert_eq!(text, "", "{}", spec.name);
            assert!(
                matches!(result, Ok(()) | Err(CollectError::NoData(_))),
                "{}: {result:?}",
                spec.name
            );
        }
    }
}

#[test]
fn a_malformed_file_is_a_failure_that_names_path_and_value() {
    let root = copy_of_frozen_host();
    for (collector, file, text, found) in [
        ("buddyinfo", "proc/buddyinfo", "Node 0, zone DMA x\n", "x"),
        ("cgroups", "proc/cgroups", "memory 4 many 1\n", "many"),
        (
            "bcache",
            "sys/fs/bcache/7c1f2b90-4e6d-4a3b-9d58-0a61c3e2f4b7/bdev0/writeback_rate_debug",
            "rate:\tfast\n",
            "fast",
        ),
        (
            "bcache",
            "sys/fs/bcache/7c1f2b90-4e6d-4a3b-9d58-0a61c3e2f4b7/cache0/priority_stats",
            "Unused:\t97\n",
            "97",
        ),
        (
            "bcachefs",
            "sys/fs/bcachefs/5e0c9a14-22b7-4d8f-8b3a-61f7d40c9e25/btree_cache_size",
            "big",
            "big",
        ),
        (
            "bcachefs",
            "sys/fs/bcachefs/5e0c9a14-22b7-4d8f-8b3a-61f7d40c9e25/compression_stats",
            "type\nlz4 1G x\n",
            "x",
        ),
        (
            "bcachefs",
            "sys/fs/bcachefs/5e0c9a14-22b7-4d8f-8b3a-61f7d40c9e25/counters/sync_fs",
            "17\n",
            "17",
        ),
        (
            "bcachefs",
            "sys/fs/bcachefs/5e0c9a14-22b7-4d8f-8b3a-61f7d40c9e25/dev-0/io_done",
            "read:\nsb\n",
            "sb",
        ),
        ("arp", "proc/net/arp", "h\n10.0.0.1 0x1 eth0\n", "10.0.0.1 0x1 eth0"),
        (
            "btrfs",
            "sys/fs/btrfs/2ce6f4ba-a4f3-4856-876f-9a144c49dd83/commit_stats",
            "commits x\n",
            "x",
        ),
        ("conntrack", "proc/net/stat/nf_conntrack", "entries\nx\n", "x"),
        ("conntrack", "proc/sys/net/netfilter/nf_conntrack_count", "many", "many"),
        ("cpu", "proc/stat", "cpu0 1 2 3 x\n", "x"),
        ("cpu", "proc/cpuinfo", "processor: x\n", "x"),
        ("cpu", "sys/devices/system/cpu/isolated", "0-x", "0-x"),
        ("cpu", "sys/devices/system/cpu/online", "?", "?"),
        (
            "cpu",
            "sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count",
            "hot",
            "hot",
        ),
        ("drbd", "proc/drbd", " 0: cs:Connected\n ns:x\n", "ns:x"),
        ("cpufreq", "sys/devices/system/cpu/online", "0-", "0-"),
        ("entropy", "proc/sys/kernel/random/poolsize", "deep", "deep"),
        ("filefd", "proc/sys/fs/file-nr", "1 0\n", "1 0"),
        ("interrupts", "proc/interrupts", "CPU0\n1: x PCI eth0\n", "x"),
        ("ipvs", "proc/net/ip_vs", "TCP C0A80016 rr\n", "C0A80016"),
        ("ipvs", "proc/net/ip_vs_stats", "Total\nConns\n1 2 3 4 x\n", "x"),
        ("kernel_hung", "proc/sys/kernel/hung_task_detect_count", "-1\n", "-1"),
        ("ksmd", "sys/kernel/mm/ksm/run", "fast\n", "fast"),
        ("lnstat", "proc/net/stat/arp_cache", "entries\nx\n", "x"),
        ("loadavg", "proc/loadavg", "0.21 x", "x"),
        (
            "mdadm",
            "proc/mdstat",
            "md0 : active raid1 a[0]\n  1 blocks\n",
            "1 blocks",
        ),
        ("meminfo", "proc/meminfo", "MemFree: 1 MB\n", "MB"),
        (
            "meminfo_numa",
            "sys/devices/system/node/node1/meminfo",
            "Node 1 MemFree: 1 MB\n",
            "MB",
        ),
        (
            "meminfo_numa",
            "sys/devices/system/node/node1/numastat",
            "numa_hit x\n",
            "x",
        ),
        ("mountstats", "proc/self/mountinfo", "x", "x"),
        (
            "mountstats",
            "proc/self/mountstats",
            "device a mounted on /a with fstype nfs statvers=1.1\nage: x\n",
            "x",
        ),
        ("netdev", "proc/net/dev", "h\nh\neth0: 1 2\n", "eth0: 1 2"),
        (
            "netstat",
            "proc/net/netstat",
            "TcpExt: TW TCPTimeouts\nTcpExt: 1 x\n",
            "x",
        ),
        ("netstat", "proc/net/snmp", "Tcp: A\nUdp: 1\n", "Udp:"),
        ("netstat", "proc/net/snmp6", "Ip6InOctets x\n", "x"),
        ("nfs", "proc/net/rpc/nfs", "rpc 1 x 3\n", "x"),
        ("nfsd", "proc/net/rpc/nfsd", "proc3 2 1\n", "proc3 2 1"),
        ("pressure", "proc/pressure/io", "some avg10=0.00 total=x\n", "x"),
        ("processes", "proc/1/stat", "1 (init\n", "1 (init"),
        ("processes", "proc/300/task/301/stat", "301 (a) S x\n", "301 (a) S x"),
        ("processes", "proc/sys/kernel/pid_max", "no", "no"),
        ("schedstat", "proc/schedstat", "cpu0 1\n", "cpu0 1"),
        ("slabinfo", "proc/slabinfo", "dentry 1 2 3 4 x\n", "x"),
        ("sockstat", "proc/net/sockstat6", "TCP6: inuse x\n", "x"),
        ("softirqs", "proc/softirqs", "CPU0\nHI: x\n", "x"),
        ("softnet", "proc/net/softnet_stat", "g\n", "g"),
        ("stat", "proc/stat", "btime x\n", "x"),
        ("swap", "proc/swaps", "Filename\n/swap file 1 x 3\n", "x"),
        ("sysctl", "proc/sys/fs/file-nr", "1 x\n", "x"),
        ("udp_queues", "proc/net/udp6", "sl\n1: 2 3 4 5\n", "5"),
        ("vmstat", "proc/vmstat", "pgfault -\n", "-"),
        ("xfrm", "proc/net/xfrm_stat", "XfrmInError x\n", "x"),
        ("zoneinfo", "proc/zoneinfo", "Node 0, zone DMA\nmin x\n", "x"),
        ("xfs", "sys/fs/xfs/sda1/stats/stats", "rw 1\n", "rw 1"),
        (
            "zfs",
            "proc/spl/kstat/zfs/arcstats",
            "1\nname type data\nhits 4 x\n",
            "x",
        ),
        ("zfs", "proc/spl/kstat/zfs/tank/io", "1\nnread\nx\n", "x"),
        (
            "zfs",
            "proc/spl/kstat/zfs/tank/objset-0x36",
            "1\nname data\n",
            "name data",
        ),
    ] {
        let spec = SPECS.iter().find(|spec| spec.name == collector).unwrap();
        let path = root.path().join(file);
        let whole = fs::read(&path).unwrap_or_else(|error| panic!("{collector}: {file}: {error}"));
        fs::write(&path, text).unwrap();
        let (result, _) = scrape(spec, &host(root.path(), ARGS));
        fs::write(&path, whole).unwrap();
        let Err(CollectError::Failed(error)) = result else {
            panic!("{collector} with a broken {file}: {result:?}");
        };
        let error = error.to_string();
        assert!(error.starts_with(&format!("parsing {}: ", path.display())), "{error}");
        assert!(error.ends_with(&format!("found {found:?}")), "{error}");
    }
}

fn copy_of_frozen_host() -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    let original = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/root");
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        fs::create_dir_all(copy.path().join(&folder)).unwrap();
        for entry in fs::read_dir(original.join(&folder)).unwrap() {
            let entry = entry.unwrap();
            let path = folder.join(entry.file_name());
            match entry.file_type().unwrap() {
                kind if kind.is_dir() => folders.push(path),
                kind if kind.is_file() => drop(fs::copy(entry.path(), copy.path().join(path)).unwrap()),
                _ => symlink(fs::read_link(entry.path()).unwrap(), copy.path().join(path)).unwrap(),
            }
        }
    }
    copy
}
