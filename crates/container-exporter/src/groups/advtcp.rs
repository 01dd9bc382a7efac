//! The kernel's counters of TCP, from /proc/PID/net/{netstat,snmp}. As with traffic, a network is counted once.

use exposition::{Desc, Encoder};
use kernel_stats::net_netstat;

use super::{Enabled, Group, Stats};
use crate::reader::{Reading, Source};

/// The group.
pub(super) const GROUP: Group = Group {
    name: "advtcp",
    default: Enabled::Off,
    read,
    encode,
};

const STATS: Desc<'_> = Desc::gauge(
    "container_network_advance_tcp_stats_total",
    "advance tcp connections statistic for container",
    &["tcp_state"],
);

/// The counters that are reported, sorted by the kernel's names, and the values that they have in the label `tcp_state`.
#[rustfmt::skip]
const COUNTERS: [(&str, &str); 99] = [
    ("ActiveOpens", "activeopens"),
    ("AttemptFails", "attemptfails"),
    ("CurrEstab", "currestab"),
    ("DelayedACKLocked", "delayedacklocked"),
    ("DelayedACKLost", "delayedacklost"),
    ("DelayedACKs", "delayedacks"),
    ("EmbryonicRsts", "embryonicrsts"),
    ("EstabResets", "estabresets"),
    ("IPReversePathFilter", "ipreversepathfilter"),
    ("InCsumErrors", "incsumerrors"),
    ("InErrs", "inerrs"),
    ("InSegs", "insegs"),
    ("ListenDrops", "listendrops"),
    ("ListenOverflows", "listenoverflows"),
    ("LockDroppedIcmps", "lockdroppedicmps"),
    ("MaxConn", "maxconn"),
    ("OfoPruned", "ofopruned"),
    ("OutOfWindowIcmps", "outofwindowicmps"),
    ("OutRsts", "outrsts"),
    ("OutSegs", "outsegs"),
    ("PAWSActive", "pawsactive"),
    ("PAWSEstab", "pawsestab"),
    ("PFMemallocDrop", "pfmemallocdrop"),
    ("PassiveOpens", "passiveopens"),
    ("PruneCalled", "prunecalled"),
    ("RcvPruned", "rcvpruned"),
    ("RetransSegs", "retranssegs"),
    ("RtoAlgorithm", "rtoalgorithm"),
    ("RtoMax", "rtomax"),
    ("RtoMin", "rtomin"),
    ("SyncookiesFailed", "syncookiesfailed"),
    ("SyncookiesRecv", "syncookiesrecv"),
    ("SyncookiesSent", "syncookiessent"),
    ("TCPAbortFailed", "tcpabortfailed"),
    ("TCPAbortOnClose", "tcpabortonclose"),
    ("TCPAbortOnData", "tcpabortondata"),
    ("TCPAbortOnLinger", "tcpabortonlinger"),
    ("TCPAbortOnMemory", "tcpabortonmemory"),
    ("TCPAbortOnTimeout", "tcpabortontimeout"),
    ("TCPBacklogDrop", "tcpbacklogdrop"),
    ("TCPDSACKIgnoredNoUndo", "tcpdsackignorednoundo"),
    ("TCPDSACKIgnoredOld", "tcpdsackignoredold"),
    ("TCPDSACKOfoRecv", "tcpdsackoforecv"),
    ("TCPDSACKOfoSent", "tcpdsackofosent"),
    ("TCPDSACKOldSent", "tcpdsackoldsent"),
    ("TCPDSACKRecv", "tcpdsackrecv"),
    ("TCPDSACKUndo", "tcpdsackundo"),
    ("TCPDeferAcceptDrop", "tcpdeferacceptdrop"),
    ("TCPFACKReorder", "tcpfackreorder"),
    ("TCPFastOpenActive", "tcpfastopenactive"),
    ("TCPFastOpenActiveFail", "tcpfastopenactivefail"),
    ("TCPFastOpenCookieReqd", "tcpfastopencookiereqd"),
    ("TCPFastOpenListenOverflow", "tcpfastopenlistenoverflow"),
    ("TCPFastOpenPassive", "tcpfastopenpassive"),
    ("TCPFastOpenPassiveFail", "tcpfastopenpassivefail"),
    ("TCPFastRetrans", "tcpfastretrans"),
    ("TCPFullUndo", "tcpfullundo"),
    ("TCPHPAcks", "tcphpacks"),
    ("TCPHPHits", "tcphphits"),
    ("TCPLossFailures", "tcplossfailures"),
    ("TCPLossProbeRecovery", "tcplossproberecovery"),
    ("TCPLossProbes", "tcplossprobes"),
    ("TCPLossUndo", "tcplossundo"),
    ("TCPLostRetransmit", "tcplostretransmit"),
    ("TCPMD5Failure", "tcpmd5failure"),
    ("TCPMD5NotFound", "tcpmd5notfound"),
    ("TCPMD5Unexpected", "tcpmd5unexpected"),
    ("TCPMemoryPressures", "tcpmemorypressures"),
    ("TCPMemoryPressuresChrono", "tcpmemorypressureschrono"),
    ("TCPMinTTLDrop", "tcpminttldrop"),
    ("TCPOrigDataSent", "tcporigdatasent"),
    ("TCPPartialUndo", "tcppartialundo"),
    ("TCPPureAcks", "tcppureacks"),
    ("TCPRcvCollapsed", "tcprcvcollapsed"),
    ("TCPRenoFailures", "tcprenofailures"),
    ("TCPRenoRecovery", "tcprenorecovery"),
    ("TCPRenoRecoveryFail", "tcprenorecoveryfail"),
    ("TCPRenoReorder", "tcprenoreorder"),
    ("TCPReqQFullDoCookies", "tcpreqqfulldocookies"),
    ("TCPReqQFullDrop", "tcpreqqfulldrop"),
    ("TCPRetransFail", "tcpretransfail"),
    ("TCPSACKDiscard", "tcpsackdiscard"),
    ("TCPSACKReneging", "tcpsackreneging"),
    ("TCPSACKReorder", "tcpsackreorder"),
    ("TCPSackFailures", "tcpsackfailures"),
    ("TCPSackMerged", "tcpsackmerged"),
    ("TCPSackRecovery", "tcpsackrecovery"),
    ("TCPSackRecoveryFail", "tcpsackrecoveryfail"),
    ("TCPSackShiftFallback", "tcpsackshiftfallback"),
    ("TCPSackShifted", "tcpsackshifted"),
    ("TCPSlowStartRetrans", "tcpslowstartretrans"),
    ("TCPSpuriousRTOs", "tcpspuriousrtos"),
    ("TCPSynRetrans", "tcpsynretrans"),
    ("TCPTSReorder", "tcptsreorder"),
    ("TCPTimeWaitOverflow", "tcptimewaitoverflow"),
    ("TCPTimeouts", "tcptimeouts"),
    ("TW", "tw"),
    ("TWKilled", "twkilled"),
    ("TWRecycled", "twrecycled"),
];

/// The counters in the order of [`COUNTERS`]; `None` for those that the kernel lacks. Empty where the container has no
/// network of its own.
pub(crate) type Counters = Vec<Option<f64>>;

fn read(source: &mut Source<'_>, stats: &mut Stats) {
    let counters = &mut stats.advtcp;
    counters.clear();
    for file in ["net/netstat", "net/snmp"] {
        source.parse_network(file, |bytes| {
            counters.resize(COUNTERS.len(), None);
            for field in net_netstat::fields(bytes) {
                let field = field?;
                if !matches!(field.protocol, "Tcp" | "TcpExt") {
                    continue;
                }
                if let Ok(index) = COUNTERS.binary_search_by_key(&field.name, |(name, _)| name) {
                    counters[index] = Some(field.value);
                }
            }
            Ok(())
        });
    }
}

/// Those that are known, by the kernel's names.
pub(super) fn named(counters: &Counters) -> impl Iterator<Item = (&'static str, f64)> {
    let pairs = COUNTERS.iter().zip(counters);
    pairs.filter_map(|((name, _), value)| Some((*name, (*value)?)))
}

fn encode(reading: &Reading, out: &mut Encoder) {
    let mut family = out.family(&STATS);
    for row in &reading.rows {
        for ((_, state), value) in COUNTERS.iter().zip(&row.stats.advtcp) {
            if let Some(value) = value {
                family.sample_in(&row.container.labels, &[state], *value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::COUNTERS;
    use crate::testing::{Tree, samples};

    #[test]
    fn counters_are_found_by_name() {
        assert!(COUNTERS.is_sorted_by(|a, b| a.0 < b.0));
    }

    #[test]
    fn counters_of_both_files_are_reported_and_other_protocols_are_not() {
        let tree = Tree::v2();
        tree.write_proc("1/cgroup", "0::/\n");
        tree.write_proc("1/net/dev", "");
        let netstat = "TcpExt: SyncookiesSent TW New\nTcpExt: 1 2 3\nIpExt: TW\nIpExt: 9\n";
        tree.write_proc("1/net/netstat", netstat);
        tree.write_proc("1/net/snmp", "Tcp: RtoMin MaxConn\nTcp: 200 -1\nUdp: RtoMin\nUdp: 7\n");
        let text = samples(&tree, &["/"]);
        let found: Vec<&str> = text
            .lines()
            .filter_map(|line| line.strip_prefix("container_network_advance_tcp_stats_total"))
            .collect();
        let expected = [
            r#"{id="/",tcp_state="maxconn"} -1"#,
            r#"{id="/",tcp_state="rtomin"} 200"#,
            r#"{id="/",tcp_state="syncookiessent"} 1"#,
            r#"{id="/",tcp_state="tw"} 2"#,
        ];
        assert_eq!(found, expected);
    }
}
