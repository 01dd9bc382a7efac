//! Every parser by name, for the tests and fuzzers that hold all of them to one rule: return, whatever the bytes.

use std::hint::black_box;

use crate::{
    ParseError, attribute, bcache, bcachefs, blkio, btrfs_commit_stats, buddyinfo, cgroup_procs, cgroups, cpu_list,
    cpu_max, cpuacct_usage_percpu, cpuinfo, diskstats, drbd, ethtool_linkmodes, file_nr, flat_keyed, genl_family,
    inet_diag, infiniband_port, interrupts, io_stat, ip_vs, ip_vs_stats, kstat, loadavg, mdstat, meminfo,
    memory_numa_stat, mountinfo, mountstats, net_arp, net_dev, net_netstat, net_rpc, net_snmp6, net_sockstat, net_stat,
    net_tcp, net_udp, netlink, nf_conntrack_stat, nl80211, node_meminfo, os_release, pci_ids, pid_limits,
    pid_schedstat, pid_stat, pressure, rtnl_addr, rtnl_link, rtnl_neigh, rtnl_qdisc, rtnl_route, schedstat, slabinfo,
    softirqs, softnet_stat, stat, swaps, udev_data, vulnerability, xfs_stats, zoneinfo,
};

/// Runs a parser and drops its result.
pub type Run = fn(&[u8]);

/// The name of each parser, and what runs it.
pub const PARSERS: &[(&str, Run)] = &[
    ("attribute_i64", |bytes| run(attribute::parse_i64(bytes))),
    ("attribute_limit", |bytes| run(attribute::parse_limit(bytes))),
    ("attribute_text", |bytes| run(attribute::text(bytes))),
    ("attribute_u64", |bytes| run(attribute::parse_u64(bytes))),
    ("bcache_priority_stats", |bytes| {
        run(bcache::parse_priority_stats(bytes))
    }),
    ("bcache_size", |bytes| run(bcache::parse_size(bytes))),
    ("bcache_writeback_rate", |bytes| {
        run(bcache::parse_writeback_rate(bytes))
    }),
    ("bcachefs_btree_write_stats", |bytes| {
        run(bcachefs::parse_btree_write_stats(bytes))
    }),
    ("bcachefs_compression_stats", |bytes| {
        run(bcachefs::parse_compression_stats(bytes))
    }),
    ("bcachefs_counter", |bytes| run(bcachefs::parse_counter(bytes))),
    ("bcachefs_errors", |bytes| run(bcachefs::parse_errors(bytes))),
    ("bcachefs_io_done", |bytes| run(bcachefs::parse_io_done(bytes))),
    ("bcachefs_io_errors", |bytes| run(bcachefs::parse_io_errors(bytes))),
    ("bcachefs_size", |bytes| run(bcachefs::parse_size(bytes))),
    ("blkio", |bytes| run(blkio::parse(bytes))),
    ("btrfs_commit_stats", |bytes| run(btrfs_commit_stats::parse(bytes))),
    ("buddyinfo", |bytes| run(buddyinfo::parse(bytes))),
    ("cgroup_procs", |bytes| run(cgroup_procs::parse(bytes))),
    ("cgroups", |bytes| run(cgroups::parse(bytes))),
    ("cpu_list", |bytes| run(cpu_list::parse(bytes))),
    ("cpu_max", |bytes| run(cpu_max::parse(bytes))),
    ("cpuacct_usage_percpu", |bytes| run(cpuacct_usage_percpu::parse(bytes))),
    ("cpuinfo", |bytes| run(cpuinfo::parse(bytes))),
    ("diskstats", |bytes| run(diskstats::parse(bytes))),
    ("drbd", |bytes| run(drbd::parse(bytes))),
    ("ethtool_linkmodes", |bytes| run(ethtool_linkmodes::parse(bytes))),
    ("file_nr", |bytes| run(file_nr::parse(bytes))),
    ("flat_keyed", |bytes| run(flat_keyed::parse(bytes))),
    ("genl_family", |bytes| run(genl_family::parse(bytes))),
    ("inet_diag", |bytes| run(inet_diag::parse(bytes))),
    ("infiniband_port_rate", |bytes| run(infiniband_port::parse_rate(bytes))),
    ("infiniband_port_state", |bytes| {
        run(infiniband_port::parse_state(bytes))
    }),
    ("interrupts", |bytes| run(interrupts::parse(bytes))),
    ("io_stat", |bytes| run(io_stat::parse(bytes))),
    ("ip_vs", |bytes| run(ip_vs::parse(bytes))),
    ("ip_vs_stats", |bytes| run(ip_vs_stats::parse(bytes))),
    ("kstat_named", |bytes| run(kstat::parse_named(bytes))),
    ("kstat_row", |bytes| run(kstat::parse_row(bytes))),
    ("loadavg", |bytes| run(loadavg::parse(bytes))),
    ("mdstat", |bytes| run(mdstat::parse(bytes))),
    ("meminfo", |bytes| run(meminfo::parse(bytes))),
    ("memory_numa_stat", |bytes| run(memory_numa_stat::parse(bytes))),
    ("mountinfo", |bytes| run(mountinfo::parse(bytes))),
    ("mountstats", |bytes| run(mountstats::parse(bytes))),
    ("net_arp", |bytes| run(net_arp::parse(bytes))),
    ("net_dev", |bytes| run(net_dev::parse(bytes))),
    ("net_netstat", |bytes| run(net_netstat::parse(bytes))),
    ("net_rpc_client", |bytes| run(net_rpc::parse_client(bytes))),
    ("net_rpc_server", |bytes| run(net_rpc::parse_server(bytes))),
    ("net_snmp6", |bytes| run(net_snmp6::parse(bytes))),
    ("net_sockstat", |bytes| run(net_sockstat::parse(bytes))),
    ("net_stat", |bytes| run(net_stat::parse(bytes))),
    ("net_tcp", |bytes| run(net_tcp::parse(bytes))),
    ("net_udp", |bytes| run(net_udp::parse(bytes))),
    ("netlink", |bytes| run(netlink::end(bytes))),
    ("nf_conntrack_stat", |bytes| run(nf_conntrack_stat::parse(bytes))),
    ("nl80211_bss", |bytes| run(nl80211::parse_bss(bytes))),
    ("nl80211_interfaces", |bytes| run(nl80211::parse_interfaces(bytes))),
    ("nl80211_stations", |bytes| run(nl80211::parse_stations(bytes))),
    ("node_meminfo", |bytes| run(node_meminfo::parse(bytes))),
    ("os_release", |bytes| run(os_release::parse(bytes))),
    ("pci_ids", |bytes| {
        pci_ids::entries(bytes).for_each(|entry| drop(black_box(entry)))
    }),
    ("pid_schedstat", |bytes| run(pid_schedstat::parse(bytes))),
    ("pid_limits", |bytes| run(pid_limits::parse(bytes))),
    ("pid_stat", |bytes| run(pid_stat::parse(bytes))),
    ("pressure", |bytes| run(pressure::parse(bytes))),
    ("rtnl_addr", |bytes| run(rtnl_addr::parse(bytes))),
    ("rtnl_link", |bytes| run(rtnl_link::parse(bytes))),
    ("rtnl_neigh", |bytes| run(rtnl_neigh::parse(bytes))),
    ("rtnl_qdisc", |bytes| run(rtnl_qdisc::parse(bytes))),
    ("rtnl_route", |bytes| run(rtnl_route::parse(bytes))),
    ("schedstat", |bytes| run(schedstat::parse(bytes))),
    ("slabinfo", |bytes| run(slabinfo::parse(bytes))),
    ("softirqs", |bytes| run(softirqs::parse(bytes))),
    ("softnet_stat", |bytes| run(softnet_stat::parse(bytes))),
    ("stat", |bytes| run(stat::parse(bytes))),
    ("swaps", |bytes| run(swaps::parse(bytes))),
    ("udev_data", |bytes| run(udev_data::parse(bytes))),
    ("vulnerability", |bytes| run(vulnerability::parse(bytes))),
    ("xfs_stats", |bytes| run(xfs_stats::parse(bytes))),
    ("zoneinfo", |bytes| run(zoneinfo::parse(bytes))),
];

/// Makes the error's text too, which is part of what must not panic.
fn run<T>(result: Result<T, ParseError>) {
    if let Err(error) = black_box(result) {
        black_box(error.to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::{PARSERS, Run};

    /// Inputs of every parser, by the beginning of its name; each goes through all parsers.
    const FIXTURES: &[(&str, &[u8])] = &[
        (
            "bcache_priority_stats",
            include_bytes!("../fixtures/bcache_priority_stats"),
        ),
        (
            "bcache_writeback_rate",
            include_bytes!("../fixtures/bcache_writeback_rate"),
        ),
        (
            "bcachefs_btree_write_stats",
            include_bytes!("../fixtures/bcachefs_btree_write_stats"),
        ),
        (
            "bcachefs_compression_stats",
            include_bytes!("../fixtures/bcachefs_compression_stats"),
        ),
        ("attribute", include_bytes!("../fixtures/attribute")),
        ("bcache_size", include_bytes!("../fixtures/bcache_size")),
        ("bcachefs_counter", include_bytes!("../fixtures/bcachefs_counter")),
        ("bcachefs_errors", include_bytes!("../fixtures/bcachefs_errors")),
        ("bcachefs_io_done", include_bytes!("../fixtures/bcachefs_io_done")),
        ("bcachefs_io_errors", include_bytes!("../fixtures/bcachefs_io_errors")),
        ("bcachefs_size", include_bytes!("../fixtures/bcachefs_size")),
        ("blkio", include_bytes!("../fixtures/blkio")),
        ("btrfs_commit_stats", include_bytes!("../fixtures/btrfs_commit_stats")),
        ("buddyinfo", include_bytes!("../fixtures/buddyinfo")),
        ("cgroup_procs", include_bytes!("../fixtures/cgroup_procs")),
        ("cgroups", include_bytes!("../fixtures/cgroups")),
        ("cpu_list", include_bytes!("../fixtures/cpu_list")),
        ("cpu_max", include_bytes!("../fixtures/cpu_max")),
        (
            "cpuacct_usage_percpu",
            include_bytes!("../fixtures/cpuacct_usage_percpu"),
        ),
        ("cpuinfo", include_bytes!("../fixtures/cpuinfo_arm64")),
        ("cpuinfo", include_bytes!("../fixtures/cpuinfo_x86")),
        ("diskstats", include_bytes!("../fixtures/diskstats")),
        ("drbd", include_bytes!("../fixtures/drbd")),
        ("ethtool_linkmodes", include_bytes!("../fixtures/ethtool_linkmodes")),
        ("file_nr", include_bytes!("../fixtures/file_nr")),
        ("flat_keyed", include_bytes!("../fixtures/flat_keyed")),
        ("genl_family", include_bytes!("../fixtures/genl_family")),
        ("inet_diag", include_bytes!("../fixtures/inet_diag")),
        ("infiniband_port", include_bytes!("../fixtures/infiniband_port")),
        ("interrupts", include_bytes!("../fixtures/interrupts")),
        ("io_stat", include_bytes!("../fixtures/io_stat")),
        ("ip_vs", include_bytes!("../fixtures/ip_vs")),
        ("ip_vs_stats", include_bytes!("../fixtures/ip_vs_stats")),
        ("kstat_named", include_bytes!("../fixtures/kstat_named")),
        ("kstat_row", include_bytes!("../fixtures/kstat_row")),
        ("loadavg", include_bytes!("../fixtures/loadavg")),
        ("mdstat", include_bytes!("../fixtures/mdstat")),
        ("meminfo", include_bytes!("../fixtures/meminfo")),
        ("memory_numa_stat", include_bytes!("../fixtures/memory_numa_stat_v1")),
        ("memory_numa_stat", include_bytes!("../fixtures/memory_numa_stat_v2")),
        ("mountinfo", include_bytes!("../fixtures/mountinfo")),
        ("mountstats", include_bytes!("../fixtures/mountstats")),
        ("net_arp", include_bytes!("../fixtures/net_arp")),
        ("net_dev", include_bytes!("../fixtures/net_dev")),
        ("net_netstat", include_bytes!("../fixtures/net_netstat")),
        ("net_netstat", include_bytes!("../fixtures/net_snmp")),
        ("net_rpc_client", include_bytes!("../fixtures/net_rpc_client")),
        ("net_rpc_server", include_bytes!("../fixtures/net_rpc_server")),
        ("net_snmp6", include_bytes!("../fixtures/net_snmp6")),
        ("net_sockstat", include_bytes!("../fixtures/net_sockstat")),
        ("net_sockstat", include_bytes!("../fixtures/net_sockstat6")),
        ("net_stat", include_bytes!("../fixtures/net_stat")),
        ("net_tcp", include_bytes!("../fixtures/net_tcp")),
        ("net_udp", include_bytes!("../fixtures/net_udp")),
        ("netlink", include_bytes!("../fixtures/rtnl_link")),
        ("nf_conntrack_stat", include_bytes!("../fixtures/nf_conntrack_stat")),
        ("nl80211", include_bytes!("../fixtures/nl80211")),
        ("node_meminfo", include_bytes!("../fixtures/node_meminfo")),
        ("os_release", include_bytes!("../fixtures/os_release")),
        ("pci_ids", include_bytes!("../fixtures/pci_ids")),
        ("pid_schedstat", include_bytes!("../fixtures/pid_schedstat")),
        ("pid_limits", include_bytes!("../fixtures/pid_limits")),
        ("pid_stat", include_bytes!("../fixtures/pid_stat")),
        ("pressure", include_bytes!("../fixtures/pressure")),
        ("rtnl_addr", include_bytes!("../fixtures/rtnl_addr")),
        ("rtnl_link", include_bytes!("../fixtures/rtnl_link")),
        ("rtnl_neigh", include_bytes!("../fixtures/rtnl_neigh")),
        ("rtnl_qdisc", include_bytes!("../fixtures/rtnl_qdisc")),
        ("rtnl_route", include_bytes!("../fixtures/rtnl_route")),
        ("schedstat", include_bytes!("../fixtures/schedstat")),
        ("slabinfo", include_bytes!("../fixtures/slabinfo")),
        ("softirqs", include_bytes!("../fixtures/softirqs")),
        ("softnet_stat", include_bytes!("../fixtures/softnet_stat")),
        ("stat", include_bytes!("../fixtures/stat")),
        ("swaps", include_bytes!("../fixtures/swaps")),
        ("udev_data", include_bytes!("../fixtures/udev_data")),
        ("flat_keyed", include_bytes!("../fixtures/vmstat")),
        ("vulnerability", include_bytes!("../fixtures/vulnerability")),
        ("xfs_stats", include_bytes!("../fixtures/xfs_stats")),
        ("zoneinfo", include_bytes!("../fixtures/zoneinfo")),
    ];

    /// Bytes that are ends, separators, digits, quotes and escapes somewhere, or no text at all.
    const CORRUPTIONS: &[u8] = b"\0\n\r\t \"#'()-,.09:=Ex\\\x7f\x80\xff";

    #[test]
    fn every_parser_has_a_fixture_and_every_fixture_a_parser() {
        for (parser, _) in PARSERS {
            assert!(
                FIXTURES.iter().any(|(fixture, _)| parser.starts_with(fixture)),
                "{parser}"
            );
        }
        for (fixture, _) in FIXTURES {
            assert!(
                PARSERS.iter().any(|(parser, _)| parser.starts_with(fixture)),
                "{fixture}"
            );
        }
    }

    #[test]
    fn fixtures_of_others_never_panic() {
        for (_, parse) in PARSERS {
            for (_, fixture) in FIXTURES {
                parse(fixture);
            }
        }
    }

    #[test]
    fn truncations_never_panic() {
        for_own_fixtures(|parse, fixture| {
            for length in 0..fixture.len() {
                parse(&fixture[..length]);
                parse(&fixture[length..]);
            }
        });
    }

    #[test]
    fn corruptions_of_one_byte_never_panic() {
        for_own_fixtures(|parse, fixture| {
            let mut bytes = fixture.to_vec();
            for (position, &original) in fixture.iter().enumerate() {
                for &corruption in CORRUPTIONS {
                    bytes[position] = corruption;
                    parse(&bytes);
                }
                bytes[position] = original;
            }
        });
    }

    fn for_own_fixtures(test: impl Fn(Run, &[u8])) {
        for (name, parse) in PARSERS {
            for (_, fixture) in FIXTURES.iter().filter(|(fixture, _)| name.starts_with(fixture)) {
                test(*parse, fixture);
            }
        }
    }
}
