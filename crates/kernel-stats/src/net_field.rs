//! A named number of a network protocol: what /proc/net/{netstat,snmp,snmp6,sockstat,sockstat6} have in common.

/// One number of one protocol. Collectors name the metric `protocol_name`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NetField<'a> {
    /// The protocol as the file has it, as in `TcpExt` or `Ip6`.
    pub protocol: &'a str,
    /// The field's name, as in `SyncookiesSent`.
    pub name: &'a str,
    /// A whole number, mostly events since boot. `Tcp MaxConn` is -1 where there is no limit, and gauges that slipped
    /// below zero show up near `u64::MAX`, so neither `i64` nor `u64` holds all of them.
    pub value: f64,
}
