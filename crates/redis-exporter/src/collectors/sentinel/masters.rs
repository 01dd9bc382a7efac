//! The masters that a sentinel watches, who else watches them, and whether a failover would find enough of these. From
//! SENTINEL MASTERS, and from CKQUORUM, SENTINELS and SLAVES of each.

use std::borrow::Cow;

use exposition::Desc;

use super::OF_MASTER;
use crate::collectors::session::{Dialogue, Held, Session};
use crate::connection::{Answers, Reply, Request};
use crate::output::Output;
use crate::settings::Options;

/// The dialogue.
pub(in crate::collectors) const DIALOGUE: Dialogue = Dialogue {
    when: |_, seen| seen.is_sentinel(),
    hold,
};

const QUORUM: Desc<'_> = Desc::gauge(
    "sentinel_master_ckquorum_status",
    "Master ckquorum status",
    &["master_name", "message"],
);
const OK_SENTINELS: Desc<'_> = Desc::gauge(
    "sentinel_master_ok_sentinels",
    "The number of okay sentinels monitoring this master",
    OF_MASTER,
);
const OK_REPLICAS: Desc<'_> = Desc::gauge(
    "sentinel_master_ok_slaves",
    "The number of okay slaves of the master",
    OF_MASTER,
);
const PEER: Desc<'_> = Desc::gauge(
    "sentinel_peer_info",
    "Other Sentinel peers discovered via SENTINEL SENTINELS (one scrape from one Sentinel)",
    &["flags", "ip", "master_address", "master_name", "name", "port", "runid"],
);

/// Something that SENTINEL MASTERS says of each master.
struct Field {
    name: &'static str,
    desc: Desc<'static>,
    /// How many of the field's unit are one of the metric's.
    per_unit: f64,
}

const fn field(name: &'static str, metric: &'static str, help: &'static str, per_unit: f64) -> Field {
    Field {
        name,
        desc: Desc::gauge(metric, help, OF_MASTER),
        per_unit,
    }
}

const FIELDS: [Field; 6] = [
    field(
        "quorum",
        "sentinel_master_setting_ckquorum",
        "Show the current ckquorum config for each master",
        1.0,
    ),
    field(
        "failover-timeout",
        "sentinel_master_setting_failover_timeout",
        "Show the current failover-timeout config for each master",
        1.0,
    ),
    field(
        "parallel-syncs",
        "sentinel_master_setting_parallel_syncs",
        "Show the current parallel-syncs config for each master",
        1.0,
    ),
    field(
        "down-after-milliseconds",
        "sentinel_master_setting_down_after_milliseconds",
        "Show the current down-after-milliseconds config for each master",
        1.0,
    ),
    field(
        "config-epoch",
        "sentinel_master_config_epoch",
        "The configuration epoch of the master (increments on each failover)",
        1.0,
    ),
    field(
        "last-ok-ping-reply",
        "sentinel_master_last_ok_ping_reply_seconds",
        "Elapsed time in seconds since the last successful ping reply from the master",
        1000.0,
    ),
];

/// What is asked of each master.
const OF_EACH: [(&str, &str); 3] = [
    ("SENTINEL CKQUORUM", "CKQUORUM"),
    ("SENTINEL SENTINELS", "SENTINELS"),
    ("SENTINEL SLAVES", "SLAVES"),
];

/// A master as SENTINEL MASTERS describes it.
struct Master<'b> {
    address: String,
    name: Cow<'b, str>,
    details: Reply<'b>,
}

/// And what is known of those around it.
struct Known<'b> {
    master: Master<'b>,
    /// Whether a failover would find enough sentinels, and in the sentinel's words.
    quorum: Option<(bool, Cow<'b, str>)>,
    peers: Vec<Reply<'b>>,
    replicas: Vec<Reply<'b>>,
}

fn hold<'h>(session: &'h mut Session<'_, '_>) -> Held<'h> {
    Box::pin(async move {
        let mut request = Request::default();
        request.push("SENTINEL MASTERS", &["SENTINEL", "MASTERS"]);
        let answers = session.ask(&request).await?;
        let masters: Vec<Master<'_>> = rows(answers.reply(0)).into_iter().filter_map(master).collect();
        let mut request = Request::default();
        for master in &masters {
            for (name, word) in OF_EACH {
                request.push(name, &["SENTINEL", word, &master.name]);
            }
        }
        // That there is no quorum comes as an error, and is no refusal.
        let of_each = session.ask_plainly(&request).await?;
        let known: Vec<Known<'_>> = masters
            .into_iter()
            .enumerate()
            .map(|(index, master)| known(master, &of_each, index * OF_EACH.len()))
            .collect();
        tell(&known, session.options, session.out);
        Ok(())
    })
}

/// The rows of a table.
fn rows(reply: Option<Reply<'_>>) -> Vec<Reply<'_>> {
    match reply {
        Some(Reply::List(rows)) => rows,
        _ => Vec::new(),
    }
}

/// `name`, `cache`, `ip`, `10.0.0.1`, `port`, `6379` and so on.
fn master(details: Reply<'_>) -> Option<Master<'_>> {
    Some(Master {
        address: format!("{}:{}", value(&details, "ip")?, value(&details, "port")?),
        name: value(&details, "name")?,
        details,
    })
}

fn value<'b>(details: &Reply<'b>, name: &str) -> Option<Cow<'b, str>> {
    let mut pairs = details.pairs();
    pairs.find(|(known, _)| known == name)?.1.text()
}

fn known<'b>(master: Master<'b>, answers: &'b Answers, first: usize) -> Known<'b> {
    let quorum = match answers.reply(first) {
        Some(Reply::Text(words)) => Some((true, String::from_utf8_lossy(words))),
        Some(Reply::Error(words)) => Some((false, String::from_utf8_lossy(words))),
        _ => None,
    };
    Known {
        master,
        quorum,
        peers: rows(answers.reply(first + 1)),
        replicas: rows(answers.reply(first + 2)),
    }
}

/// How many of them nobody takes for dead.
fn count_ok(instances: &[Reply<'_>]) -> f64 {
    let is_ok = |flags: Cow<'_, str>| !flags.contains("o_down") && !flags.contains("s_down");
    let flags = instances.iter().filter_map(|instance| value(instance, "flags"));
    flags.filter(|flags| is_ok(Cow::Borrowed(flags))).count() as f64
}

fn tell(all: &[Known<'_>], options: &Options, out: &mut Output<'_>) {
    out.family(&QUORUM, |family| {
        for known in all {
            if let Some((is_there, words)) = &known.quorum {
                family.sample(&[&known.master.name, words], f64::from(u8::from(*is_there)));
            }
        }
    });
    let mut family = |desc: &Desc<'_>, number: &dyn Fn(&Known<'_>) -> f64| {
        out.family(desc, |family| {
            for known in all {
                family.sample(&[&known.master.address, &known.master.name], number(known));
            }
        });
    };
    for field in &FIELDS {
        family(&field.desc, &|known| {
            let text = value(&known.master.details, field.name);
            text.and_then(|text| text.parse::<f64>().ok()).unwrap_or_default() / field.per_unit
        });
    }
    // The one that is asked watches, too.
    family(&OK_SENTINELS, &|known| 1.0 + count_ok(&known.peers));
    family(&OK_REPLICAS, &|known| count_ok(&known.replicas));
    if options.sentinel_peers {
        all.iter().for_each(|known| tell_peers(known, out));
    }
}

fn tell_peers(known: &Known<'_>, out: &mut Output<'_>) {
    out.family(&PEER, |family| {
        for peer in &known.peers {
            let [flags, ip, name, port, id] =
                ["flags", "ip", "name", "port", "runid"].map(|name| value(peer, name).unwrap_or_default());
            let Master { address, name: of, .. } = &known.master;
            family.sample(&[&flags, &ip, address, of, &name, &port, &id], 1.0);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collectors::testing::options;
    use crate::output::testing::samples;

    fn details<'b>(words: &[&'b str]) -> Reply<'b> {
        Reply::List(words.iter().map(|word| Reply::Text(word.as_bytes())).collect())
    }

    fn all() -> Vec<Known<'static>> {
        let of_first = details(&[
            "name",
            "a",
            "ip",
            "10.0.0.1",
            "port",
            "6379",
            "quorum",
            "2",
            "failover-timeout",
            "180000",
            "parallel-syncs",
            "1",
            "down-after-milliseconds",
            "30000",
            "config-epoch",
            "4",
            "last-ok-ping-reply",
            "250",
        ]);
        let of_second = details(&["name", "b", "ip", "10.0.0.2", "port", "6379", "quorum", "?"]);
        let first = Known {
            master: master(of_first).unwrap(),
            quorum: Some((true, Cow::Borrowed("OK 2 usable Sentinels."))),
            peers: vec![
                details(&[
                    "name", "p1", "ip", "10.0.1.1", "port", "1", "runid", "r1", "flags", "sentinel",
                ]),
                details(&["name", "p2", "flags", "s_down,o_down,sentinel"]),
                details(&["name", "p3"]),
            ],
            replicas: vec![details(&["flags", "slave"]), details(&["flags", "s_down,slave"])],
        };
        let second = Known {
            master: master(of_second).unwrap(),
            quorum: Some((false, Cow::Borrowed("NOQUORUM 1 usable Sentinels."))),
            peers: Vec::new(),
            replicas: Vec::new(),
        };
        vec![first, second]
    }

    #[test]
    fn masters_are_told_of_with_those_around_them() {
        let lines = samples(|out| tell(&all(), &options(&[]), out));
        let first = r#"{master_address="10.0.0.1:6379",master_name="a"}"#;
        let second = r#"{master_address="10.0.0.2:6379",master_name="b"}"#;
        let mut expected = vec![
            r#"redis_sentinel_master_ckquorum_status{master_name="a",message="OK 2 usable Sentinels."} 1"#.to_owned(),
            r#"redis_sentinel_master_ckquorum_status{master_name="b",message="NOQUORUM 1 usable Sentinels."} 0"#
                .to_owned(),
        ];
        for (metric, of_first, of_second) in [
            ("config_epoch", "4", "0"),
            ("last_ok_ping_reply_seconds", "0.25", "0"),
            ("ok_sentinels", "2", "1"),
            ("ok_slaves", "1", "0"),
            ("setting_ckquorum", "2", "0"),
            ("setting_down_after_milliseconds", "30000", "0"),
            ("setting_failover_timeout", "180000", "0"),
            ("setting_parallel_syncs", "1", "0"),
        ] {
            expected.push(format!("redis_sentinel_master_{metric}{first} {of_first}"));
            expected.push(format!("redis_sentinel_master_{metric}{second} {of_second}"));
        }
        assert_eq!(lines, expected);
    }

    #[test]
    fn peers_are_told_of_where_that_is_wanted() {
        let lines = samples(|out| tell(&all(), &options(&["--include-sentinel-peer-info"]), out));
        let peers: Vec<_> = lines.iter().filter(|line| line.contains("peer_info")).collect();
        assert_eq!(peers.len(), 3, "{lines:?}");
        let first = r#"redis_sentinel_peer_info{flags="sentinel",ip="10.0.1.1",master_address="10.0.0.1:6379",master_name="a",name="p1",port="1",runid="r1"} 1"#;
        assert!(peers.iter().any(|line| *line == first), "{peers:?}");
    }

    #[test]
    fn a_row_without_name_or_address_is_no_master() {
        for words in [
            &["ip", "h", "port", "1"][..],
            &["name", "a", "ip", "h"],
            &["name", "a", "port", "1"],
        ] {
            assert!(master(details(words)).is_none(), "{words:?}");
        }
    }
}
