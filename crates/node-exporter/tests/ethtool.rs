//! The ethtool collector in a network namespace with a pair of veth devices, whose driver has statistics, and beside
//! upstream's program, if `PEERS` or PATH has it as tests/parity.rs wants it. Needs root and ip(8); without them it says
//! so and passes.
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "all of this is test")]
#![expect(
    clippy::disallowed_methods,
    reason = "the test runs ip, itself and upstream's program"
)]

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use exporter_toolkit::flags::Flags;
use exposition::{Encoder, Format, assemble};
use node_exporter::{Context, FLAGS, SPECS};

const TEST: &str = "statistics_of_a_veth_pair_are_told_as_upstream_tells_them";
/// Set where the test runs itself in the namespace.
const INSIDE: &str = "ETHTOOL_TEST_INSIDE";

fn ip(args: &[&str]) -> Result<Output, String> {
    let output = Command::new("ip").args(args).output();
    let output = output.map_err(|error| format!("ip: {error}"))?;
    match output.status.success() {
        true => Ok(output),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

/// A network namespace with a pair of veth devices and no traffic. Dropping it removes all.
struct Namespace(String);

impl Namespace {
    fn new() -> Result<Self, String> {
        let name = format!("ethtool-test-{}", std::process::id());
        ip(&["netns", "add", &name])?;
        let namespace = Self(name);
        let add = "link add veth-a type veth peer name veth-b";
        for command in [add, "link set lo up"] {
            let mut args = vec!["-n", namespace.0.as_str()];
            args.extend(command.split(' '));
            ip(&args)?;
        }
        Ok(namespace)
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        if let Err(error) = ip(&["netns", "delete", &self.0]) {
            eprintln!("removing the namespace {}: {error}", self.0);
        }
    }
}

#[test]
fn statistics_of_a_veth_pair_are_told_as_upstream_tells_them() {
    if std::env::var_os(INSIDE).is_some() {
        return inside();
    }
    let namespace = match Namespace::new() {
        Ok(namespace) => namespace,
        Err(error) => return eprintln!("not tested, no network namespace can be made here: {error}"),
    };
    let result = Command::new("ip")
        .args(["netns", "exec", &namespace.0])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", TEST, "--nocapture"])
        .env(INSIDE, "1")
        .status();
    assert!(result.unwrap().success());
}

fn inside() {
    let all = ours(&[]);
    let index = std::fs::read_to_string("/sys/class/net/veth-b/ifindex").unwrap();
    for line in [
        "node_ethtool_info{bus_info=\"\",device=\"veth-a\",driver=\"veth\",expansion_rom_version=\"\",",
        &format!("node_ethtool_peer_ifindex{{device=\"veth-a\"}} {index}"),
        "node_ethtool_received_queue_0_xdp_packets{device=\"veth-b\"} 0\n",
        "# HELP node_ethtool_received_queue_0_xdp_packets Network interface rx_queue_0_xdp_packets\n",
        "node_network_autonegotiate{device=\"veth-a\"} 0\n",
    ] {
        assert!(all.contains(line), "{line} is not in\n{all}");
    }
    assert!(!all.contains("device=\"lo\""), "the loopback device has no driver");
    let of_a = ours(&["device-include=-a$", "metrics-include=xdp_(packets|drops)"]);
    assert!(!of_a.contains("veth-b") && !of_a.contains("peer_ifindex") && of_a.contains("xdp_drops"));
    match upstream() {
        Some(program) => assert_eq!(all, theirs(program)),
        None => eprintln!("no upstream node_exporter on PATH or in PEERS: nothing to compare with"),
    }
}

/// What our collector says at its second scrape.
fn ours(flags: &[&str]) -> String {
    let spec = SPECS.iter().find(|spec| spec.name == "ethtool").unwrap();
    let args = flags.iter().map(|flag| format!("--collector.ethtool.{flag}").into());
    let flags = Flags::parse("x", "", [FLAGS, spec.flags], args).unwrap();
    let mut collector = (spec.build)(&Context::new(flags).unwrap()).unwrap();
    collector.collect(&mut Encoder::new(Format::Text004)).unwrap();
    let (mut out, mut text) = (Encoder::new(Format::Text004), Vec::new());
    collector.collect(&mut out).unwrap();
    assert!(assemble([&out], &mut text).is_empty());
    String::from_utf8(text).unwrap()
}

fn upstream() -> Option<PathBuf> {
    let path = std::env::var_os("PEERS").filter(|peers| !peers.is_empty());
    let path = path.or_else(|| std::env::var_os("PATH")).unwrap_or_default();
    let names = ["node_exporter", "prometheus-node-exporter"];
    let mut candidates = std::env::split_paths(&path).flat_map(|folder| names.map(|name| folder.join(name)));
    candidates.find(|file| file.is_file())
}

/// What upstream's program says of ethtool.
fn theirs(program: PathBuf) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let mut child = Command::new(program)
        .arg(format!("--web.listen-address={address}"))
        .args(["--web.disable-exporter-metrics", "--collector.disable-defaults"])
        .arg("--collector.ethtool")
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let answer = scrape(address);
    child.kill().unwrap();
    child.wait().unwrap();
    let of_collector = |line: &&str| line.contains("node_ethtool_") || line.contains("node_network_");
    let answer = answer.unwrap();
    answer
        .lines()
        .filter(of_collector)
        .map(|line| format!("{line}\n"))
        .collect()
}

/// The whole answer of a program that may not listen yet.
fn scrape(address: SocketAddr) -> Result<String, std::io::Error> {
    let deadline = Instant::now() + Duration::from_secs(20);
    let mut stream = loop {
        match TcpStream::connect(address) {
            Err(error) if Instant::now() > deadline => return Err(error),
            Err(_) => std::thread::yield_now(),
            Ok(stream) => break stream,
        }
    };
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    // HTTP/1.0, so that the body comes in one piece.
    stream.write_all(b"GET /metrics HTTP/1.0\r\nAccept: text/plain;version=0.0.4\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
