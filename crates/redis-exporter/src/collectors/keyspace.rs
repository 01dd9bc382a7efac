//! Keys of each database. From INFO's section Keyspace; databases without keys do not stand there.

use std::collections::HashSet;

use exposition::Desc;

use super::Seen;
use super::info::number;
use crate::output::Output;
use crate::settings::Options;

const KEYS: Desc<'_> = Desc::gauge("db_keys", "Total number of keys by DB", &["db"]);
const EXPIRING: Desc<'_> = Desc::gauge("db_keys_expiring", "Total number of expiring keys by DB", &["db"]);
const CACHED: Desc<'_> = Desc::gauge("db_keys_cached", "Total number of cached keys by DB", &["db"]);
const TTL: Desc<'_> = Desc::gauge("db_avg_ttl_seconds", "Avg TTL in seconds", &["db"]);

/// A target with more databases than these shows only those that have keys: nobody looks at that many zeros.
const MOST_EMPTY: u32 = 16_384;

/// A line: `db0:keys=2,expires=1,avg_ttl=1500,subexpiry=0`, read by name, since servers differ in what comes last.
struct Database<'a> {
    name: &'a str,
    keys: f64,
    expiring: f64,
    /// In milliseconds.
    average_ttl: Option<f64>,
    /// Of KeyDB with storage.
    cached: Option<f64>,
}

/// Writes all databases.
pub(super) fn tell(seen: &Seen<'_>, options: &Options, out: &mut Output<'_>) {
    let lines = seen.info.section("Keyspace");
    let mut databases: Vec<Database<'_>> = lines.filter_map(|(field, value)| parse(field, value)).collect();
    let names = if options.empty_databases {
        empty(seen, &databases)
    } else {
        Vec::new()
    };
    databases.extend(names.iter().map(|name| Database {
        name,
        keys: 0.0,
        expiring: 0.0,
        average_ttl: None,
        cached: None,
    }));
    let mut family = |desc, value: fn(&Database<'_>) -> Option<f64>| {
        out.family(desc, |family| {
            for database in &databases {
                if let Some(value) = value(database) {
                    family.sample(&[database.name], value);
                }
            }
        });
    };
    family(&KEYS, |database| Some(database.keys));
    family(&EXPIRING, |database| Some(database.expiring));
    family(&CACHED, |database| database.cached);
    family(&TTL, |database| Some(database.average_ttl? / 1e3));
}

fn parse<'a>(name: &'a str, value: &str) -> Option<Database<'a>> {
    name.strip_prefix("db")?;
    Some(Database {
        name,
        keys: number(value, "keys")?,
        expiring: number(value, "expires")?,
        average_ttl: number(value, "avg_ttl"),
        cached: number(value, "cached_keys"),
    })
}

/// The names of the databases that have no keys.
fn empty(seen: &Seen<'_>, full: &[Database<'_>]) -> Vec<String> {
    let full: HashSet<&str> = full.iter().map(|database| database.name).collect();
    let count = Some(seen.databases()).filter(|count| *count <= MOST_EMPTY);
    let names = (0..count.unwrap_or(0)).map(|number| format!("db{number}"));
    names.filter(|name| !full.contains(name.as_str())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collectors::testing::{options, told};
    use crate::output::testing::samples;
    use std::time::SystemTime;

    const INFO: &str = "# Keyspace\ndb0:keys=2,expires=1,avg_ttl=1500,subexpiry=3\ndb1:keys=4,expires=0\n\
                        db2:keys=5\ndb3:keys=6,expires=1,avg_ttl=0,cached_keys=9\n";

    #[test]
    fn parts_of_a_line_are_known_by_name() {
        let expected = [
            r#"redis_db_avg_ttl_seconds{db="db0"} 1.5"#,
            r#"redis_db_avg_ttl_seconds{db="db3"} 0"#,
            r#"redis_db_keys{db="db0"} 2"#,
            r#"redis_db_keys{db="db1"} 4"#,
            r#"redis_db_keys{db="db3"} 6"#,
            r#"redis_db_keys_cached{db="db3"} 9"#,
            r#"redis_db_keys_expiring{db="db0"} 1"#,
            r#"redis_db_keys_expiring{db="db1"} 0"#,
            r#"redis_db_keys_expiring{db="db3"} 1"#,
        ];
        assert_eq!(
            told(INFO, &["--no-include-metrics-for-empty-databases"], tell),
            expected
        );
    }

    #[test]
    fn empty_databases_have_no_keys() {
        for (databases, lines) in [(2, 4), (16, 32), (MOST_EMPTY + 1, 0)] {
            let mut seen = Seen::new("", SystemTime::UNIX_EPOCH);
            seen.told_databases = Some(databases);
            let samples = samples(|out| tell(&seen, &options(&[]), out));
            assert_eq!(samples.len(), lines, "{databases}");
        }
    }
}
