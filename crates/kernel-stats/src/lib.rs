//! Parsers for the files of Linux `/proc`, `/sys` and cgroups: bytes in, structs out.
//!
//! One module is one kernel file, and its `parse` never opens a file and never panics, whatever the bytes. Names are
//! borrowed from the input. A [`ParseError`] says what was expected and what stood there; the path is attached where
//! the file is read.
#![forbid(unsafe_code)]

pub mod all;
pub mod attribute;
pub mod bcache;
pub mod bcachefs;
pub mod blkio;
pub mod btrfs_commit_stats;
pub mod buddyinfo;
pub mod cgroup_procs;
pub mod cgroups;
pub mod cpu_list;
pub mod cpu_max;
pub mod cpu_table;
pub mod cpuacct_usage_percpu;
pub mod cpuinfo;
pub mod diskstats;
pub mod drbd;
mod error;
pub mod ethtool_linkmodes;
mod fields;
pub mod file_nr;
pub mod flat_keyed;
pub mod genl_family;
pub mod inet_diag;
pub mod infiniband_port;
pub mod interrupts;
pub mod io_stat;
pub mod ip_vs;
pub mod ip_vs_stats;
pub mod kstat;
pub mod loadavg;
pub mod mdstat;
pub mod meminfo;
pub mod memory_numa_stat;
pub mod mountinfo;
pub mod mountstats;
pub mod net_arp;
pub mod net_dev;
pub mod net_field;
pub mod net_netstat;
pub mod net_rpc;
pub mod net_snmp6;
pub mod net_sockstat;
pub mod net_stat;
pub mod net_tcp;
pub mod net_udp;
pub mod netlink;
pub mod nf_conntrack_stat;
pub mod nl80211;
pub mod node_meminfo;
pub mod os_release;
pub mod pci_ids;
pub mod pid_limits;
pub mod pid_schedstat;
pub mod pid_stat;
pub mod pressure;
pub mod rtnl_addr;
pub mod rtnl_link;
pub mod rtnl_neigh;
pub mod rtnl_qdisc;
pub mod rtnl_route;
pub mod schedstat;
pub mod slabinfo;
pub mod softirqs;
pub mod softnet_stat;
pub mod stat;
pub mod swaps;
pub mod udev_data;
pub mod vulnerability;
pub mod xfs_stats;
pub mod zoneinfo;

pub use error::ParseError;
