//! Parsers for the files of Linux `/proc`, `/sys` and cgroups: bytes in, structs out.
//!
//! One module is one kernel file, and its `parse` never opens a file and never panics, whatever the bytes. Names are
//! borrowed from the input. A [`ParseError`] says what was expected and what stood there; the path is attached where
//! the file is read.
#![forbid(unsafe_code)]

pub mod all;
pub mod attribute;
pub mod cpu_list;
pub mod cpuinfo;
pub mod diskstats;
mod error;
mod fields;
pub mod file_nr;
pub mod loadavg;
pub mod meminfo;
pub mod mountinfo;
pub mod net_dev;
pub mod net_field;
pub mod net_netstat;
pub mod net_snmp6;
pub mod net_sockstat;
pub mod netlink;
pub mod nf_conntrack_stat;
pub mod os_release;
pub mod pid_stat;
pub mod pressure;
pub mod rtnl_link;
pub mod schedstat;
pub mod softnet_stat;
pub mod stat;
pub mod udev_data;
pub mod vmstat;

pub use error::ParseError;
