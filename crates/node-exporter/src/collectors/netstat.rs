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
use crate::source::Source;

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
            netstat: context.proc("net/netstat"),
            snmp: context.proc("net/snmp"),
            snmp6: context.proc("net/snmp6"),
            families: Families {
                shown: regex_flag(context.flags(), FIELDS)?,
                names: FieldNames::default(),
            },
        }))
    },
};

struct NetStat {
    netstat: Source,
    snmp: Source,
    snmp6: Source,
    families: Families,
}

impl Collector for NetStat {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        self.families.names.rewind();
        self.families.encode(&self.netstat.parse(net_netstat::parse)?, out);
        self.families.encode(&self.snmp.parse(net_netstat::parse)?, out);
        match self.snmp6.parse(net_snmp6::parse).map_err(CollectError::from) {
            Err(CollectError::NoData(_)) => Ok(()),
            fields => {
                self.families.encode(&fields?, out);
                Ok(())
            }
        }
    }
}

struct Families {
    shown: Expression,
    names: FieldNames,
}

impl Families {
    fn encode(&mut self, fields: &[NetField<'_>], out: &mut Encoder) {
        for field in fields {
            let family = self
                .names
                .next(field.protocol, field.name, || describe(&self.shown, field));
            if let Some(family) = family {
                out.scalar(&family.desc(Kind::Untyped), field.value);
            }
        }
    }
}

fn describe(shown: &Expression, field: &NetField<'_>) -> Option<FieldFamily> {
    let NetField { protocol, name, .. } = field;
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
            let value = 0.0;
            let family = describe(&shown, &NetField { protocol, name, value });
            assert_eq!(family.is_some(), is_shown, "{protocol}_{name}");
        }
    }
}
