//! How the sentinel fares, and the state of its masters. From INFO's section Sentinel.

use exposition::Desc;

use super::OF_MASTER;
use crate::collectors::Seen;
use crate::collectors::info::{number, part};
use crate::output::Output;
use crate::settings::Options;

const FIELDS: [Desc<'_>; 5] = [
    Desc::gauge(
        "sentinel_masters",
        "The number of masters this sentinel is watching",
        &[],
    ),
    Desc::gauge(
        "sentinel_running_scripts",
        "Number of scripts in execution right now",
        &[],
    ),
    Desc::gauge("sentinel_scripts_queue_length", "Queue of user scripts to execute", &[]),
    Desc::gauge("sentinel_simulate_failure_flags", "Failures simulations", &[]),
    Desc::gauge("sentinel_tilt", "Sentinel is in TILT mode", &[]),
];
const STATUS: Desc<'_> = Desc::gauge(
    "sentinel_master_status",
    "Master status on Sentinel",
    &["master_address", "master_name", "master_status"],
);
const REPLICAS: Desc<'_> = Desc::gauge(
    "sentinel_master_slaves",
    "The number of slaves of the master",
    OF_MASTER,
);
const SENTINELS: Desc<'_> = Desc::gauge(
    "sentinel_master_sentinels",
    "The number of sentinels monitoring this master",
    OF_MASTER,
);

/// A line: `master0:name=cache,status=ok,address=10.0.0.1:6379,slaves=2,sentinels=3`.
struct Master<'a> {
    address: &'a str,
    name: &'a str,
    status: &'a str,
    replicas: f64,
    sentinels: f64,
}

/// Writes all of it.
pub(in crate::collectors) fn tell(seen: &Seen<'_>, _options: &Options, out: &mut Output<'_>) {
    for (field, value) in seen.info.section("Sentinel") {
        if let Some(desc) = FIELDS.iter().find(|desc| desc.name == field) {
            out.scalar(desc, value.parse::<i64>().unwrap_or_default() as f64);
        }
    }
    let lines = seen.info.section("Sentinel");
    let masters: Vec<Master<'_>> = lines.filter_map(|(field, value)| parse(field, value)).collect();
    out.family(&STATUS, |family| {
        for master in &masters {
            let is_ok = f64::from(u8::from(master.status == "ok"));
            family.sample(&[master.address, master.name, master.status], is_ok);
        }
    });
    let mut family = |desc, value: fn(&Master<'_>) -> f64| {
        out.family(desc, |family| {
            for master in &masters {
                family.sample(&[master.address, master.name], value(master));
            }
        });
    };
    family(&REPLICAS, |master| master.replicas);
    family(&SENTINELS, |master| master.sentinels);
}

fn parse<'a>(field: &str, value: &'a str) -> Option<Master<'a>> {
    field.strip_prefix("master")?.parse::<u32>().ok()?;
    let text = |name| part(value, name).unwrap_or_default();
    Some(Master {
        address: text("address"),
        name: text("name"),
        status: text("status"),
        replicas: number(value, "slaves")?,
        sentinels: number(value, "sentinels")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collectors::testing::told;

    #[test]
    fn a_sentinel_tells_of_itself_and_of_its_masters() {
        let info = "# Sentinel\r\nsentinel_masters:2\r\nsentinel_tilt:0\r\nsentinel_tilt_since_seconds:-1\r\n\
                    sentinel_running_scripts:1\r\nsentinel_scripts_queue_length:3\r\n\
                    sentinel_simulate_failure_flags:x\r\n\
                    master0:name=a,status=ok,address=10.0.0.1:6379,slaves=1,sentinels=3\r\n\
                    master1:name=b,status=odown,address=::1:6380,slaves=0,sentinels=2,new=4\r\n\
                    master2:name=c,status=ok,address=10.0.0.3:6379,slaves=?,sentinels=2\r\n";
        let expected = [
            r#"redis_sentinel_master_sentinels{master_address="10.0.0.1:6379",master_name="a"} 3"#,
            r#"redis_sentinel_master_sentinels{master_address="::1:6380",master_name="b"} 2"#,
            r#"redis_sentinel_master_slaves{master_address="10.0.0.1:6379",master_name="a"} 1"#,
            r#"redis_sentinel_master_slaves{master_address="::1:6380",master_name="b"} 0"#,
            r#"redis_sentinel_master_status{master_address="10.0.0.1:6379",master_name="a",master_status="ok"} 1"#,
            r#"redis_sentinel_master_status{master_address="::1:6380",master_name="b",master_status="odown"} 0"#,
            "redis_sentinel_masters 2",
            "redis_sentinel_running_scripts 1",
            "redis_sentinel_scripts_queue_length 3",
            "redis_sentinel_simulate_failure_flags 0",
            "redis_sentinel_tilt 0",
        ];
        assert_eq!(told(info, &[], tell), expected);
    }

    #[test]
    fn what_stands_in_another_section_is_none_of_a_sentinel() {
        let info = "# Replication\nmaster0:name=a,status=ok,address=h:1,slaves=1,sentinels=3\nsentinel_masters:1\n";
        assert_eq!(told(info, &[], tell), [""; 0]);
    }
}
