//! Who follows whom, and how closely. From INFO's section Replication; KeyDB has several masters.

use exposition::Desc;

use super::Seen;
use super::info::{number, part};
use crate::output::Output;
use crate::settings::Options;

const OF_MASTER: &[&str] = &["master_host", "master_port"];
const OF_REPLICA: &[&str] = &["slave_ip", "slave_port", "slave_state"];
const LINK_UP: Desc<'_> = Desc::gauge("master_link_up", "Master link status on Redis slave", OF_MASTER);
const LAST_IO: Desc<'_> = Desc::gauge("master_last_io_seconds_ago", "Master last io seconds ago", OF_MASTER);
const SYNC: Desc<'_> = Desc::gauge("master_sync_in_progress", "Master sync in progress", OF_MASTER);
const OFFSET: Desc<'_> = Desc::gauge("slave_repl_offset", "Slave replication offset", OF_MASTER);
const REPLICA_OFFSET: Desc<'_> = Desc::gauge("connected_slave_offset_bytes", "Offset of connected slave", OF_REPLICA);
const REPLICA_LAG: Desc<'_> = Desc::gauge("connected_slave_lag_seconds", "Lag of connected slave", OF_REPLICA);
const SLAVE_INFO: Desc<'_> = Desc::gauge(
    "slave_info",
    "Information about the Redis slave",
    &["master_host", "master_port", "read_only"],
);

/// Something of a master, as a replica sees it.
struct OfMaster<'a> {
    desc: &'static Desc<'static>,
    host: &'a str,
    port: &'a str,
    value: f64,
}

/// Writes all of it.
pub(super) fn tell(seen: &Seen<'_>, _options: &Options, out: &mut Output<'_>) {
    let of_masters = of_masters(seen);
    for desc in [&LINK_UP, &LAST_IO, &SYNC, &OFFSET] {
        out.family(desc, |family| {
            for of_master in of_masters.iter().filter(|of_master| of_master.desc == desc) {
                family.sample(&[of_master.host, of_master.port], of_master.value);
            }
        });
    }
    replicas(seen, out);
    if seen.role() == "slave" {
        let value = |name| seen.info.value(name).unwrap_or_default();
        let labels = [value("master_host"), value("master_port"), value("slave_read_only")];
        out.family(&SLAVE_INFO, |family| family.sample(&labels, 1.0));
    }
}

/// The lines of each master follow those that say where it is.
fn of_masters<'a>(seen: &Seen<'a>) -> Vec<OfMaster<'a>> {
    let (mut host, mut port) = ("", "");
    let mut found = Vec::new();
    for (field, text) in seen.info.section("Replication") {
        let (desc, value) = match (field, without_number(field)) {
            (_, Some("host")) => {
                host = text;
                continue;
            }
            (_, Some("port")) => {
                port = text;
                continue;
            }
            (_, Some("link_status")) => (&LINK_UP, f64::from(u8::from(text == "up"))),
            (_, Some("last_io_seconds_ago")) => (&LAST_IO, whole(text)),
            (_, Some("sync_in_progress")) => (&SYNC, whole(text)),
            ("slave_repl_offset", _) => (&OFFSET, whole(text)),
            _ => continue,
        };
        found.push(OfMaster {
            desc,
            host,
            port,
            value,
        });
    }
    found
}

fn whole(text: &str) -> f64 {
    text.parse::<i64>().unwrap_or_default() as f64
}

/// `link_status` of `master_link_status` and of `master_1_link_status`.
fn without_number(field: &str) -> Option<&str> {
    let rest = field.strip_prefix("master_")?;
    match rest.split_once('_') {
        Some((number, rest)) if number.parse::<u32>().is_ok() => Some(rest),
        _ => Some(rest),
    }
}

/// `slave0:ip=10.0.0.1,port=6379,state=online,offset=5,lag=1`. Before Redis 3 there was no lag.
fn replicas(seen: &Seen<'_>, out: &mut Output<'_>) {
    let is_replica = |field: &str| {
        let number = field.strip_prefix("slave");
        number.is_some_and(|number| number.starts_with(|c: char| c.is_ascii_digit()))
    };
    let lines = seen.info.section("Replication").filter(|(field, _)| is_replica(field));
    let values: Vec<&str> = lines.map(|(_, value)| value).collect();
    for (desc, name) in [(&REPLICA_OFFSET, "offset"), (&REPLICA_LAG, "lag")] {
        out.family(desc, |family| {
            for value in &values {
                let label = |name| part(value, name).unwrap_or_default();
                let labels = [label("ip"), label("port"), label("state")];
                // A replica without an offset is none that replicates.
                if let (Some(_), Some(number)) = (number(value, "offset"), number(value, name)) {
                    family.sample(&labels, number);
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collectors::testing::told;

    #[test]
    fn a_replica_tells_of_its_masters() {
        let info = "# Replication\nrole:slave\nmaster_host:10.0.0.1\nmaster_port:6379\nmaster_link_status:down\n\
                    master_last_io_seconds_ago:-1\nmaster_sync_in_progress:1\nmaster_sync_left_bytes:9\n\
                    slave_read_repl_offset:8\nslave_repl_offset:77\nslave_read_only:1\nmaster_1_host:h\n\
                    master_1_port:99\nmaster_1_link_status:up\nmaster_1_last_io_seconds_ago:3\n";
        let expected = [
            r#"redis_master_last_io_seconds_ago{master_host="10.0.0.1",master_port="6379"} -1"#,
            r#"redis_master_last_io_seconds_ago{master_host="h",master_port="99"} 3"#,
            r#"redis_master_link_up{master_host="10.0.0.1",master_port="6379"} 0"#,
            r#"redis_master_link_up{master_host="h",master_port="99"} 1"#,
            r#"redis_master_sync_in_progress{master_host="10.0.0.1",master_port="6379"} 1"#,
            r#"redis_slave_info{master_host="10.0.0.1",master_port="6379",read_only="1"} 1"#,
            r#"redis_slave_repl_offset{master_host="10.0.0.1",master_port="6379"} 77"#,
        ];
        assert_eq!(told(info, &[], tell), expected);
    }

    #[test]
    fn a_master_tells_of_its_replicas() {
        let info = "# Replication\nrole:master\nconnected_slaves:3\n\
                    slave0:ip=10.1.1.1,port=6,state=online,offset=5,lag=1\n\
                    slave1:ip=10.1.1.2,port=6,state=wait,offset=7\nslave2:ip=10.1.1.3,port=6,state=wait,offset=x,lag=0\n\
                    slave_priority:100\n";
        let expected = [
            r#"redis_connected_slave_lag_seconds{slave_ip="10.1.1.1",slave_port="6",slave_state="online"} 1"#,
            r#"redis_connected_slave_offset_bytes{slave_ip="10.1.1.1",slave_port="6",slave_state="online"} 5"#,
            r#"redis_connected_slave_offset_bytes{slave_ip="10.1.1.2",slave_port="6",slave_state="wait"} 7"#,
        ];
        assert_eq!(told(info, &[], tell), expected);
    }
}
