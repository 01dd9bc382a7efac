//! Protocol counters, from /proc/net/{netstat,snmp,snmp6}: the fields that match `--collector.netstat.fields` as
//! `Protocol_Field`. snmp6 is absent where IPv6 is off.

use exporter_toolkit::collector::{CollectError, Collector, CollectorSpec};
use exporter_toolkit::flags::Flag;
use exporter_toolkit::go_regex::Expression;
use exposition::{Encoder, Kind};
use kernel_stats::net_field::NetField;
use kernel_stats::{net_netstat, net_snmp6};

use crate::context::Context;
use crate::field_names::{FieldFamily, FieldNames};
use crate::filter::regex_flag;
use crate::source::{Source, SourceError, if_present};

const FIELDS: &str = "collector.netstat.fields";
const DEFAULT_FIELDS: &str = "^(.*_(InErrors|InErrs)|Ip_Forwarding|Ip(6|Ext)_(InOctets|OutOctets)|Icmp6?_(InMsgs|OutMsgs)\
    |TcpExt_(Listen.*|Syncookies.*|TCPSynRetrans|TCPTimeouts|TCPOFOQueue|TCPRcvQDrop)\
    |Tcp_(ActiveOpens|InSegs|OutSegs|OutRsts|PassiveOpens|RetransSegs|CurrEstab)\
    |Udp6?_(InDatagrams|OutDatagrams|NoPorts|RcvbufErrors|SndbufErrors))$";

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "netstat",
    enabled_by_default: true,
    flags: &[Flag::value(
        FIELDS,
        DEFAULT_FIELDS,
        "Regexp of fields to return for netstat collector.",
    )],
    build: |context| {
        Ok(Box::new(NetStat {
            shown: regex_flag(context.flags(), FIELDS)?,
            netstat: PairedFile::new(context.proc("net/netstat")),
            snmp: PairedFile::new(context.proc("net/snmp")),
            snmp6: context.proc("net/snmp6"),
            names: FieldNames::default(),
        }))
    },
};

struct NetStat {
    shown: Expression,
    netstat: PairedFile,
    snmp: PairedFile,
    snmp6: Source,
    names: FieldNames,
}

impl Collector for NetStat {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        self.netstat.encode(&self.shown, out)?;
        self.snmp.encode(&self.shown, out)?;
        self.names.rewind();
        for field in if_present(self.snmp6.parse(net_snmp6::parse))?.unwrap_or_default() {
            let NetField { protocol, name, value } = field;
            if let Some(family) = self
                .names
                .next(protocol, name, || describe(&self.shown, protocol, name))
            {
                out.scalar(&family.desc(Kind::Untyped), value);
            }
        }
        Ok(())
    }
}

/// A file of pairs of lines. Most of its names are not shown: so their lines are compared as a whole, and no more than the
/// numbers that are shown is read.
struct PairedFile {
    source: Source,
    /// In the file's order.
    lines: Vec<KnownLine>,
}

/// What is shown of a line of names.
#[derive(Default)]
struct KnownLine {
    names: String,
    shown: Vec<(usize, FieldFamily)>,
}

impl PairedFile {
    fn new(source: Source) -> Self {
        let lines = Vec::new();
        Self { source, lines }
    }

    fn encode(&mut self, shown: &Expression, out: &mut Encoder) -> Result<(), SourceError> {
        let lines = &mut self.lines;
        self.source.parse(|bytes| {
            for (index, pair) in net_netstat::pairs(bytes).enumerate() {
                let pair = pair?;
                if index == lines.len() {
                    lines.push(KnownLine::default());
                }
                let line = &mut lines[index];
                if line.names != pair.line {
                    *line = KnownLine::new(&pair, shown);
                }
                let columns = line.shown.iter().map(|(column, _)| *column);
                for ((_, family), number) in line.shown.iter().zip(pair.numbers(columns)) {
                    out.scalar(&family.desc(Kind::Untyped), number?);
                }
            }
            Ok(())
        })
    }
}

impl KnownLine {
    fn new(pair: &net_netstat::Pair<'_>, shown: &Expression) -> Self {
        let names = pair.names().enumerate();
        Self {
            names: pair.line.to_owned(),
            shown: names
                .filter_map(|(column, name)| Some((column, describe(shown, pair.protocol, name)?)))
                .collect(),
        }
    }
}

fn describe(shown: &Expression, protocol: &str, name: &str) -> Option<FieldFamily> {
    // Most fields are not shown, and to format is slow.
    let key = [protocol, "_", name].concat();
    shown.is_match(&key).then(|| FieldFamily {
        name: format!("node_netstat_{key}"),
        help: format!("Statistic {protocol}{name}."),
    })
}

#[cfg(test)]
mod tests {
    use exporter_toolkit::go_regex;

    use super::*;

    #[test]
    fn the_default_shows_what_node_exporter_shows() {
        let shown = go_regex::parse(DEFAULT_FIELDS).unwrap();
        for (protocol, name, is_shown) in [
            ("Tcp", "CurrEstab", true),
            ("TcpExt", "ListenDrops", true),
            ("Icmp6", "InMsgs", true),
            ("UdpLite6", "InErrors", true),
            ("Ip", "DefaultTTL", false),
            ("Icmp6", "OutType133", false),
            ("TcpExt", "TCPTimeoutsX", false),
        ] {
            assert_eq!(
                describe(&shown, protocol, name).is_some(),
                is_shown,
                "{protocol}_{name}"
            );
        }
    }
}
