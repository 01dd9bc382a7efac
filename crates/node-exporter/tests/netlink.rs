//! The collectors that ask netlink, in a network namespace with devices, addresses, neighbours, routes, queueing
//! disciplines and sockets that the test makes; beside upstream's program, where tests/parity.rs would find it. Needs root
//! and iproute2; without them it says so and passes.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "all of this is test")]
#![expect(clippy::disallowed_methods, reason = "the test runs ip, tc and both programs")]

mod programs;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsFd, OwnedFd};
use std::process::Command;
use std::time::{Duration, Instant};

use exporter_toolkit::flags::Flags;
use exposition::{Encoder, Format, assemble};
use node_exporter::{Context, FLAGS, SPECS};
use rustix::net::{AddressFamily, SocketFlags, SocketType, connect, socket_with};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use self::programs::{OURS, Program, upstream};

/// What is made in the namespace: arguments of `ip`, or of `tc` after that word.
const SETUP: [&str; 28] = [
    "link add veth0 index 10 address 02:00:00:00:00:01 type veth peer name veth1 index 11 address 02:00:00:00:00:02",
    "link add down0 index 20 address 02:00:00:00:00:03 type veth peer name down1 index 21 address 02:00:00:00:00:04",
    "link set veth0 addrgenmode none alias uplink group 7",
    "link set veth1 addrgenmode none mtu 9000",
    "link set lo up",
    "link set veth0 up",
    "link set veth1 up",
    "addr add 10.9.0.0/31 dev veth0",
    "addr add 192.0.2.1 peer 198.51.100.7/32 dev veth1",
    "addr add 192.0.2.1 peer 198.51.100.8/32 dev veth1",
    "addr add 10.8.0.1/24 dev veth1",
    "addr add 2001:db8::1/64 dev veth1 nodad",
    "neigh add 10.9.0.1 lladdr 02:00:00:00:00:99 dev veth0 nud permanent",
    "neigh add 10.8.0.7 lladdr 02:00:00:00:00:77 dev veth1 nud permanent",
    "neigh add 10.8.0.8 lladdr 02:00:00:00:00:78 dev veth1 nud stale",
    "neigh add 10.8.0.9 lladdr 02:00:00:00:00:79 dev veth1 nud noarp",
    "neigh add 2001:db8::7 lladdr 02:00:00:00:00:77 dev veth1 nud permanent",
    "route add default via 10.8.0.254 dev veth1 metric 50",
    "route add 203.0.113.0/24 nexthop via 10.8.0.253 dev veth1 weight 3 nexthop via 10.9.0.1 dev veth0 weight 1",
    "route add 203.0.114.0/24 via 10.8.0.253 src 10.8.0.1 proto bgp",
    "route add 203.0.115.0/24 dev veth1 proto 77",
    "route add 203.0.115.0/24 dev veth1 proto 77 table 100",
    "route add blackhole 203.0.116.0/24",
    "-6 route add 2001:db8:1::/48 via 2001:db8::33 metric 7",
    "tc qdisc replace dev veth0 root pfifo limit 10",
    "tc qdisc replace dev veth1 root handle 1: htb",
    "tc class add dev veth1 parent 1: classid 1:1 htb rate 1mbit",
    "tc qdisc add dev veth1 parent 1:1 handle 2: pfifo limit 10",
];

/// Enough for what the kernel does a moment later, on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(20);

/// The namespace, which is deleted in the end.
struct Network {
    name: String,
}

impl Network {
    /// Makes the namespace and moves this thread into it.
    fn enter() -> io::Result<Self> {
        let name = format!("pilotlight-{}", std::process::id());
        run(Command::new("ip").args(["netns", "add", &name]))?;
        let network = Self { name };
        for line in SETUP {
            let (program, line) = line.strip_prefix("tc ").map_or(("ip", line), |line| ("tc", line));
            run(Command::new(program).args(["-n", &network.name]).args(line.split(' ')))?;
        }
        let place = File::open(format!("/run/netns/{}", network.name))?;
        move_into_link_name_space(place.as_fd(), Some(LinkNameSpaceType::Network))?;
        network.wait_until_up()?;
        Ok(network)
    }

    /// The kernel tells of carriers a moment later.
    fn wait_until_up(&self) -> io::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while run(Command::new("ip").args(["-n", &self.name, "-brief", "link"]))?
            .matches(" UP ")
            .count()
            < 2
        {
            assert!(Instant::now() < deadline, "the devices do not come up");
        }
        Ok(())
    }

    /// A program that is to run in the namespace, with a /sys that shows it.
    fn command(&self, program: impl Into<OsString>) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name]).arg(program.into());
        command
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        if let Err(error) = run(Command::new("ip").args(["netns", "delete", &self.name])) {
            eprintln!("deleting the network namespace: {error}");
        }
    }
}

fn run(command: &mut Command) -> io::Result<String> {
    let output = command.output()?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        Err(io::Error::other(format!("{command:?}: {error}")))
    }
}

/// Sockets of this thread's namespace in several states.
struct Sockets {
    _listeners: Vec<TcpListener>,
    _streams: Vec<TcpStream>,
    _asking: OwnedFd,
}

impl Sockets {
    fn open() -> Self {
        let pair = |address: &str| {
            let listener = TcpListener::bind(address).unwrap();
            let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let (server, _) = listener.accept().unwrap();
            (listener, client, server)
        };
        let (one, mut client, server) = pair("127.0.0.1:0");
        client.write_all(&[7; 100]).unwrap();
        let (two, half, other_half) = pair("[::1]:0");
        half.shutdown(Shutdown::Write).unwrap();
        let (three, closed, also_closed) = pair("127.0.0.1:0");
        drop((closed, also_closed));
        let asking = socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::NONBLOCK, None).unwrap();
        connect(&asking, &SocketAddr::from(([10, 9, 0, 1], 9))).unwrap_err();
        Self {
            _listeners: vec![one, two, three],
            _streams: vec![client, server, half, other_half],
            _asking: asking,
        }
    }
}

/// The samples of a collector in this thread's namespace, without what all names begin with.
fn samples(collector: &str, args: &[&str]) -> Vec<String> {
    let spec = SPECS.iter().find(|spec| spec.name == collector).unwrap();
    let args = args.iter().map(|arg| arg.into());
    let flags = Flags::parse("x", "", [FLAGS, spec.flags], args).unwrap();
    let (mut out, mut text) = (Encoder::new(Format::Text004), Vec::new());
    (spec.build)(&Context::new(flags).unwrap())
        .unwrap()
        .collect(&mut out)
        .unwrap();
    assert!(
        assemble([&out], &mut text).is_empty(),
        "{collector}: a series is there twice"
    );
    let text = String::from_utf8(text).unwrap();
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    samples.map(|line| line.replace("node_", "")).collect()
}

fn is_of(line: &str, families: &[&str]) -> bool {
    families
        .iter()
        .any(|family| line.strip_prefix(family).is_some_and(|rest| rest.starts_with('{')))
}

#[test]
fn netlink_is_understood() {
    let network = match Network::enter() {
        Ok(network) => network,
        Err(error) => return eprintln!("not tested, no network can be made here: {error}"),
    };
    let sockets = Sockets::open();
    sockets_are_counted();
    assert_eq!(
        samples("arp", &[]),
        [r#"arp_entries{device="veth0"} 1"#, r#"arp_entries{device="veth1"} 2"#]
    );
    assert_eq!(samples("network_route", &[]), ROUTES);
    assert_eq!(samples("arp", &["--collector.arp.device-exclude=1$"]).len(), 1);
    let roots: Vec<String> = samples("qdisc", &[])
        .iter()
        .filter_map(|line| line.strip_prefix("qdisc_packets_total")?.split(' ').next())
        .map(str::to_owned)
        .collect();
    let expected = [("lo", "noqueue"), ("veth0", "pfifo"), ("veth1", "htb")];
    assert_eq!(
        roots,
        expected.map(|(device, kind)| format!("{{device=\"{device}\",kind=\"{kind}\"}}"))
    );
    addresses_and_aliases_are_shown();
    properties_are_shown();
    one_filter_holds_for_all(&network);
    equals_upstream(&network);
    drop(sockets);
}

fn sockets_are_counted() {
    let expected = [
        "close_wait\"} 1",
        "established\"} 2",
        "fin_wait2\"} 1",
        "listen\"} 3",
        "rx_queued_bytes\"} 101",
        "syn_sent\"} 1",
        "time_wait\"} 1",
    ];
    let found = || -> Vec<String> {
        let samples = samples("tcpstat", &[]);
        let samples = samples.iter().filter(|line| !line.contains("tx_queued_bytes"));
        samples
            .map(|line| line.replace("tcp_connection_states{state=\"", ""))
            .collect()
    };
    // The end of a connection is acknowledged a moment later.
    let deadline = Instant::now() + PATIENCE;
    while found() != expected && Instant::now() < deadline {
        std::thread::yield_now();
    }
    assert_eq!(found(), expected);
}

fn addresses_and_aliases_are_shown() {
    let args = ["--collector.netdev.address-info", "--collector.netdev.label-ifalias"];
    let families = ["network_address_info", "network_receive_nohandler_total"];
    let mut found = samples("netdev", &args);
    found.retain(|line| is_of(line, &families));
    let expected = [
        r#"network_address_info{address="10.8.0.1",device="veth1",netmask="24",scope="global"} 1"#,
        r#"network_address_info{address="10.9.0.0",device="veth0",netmask="31",scope="global"} 1"#,
        r#"network_address_info{address="127.0.0.1",device="lo",netmask="8",scope="link-local"} 1"#,
        r#"network_address_info{address="192.0.2.1",device="veth1",netmask="32",scope="global"} 1"#,
        r#"network_address_info{address="2001:db8::1",device="veth1",netmask="64",scope="global"} 1"#,
        r#"network_address_info{address="::1",device="lo",netmask="128",scope="link-local"} 1"#,
        r#"network_receive_nohandler_total{device="down0",ifalias=""} 0"#,
        r#"network_receive_nohandler_total{device="down1",ifalias=""} 0"#,
        r#"network_receive_nohandler_total{device="lo",ifalias=""} 0"#,
        r#"network_receive_nohandler_total{device="veth0",ifalias="uplink"} 0"#,
        r#"network_receive_nohandler_total{device="veth1",ifalias=""} 0"#,
    ];
    assert_eq!(found, expected);
}

fn properties_are_shown() {
    let args = [
        "--collector.netclass.netlink",
        "--collector.netclass.ignored-devices=^down1$",
    ];
    let families = ["info", "iface_link", "mtu_bytes", "net_dev_group", "speed_bytes", "up"];
    let families = families.map(|family| format!("network_{family}"));
    let mut found = samples("netclass", &args);
    found.retain(|line| is_of(line, &families.each_ref().map(String::as_str)));
    assert_eq!(found, PROPERTIES);
}

/// Collectors whose series have a `device` of the network.
const OF_DEVICES: [&str; 6] = ["arp", "ethtool", "netclass", "netdev", "network_route", "qdisc"];

fn one_filter_holds_for_all(network: &Network) {
    let mut command = network.command(OURS);
    command.args(["--collector.disable-defaults", "--collector.netdev.address-info"]);
    command.args(OF_DEVICES.map(|name| format!("--collector.{name}")));
    let text = Program::start(command.arg("--network.device-include=^veth1$")).scrape();
    let devices = text
        .lines()
        .filter_map(|line| line.split("device=\"").nth(1)?.split('"').next());
    let devices: BTreeSet<&str> = devices.collect();
    assert_eq!(devices, BTreeSet::from(["veth1"]), "{text}");
    for (collector, family) in OF_DEVICES.iter().zip([
        "node_arp_entries{",
        "node_ethtool_info{",
        "node_network_up{",
        "node_network_receive_bytes_total{",
        "node_network_routes{",
        "node_qdisc_bytes_total{",
    ]) {
        assert!(text.contains(family), "{collector} says nothing: {text}");
    }
}

const ROUTES: [&str; 13] = [
    r#"network_route_info{dest="10.8.0.0/24",device="veth1",gw="",priority="0",proto="kernel",src="10.8.0.1",weight=""} 1"#,
    r#"network_route_info{dest="10.9.0.0/31",device="veth0",gw="",priority="0",proto="kernel",src="10.9.0.0",weight=""} 1"#,
    r#"network_route_info{dest="198.51.100.7/32",device="veth1",gw="",priority="0",proto="kernel",src="192.0.2.1",weight=""} 1"#,
    r#"network_route_info{dest="198.51.100.8/32",device="veth1",gw="",priority="0",proto="kernel",src="192.0.2.1",weight=""} 1"#,
    r#"network_route_info{dest="2001:db8:1::/48",device="veth1",gw="2001:db8::33",priority="7",proto="boot",src="",weight=""} 1"#,
    r#"network_route_info{dest="2001:db8::/64",device="veth1",gw="",priority="256",proto="kernel",src="",weight=""} 1"#,
    r#"network_route_info{dest="203.0.113.0/24",device="veth0",gw="10.9.0.1",priority="0",proto="boot",src="",weight="1"} 1"#,
    r#"network_route_info{dest="203.0.113.0/24",device="veth1",gw="10.8.0.253",priority="0",proto="boot",src="",weight="3"} 1"#,
    r#"network_route_info{dest="203.0.114.0/24",device="veth1",gw="10.8.0.253",priority="0",proto="bgp",src="10.8.0.1",weight=""} 1"#,
    r#"network_route_info{dest="203.0.115.0/24",device="veth1",gw="",priority="0",proto="unknown",src="",weight=""} 1"#,
    r#"network_route_info{dest="default",device="veth1",gw="10.8.0.254",priority="50",proto="boot",src="",weight=""} 1"#,
    r#"network_routes{device="veth0"} 2"#,
    r#"network_routes{device="veth1"} 10"#,
];

const PROPERTIES: [&str; 23] = [
    r#"network_iface_link{device="down0"} 21"#,
    r#"network_iface_link{device="lo"} 1"#,
    r#"network_iface_link{device="veth0"} 11"#,
    r#"network_iface_link{device="veth1"} 10"#,
    r#"network_info{address="00:00:00:00:00:00",broadcast="00:00:00:00:00:00",device="lo",duplex="",ifalias="",operstate="unknown"} 1"#,
    r#"network_info{address="02:00:00:00:00:01",broadcast="ff:ff:ff:ff:ff:ff",device="veth0",duplex="Full",ifalias="uplink",operstate="up"} 1"#,
    r#"network_info{address="02:00:00:00:00:02",broadcast="ff:ff:ff:ff:ff:ff",device="veth1",duplex="Full",ifalias="",operstate="up"} 1"#,
    r#"network_info{address="02:00:00:00:00:03",broadcast="ff:ff:ff:ff:ff:ff",device="down0",duplex="Full",ifalias="",operstate="down"} 1"#,
    r#"network_mtu_bytes{device="down0"} 1500"#,
    r#"network_mtu_bytes{device="lo"} 65536"#,
    r#"network_mtu_bytes{device="veth0"} 1500"#,
    r#"network_mtu_bytes{device="veth1"} 9000"#,
    r#"network_net_dev_group{device="down0"} 0"#,
    r#"network_net_dev_group{device="lo"} 0"#,
    r#"network_net_dev_group{device="veth0"} 7"#,
    r#"network_net_dev_group{device="veth1"} 0"#,
    r#"network_speed_bytes{device="down0"} 1.25e+09"#,
    r#"network_speed_bytes{device="veth0"} 1.25e+09"#,
    r#"network_speed_bytes{device="veth1"} 1.25e+09"#,
    r#"network_up{device="down0"} 0"#,
    r#"network_up{device="lo"} 0"#,
    r#"network_up{device="veth0"} 1"#,
    r#"network_up{device="veth1"} 1"#,
];

/// All that upstream's program says of this network, ours says too, and nothing else.
fn equals_upstream(network: &Network) {
    let Some(upstream) = upstream() else {
        return eprintln!("no upstream node_exporter on PATH or in PEERS: nothing to compare with");
    };
    for flags in [
        &[
            "--collector.arp",
            "--collector.network_route",
            "--collector.qdisc",
            "--collector.tcpstat",
        ][..],
        &[
            "--collector.netdev",
            "--collector.netdev.address-info",
            "--collector.netdev.label-ifalias",
        ],
        &["--collector.netdev", "--collector.netdev.enable-detailed-metrics"],
        &[
            "--collector.netdev",
            "--collector.netdev.enable-detailed-metrics",
            "--no-collector.netdev.netlink",
        ],
        &[
            "--collector.netclass",
            "--collector.netclass.netlink",
            "--collector.netclass_rtnl.with-stats",
        ],
    ] {
        let of = |program: OsString| {
            let mut command = network.command(program);
            command
                .args(["--collector.disable-defaults", "--web.disable-exporter-metrics"])
                .args(flags);
            comparable(&Program::start(&mut command).scrape())
        };
        assert_eq!(of(OURS.into()), of(upstream.clone().into()), "{flags:?}");
    }
}

/// The lines of a scrape, sorted; without the values that the scrape itself changes.
fn comparable(text: &str) -> Vec<String> {
    const CHANGING: [&str; 4] = [
        "node_network_receive_",
        "node_network_transmit_",
        "node_network_multicast_total",
        "node_qdisc_",
    ];
    let own = |line: &&str| {
        ![
            "node_scrape_collector_duration_seconds",
            "node_exporter_build_info",
            "promhttp_",
            // The scrapes' own sockets are in states that they leave at any moment.
            "node_tcp_connection_states{",
        ]
        .iter()
        .any(|own| line.contains(own))
    };
    let mut lines: Vec<String> = text
        .lines()
        .filter(own)
        .map(|line| {
            let changes = CHANGING.iter().any(|family| line.starts_with(family));
            let line = line
                .rsplit_once(' ')
                .filter(|_| changes)
                .map_or(line, |(series, _)| series);
            line.to_owned()
        })
        .collect();
    lines.sort_unstable();
    lines
}
