//! Keys in groups, named by what the Lua patterns of `--check-key-groups` capture: how many there are and what memory they
//! take. A script looks at a batch of keys at a time where they are.

use std::collections::{HashMap, HashSet};
use std::time::Instant;

use exposition::Desc;

use super::Seen;
use super::budget::{Budget, Part, tell};
use super::info::number;
use super::key_search::label;
use super::session::{Dialogue, Held, Session};
use crate::connection::{Reply, Request};
use crate::failure::Failure;

/// The dialogue. Without groups there is only how long the look at them took: no time.
pub(super) const DIALOGUE: Dialogue = Dialogue {
    when: |_, _| true,
    hold,
};

const COUNT: Desc<'_> = Desc::gauge("key_group_count", "Count of keys in key group", &["db", "key_group"]);
const MEMORY: Desc<'_> = Desc::gauge(
    "key_group_memory_usage_bytes",
    "Total memory usage of key group in bytes",
    &["db", "key_group"],
);
const DISTINCT: Desc<'_> = Desc::gauge(
    "number_of_distinct_key_groups",
    "Number of distinct key groups",
    &["db"],
);
const TOOK: Desc<'_> = Desc::gauge(
    "last_key_groups_scrape_duration_milliseconds",
    "Duration of the last key group metrics scrape in milliseconds",
    &[],
);

/// What looks at a batch.
const SCRIPT: &[u8] = include_bytes!("key_groups.lua");

/// More groups of a database than these are not kept in mind: whoever captures all of a key has as many as there are keys.
const MOST_GROUPS: usize = 100_000;

/// Where the groups go that are too many.
const OVERFLOW: &str = "overflow";

/// A group, or what a batch has of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Group {
    name: Vec<u8>,
    keys: i64,
    /// In bytes.
    memory: i64,
}

fn hold<'h>(session: &'h mut Session<'_, '_>) -> Held<'h> {
    Box::pin(async move {
        let began = Instant::now();
        if Part::Groups.is_wanted(session.options, session.seen) {
            look_through_all(session).await?;
        }
        let millis = u32::try_from(began.elapsed().as_millis()).unwrap_or(u32::MAX);
        session.out.scalar(&TOOK, f64::from(millis));
        Ok(())
    })
}

async fn look_through_all(session: &mut Session<'_, '_>) -> Result<(), Failure> {
    let budget = Budget::of(Part::Groups, session);
    let mut is_complete = true;
    let count = session.seen.databases();
    let empty = empty(session.seen);
    for database in (0..count).filter(|database| empty.contains(database)) {
        write(session, database, &[], 0);
    }
    let full: Vec<_> = (0..count).filter(|database| !empty.contains(database)).collect();
    for (index, database) in full.iter().enumerate() {
        if session.select(*database).await? {
            let share = budget.first_of(full.len() - index);
            is_complete &= look_through(session, *database, share).await?;
        }
    }
    session.select_own().await?;
    tell(Part::Groups, is_complete, session);
    Ok(())
}

/// The databases of which INFO says that they have no keys, by leaving them out.
fn empty(seen: &Seen<'_>) -> HashSet<u32> {
    let full = seen.info.section("Keyspace");
    let full = full.filter(|(_, value)| number(value, "keys").is_some());
    let full: HashSet<u32> = full
        .filter_map(|(name, _)| name.strip_prefix("db")?.parse().ok())
        .collect();
    // A target that says nothing of any is asked.
    let known = if full.is_empty() { 0 } else { seen.databases() };
    (0..known).filter(|database| !full.contains(database)).collect()
}

/// Whether it came to the end.
async fn look_through(session: &mut Session<'_, '_>, database: u32, budget: Budget) -> Result<bool, Failure> {
    let mut groups = HashMap::new();
    let mut cursor = Some(b"0".to_vec());
    while let Some(at) = cursor.take_if(|_| !budget.is_spent() && groups.len() <= MOST_GROUPS) {
        let answers = session.ask(&request(session, &at)).await?;
        let reply = answers.reply(0);
        let Some((next, found)) = reply.as_ref().and_then(batch) else {
            // Nothing is said of a database whose keys cannot be grouped; why, stands in the log.
            return Ok(true);
        };
        found.for_each(|group| add(&mut groups, group));
        cursor = (next != b"0").then(|| next.to_vec());
    }
    let distinct = groups.len();
    let groups = groups
        .into_iter()
        .map(|(name, (keys, memory))| Group { name, keys, memory });
    let groups = largest(groups.collect(), session.options.keys.most_groups);
    write(session, database, &groups, distinct);
    Ok(cursor.is_none())
}

fn request(session: &Session<'_, '_>, cursor: &[u8]) -> Request {
    let options = &session.options.keys;
    let batch = options.batch.to_string();
    let mut words = vec![b"EVAL", SCRIPT, b"0", cursor, batch.as_bytes()];
    words.extend(options.groups.iter().map(String::as_bytes));
    let mut request = Request::default();
    request.push("EVAL", &words);
    request
}

/// `["17", [["name", 3, 168], …]]`: where to go on, and groups with keys and bytes.
fn batch<'r, 'b>(reply: &'r Reply<'b>) -> Option<(&'b [u8], impl Iterator<Item = Group> + use<'r, 'b>)> {
    match reply.list()? {
        [Reply::Text(cursor), groups] => Some((cursor, groups.list()?.iter().filter_map(group))),
        _ => None,
    }
}

fn group(reply: &Reply<'_>) -> Option<Group> {
    match reply.list()? {
        [Reply::Text(name), keys, memory] => Some(Group {
            name: name.to_vec(),
            keys: keys.integer()?,
            memory: memory.integer()?,
        }),
        _ => None,
    }
}

fn add(groups: &mut HashMap<Vec<u8>, (i64, i64)>, group: Group) {
    let (keys, memory) = groups.entry(group.name).or_default();
    *keys += group.keys;
    *memory += group.memory;
}

/// The groups that take most memory; what are too many are one at the end.
fn largest(mut groups: Vec<Group>, most: usize) -> Vec<Group> {
    groups.sort_by(|a, b| {
        let by_size = b.memory.cmp(&a.memory).then(a.keys.cmp(&b.keys));
        by_size.then_with(|| a.name.cmp(&b.name))
    });
    if groups.len() > most {
        let rest = groups.split_off(most);
        groups.push(Group {
            name: OVERFLOW.as_bytes().to_vec(),
            keys: rest.iter().map(|group| group.keys).sum(),
            memory: rest.iter().map(|group| group.memory).sum(),
        });
    }
    groups
}

fn write(session: &mut Session<'_, '_>, database: u32, groups: &[Group], distinct: usize) {
    let database = format!("db{database}");
    let named: Vec<_> = groups
        .iter()
        .filter_map(|group| Some((label(session, &group.name)?, group)))
        .collect();
    session.out.family(&COUNT, |family| {
        for (name, group) in &named {
            family.sample(&[&database, name], group.keys as f64);
        }
    });
    session.out.family(&MEMORY, |family| {
        for (name, group) in &named {
            family.sample(&[&database, name], group.memory as f64);
        }
    });
    session
        .out
        .family(&DISTINCT, |family| family.sample(&[&database], distinct as f64));
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::SystemTime;

    fn of(name: &str, keys: i64, memory: i64) -> Group {
        let name = name.as_bytes().to_vec();
        Group { name, keys, memory }
    }

    #[test]
    fn the_groups_with_most_memory_stay_and_the_others_are_one() {
        let groups = vec![of("d", 1, 5), of("a", 2, 9), of("c", 1, 5), of("b", 3, 9)];
        let all = [of("a", 2, 9), of("b", 3, 9), of("c", 1, 5), of("d", 1, 5)];
        for (most, expected) in [
            (4, all.to_vec()),
            (2, vec![of("a", 2, 9), of("b", 3, 9), of(OVERFLOW, 2, 10)]),
            (0, vec![of(OVERFLOW, 7, 28)]),
        ] {
            assert_eq!(largest(groups.clone(), most), expected, "{most}");
        }
    }

    #[test]
    fn batches_add_up() {
        let text = |text: &'static [u8]| Reply::Text(text);
        let found = |name, keys, memory| Reply::List(vec![text(name), Reply::Integer(keys), Reply::Integer(memory)]);
        let odd = Reply::List(vec![text(b"odd")]);
        let reply = Reply::List(vec![
            text(b"17"),
            Reply::List(vec![found(b"a", 1, 50), odd, found(b"", 2, 9)]),
        ]);
        let mut groups = HashMap::new();
        for _ in 0..2 {
            let (cursor, found) = batch(&reply).unwrap();
            assert_eq!(cursor, b"17");
            found.for_each(|group| add(&mut groups, group));
        }
        assert_eq!(
            groups,
            HashMap::from([(b"a".to_vec(), (2, 100)), (Vec::new(), (4, 18))])
        );
        assert!(batch(&Reply::Nil).is_none());
    }

    #[test]
    fn databases_that_info_leaves_out_are_empty_if_it_tells_of_any() {
        for (info, empty_ones) in [
            ("# Keyspace\ndb0:keys=1,expires=0\ndb2:keys=1,expires=0\n", &[1, 3][..]),
            ("# Keyspace\n", &[]),
            ("", &[]),
        ] {
            let mut seen = Seen::new(info, SystemTime::UNIX_EPOCH);
            seen.told_databases = Some(4);
            assert_eq!(empty(&seen), empty_ones.iter().copied().collect(), "{info}");
        }
    }
}
