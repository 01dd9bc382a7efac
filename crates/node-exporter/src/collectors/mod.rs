//! One file is one collector; this is the list of them.

mod conntrack;
mod cpu;
mod diskstats;
mod entropy;
mod filefd;
mod filesystem;
mod loadavg;
mod meminfo;
mod netclass;
mod netdev;
mod netstat;
mod os;
mod pressure;
mod processes;
mod schedstat;
mod sockstat;
mod softnet;
mod stat;
mod textfile;
mod time;
mod timex;
mod uname;
mod vmstat;

use exporter_toolkit::collector::CollectorSpec;

use crate::context::Context;

/// Every collector, in alphabetical order.
pub const SPECS: &[CollectorSpec<Context>] = &[
    conntrack::SPEC,
    cpu::SPEC,
    diskstats::SPEC,
    entropy::SPEC,
    filefd::SPEC,
    filesystem::SPEC,
    loadavg::SPEC,
    meminfo::SPEC,
    netclass::SPEC,
    netdev::SPEC,
    netstat::SPEC,
    os::SPEC,
    pressure::SPEC,
    processes::SPEC,
    schedstat::SPEC,
    sockstat::SPEC,
    softnet::SPEC,
    stat::SPEC,
    textfile::SPEC,
    time::SPEC,
    timex::SPEC,
    uname::SPEC,
    vmstat::SPEC,
];
