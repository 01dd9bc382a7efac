//! Streams of `--check-streams` and `--check-single-streams`, with their groups and consumers. From XINFO, Redis 5.0 and later.

use exposition::Desc;

use super::budget::Part;
use super::key_search::{Look, label};
use super::session::{Dialogue, Held, Session};
use crate::connection::{Answers, Reply, Request};
use crate::failure::Failure;
use crate::output::Output;

/// The dialogue.
pub(super) const DIALOGUE: Dialogue = Dialogue {
    when: |options, seen| Part::Streams.is_wanted(options, seen),
    hold,
};

/// XINFO STREAM shows two whole entries, which may be large: few at once.
const LOOK: Look = Look {
    part: Part::Streams,
    singles: |options| &options.single_streams,
    patterns: |options| &options.streams,
    chunk: 20,
    describe,
};

/// A metric, and how it is read from `["length", 3, …]`. As upstream has it, what is missing is 0.
type Metric = (Desc<'static>, fn(&Reply<'_>) -> f64);

const OF_STREAM: &[&str] = &["db", "stream"];
const OF_GROUP: &[&str] = &["db", "group", "stream"];
const OF_CONSUMER: &[&str] = &["consumer", "db", "group", "stream"];

const STREAM: [Metric; 8] = [
    (
        Desc::gauge("stream_length", "The number of elements of the stream", OF_STREAM),
        |stream| number(stream, "length"),
    ),
    (
        Desc::gauge("stream_radix_tree_keys", "Radix tree keys count\"", OF_STREAM),
        |stream| number(stream, "radix-tree-keys"),
    ),
    (
        Desc::gauge("stream_radix_tree_nodes", "Radix tree nodes count", OF_STREAM),
        |stream| number(stream, "radix-tree-nodes"),
    ),
    (
        Desc::gauge(
            "stream_last_generated_id",
            "The epoch timestamp (ms) of the latest message on the stream",
            OF_STREAM,
        ),
        |stream| time(field(stream, "last-generated-id")),
    ),
    (
        Desc::gauge("stream_groups", "Groups count of stream", OF_STREAM),
        |stream| number(stream, "groups"),
    ),
    (
        Desc::gauge(
            "stream_max_deleted_entry_id",
            "The epoch timestamp (ms) of last message was deleted from the stream",
            OF_STREAM,
        ),
        |stream| time(field(stream, "max-deleted-entry-id")),
    ),
    (
        Desc::gauge(
            "stream_first_entry_id",
            "The epoch timestamp (ms) of the first message in the stream",
            OF_STREAM,
        ),
        |stream| time(id_of(field(stream, "first-entry"))),
    ),
    (
        Desc::gauge(
            "stream_last_entry_id",
            "The epoch timestamp (ms) of the last message in the stream",
            OF_STREAM,
        ),
        |stream| time(id_of(field(stream, "last-entry"))),
    ),
];

const GROUP: [Metric; 5] = [
    (
        Desc::gauge("stream_group_consumers", "Consumers count of stream group", OF_GROUP),
        |group| number(group, "consumers"),
    ),
    (
        Desc::gauge(
            "stream_group_messages_pending",
            "Pending number of messages in that stream group",
            OF_GROUP,
        ),
        |group| number(group, "pending"),
    ),
    (
        Desc::gauge(
            "stream_group_last_delivered_id",
            "The epoch timestamp (ms) of the last delivered message",
            OF_GROUP,
        ),
        |group| time(field(group, "last-delivered-id")),
    ),
    (
        Desc::gauge(
            "stream_group_entries_read",
            "Total number of entries read from the stream group",
            OF_GROUP,
        ),
        |group| number(group, "entries-read"),
    ),
    (
        Desc::gauge(
            "stream_group_lag",
            "The number of messages waiting to be delivered to the stream group's consumers",
            OF_GROUP,
        ),
        |group| number(group, "lag"),
    ),
];

const CONSUMER: [Metric; 2] = [
    (
        Desc::gauge(
            "stream_group_consumer_messages_pending",
            "Pending number of messages for this specific consumer",
            OF_CONSUMER,
        ),
        |consumer| number(consumer, "pending"),
    ),
    (
        Desc::gauge(
            "stream_group_consumer_idle_seconds",
            "Consumer idle time in seconds",
            OF_CONSUMER,
        ),
        |consumer| number(consumer, "idle") / 1e3,
    ),
];

fn hold<'h>(session: &'h mut Session<'_, '_>) -> Held<'h> {
    Box::pin(LOOK.carry_out(session))
}

/// A group by the key of its stream and its name.
type GroupName<'k> = (&'k [u8], Vec<u8>);

fn describe<'h>(session: &'h mut Session<'_, '_>, database: u32, keys: &'h [Vec<u8>]) -> Held<'h> {
    Box::pin(async move {
        let database = format!("db{database}");
        let mut request = Request::default();
        for key in keys {
            request.push("XINFO STREAM", &[&b"XINFO"[..], b"STREAM", key]);
            request.push("XINFO GROUPS", &[&b"XINFO"[..], b"GROUPS", key]);
        }
        let answers = session.ask(&request).await?;
        let groups = write_streams(session, &database, keys, &answers);
        if !session.options.keys.without_consumers {
            ask_for_consumers(session, &database, &groups).await?;
        }
        Ok(())
    })
}

/// Writes streams and groups; which groups there are.
fn write_streams<'k>(
    session: &mut Session<'_, '_>,
    database: &str,
    keys: &'k [Vec<u8>],
    answers: &Answers,
) -> Vec<GroupName<'k>> {
    let (mut streams, mut groups, mut names) = (Vec::new(), Vec::new(), Vec::new());
    for (index, key) in keys.iter().enumerate() {
        let (stream, of_stream) = (answers.reply(2 * index), answers.reply(2 * index + 1));
        let Some(stream) = stream.filter(|stream| stream.list().is_some()) else {
            continue;
        };
        let Some(key_label) = label(session, key) else {
            continue;
        };
        streams.push(([database, key_label].map(str::to_owned).to_vec(), stream));
        let Some(Reply::List(of_stream)) = of_stream else {
            continue;
        };
        for group in of_stream {
            let Some(Reply::Text(name)) = field(&group, "name") else {
                continue;
            };
            names.push((key.as_slice(), name.to_vec()));
            if let Some(name) = label(session, name) {
                groups.push(([database, name, key_label].map(str::to_owned).to_vec(), group));
            }
        }
    }
    write(&STREAM, &streams, session.out);
    write(&GROUP, &groups, session.out);
    names
}

async fn ask_for_consumers(
    session: &mut Session<'_, '_>,
    database: &str,
    groups: &[GroupName<'_>],
) -> Result<(), Failure> {
    let mut request = Request::default();
    for (key, group) in groups {
        request.push("XINFO CONSUMERS", &[&b"XINFO"[..], b"CONSUMERS", key, group]);
    }
    let answers = session.ask(&request).await?;
    let mut rows = Vec::new();
    for (index, (key, group)) in groups.iter().enumerate() {
        let (Some(key), Some(group)) = (label(session, key), label(session, group)) else {
            continue;
        };
        let Some(Reply::List(consumers)) = answers.reply(index) else {
            continue;
        };
        for consumer in consumers {
            let Some(Reply::Text(name)) = field(&consumer, "name") else {
                continue;
            };
            if let Some(name) = label(session, name) {
                rows.push(([name, database, group, key].map(str::to_owned).to_vec(), consumer));
            }
        }
    }
    write(&CONSUMER, &rows, session.out);
    Ok(())
}

/// Writes metrics of rows: labels, and the reply with all fields.
fn write(metrics: &[Metric], rows: &[(Vec<String>, Reply<'_>)], out: &mut Output<'_>) {
    for (desc, value) in metrics {
        out.family(desc, |family| {
            for (labels, reply) in rows {
                let labels: Vec<_> = labels.iter().map(String::as_str).collect();
                family.sample(&labels, value(reply));
            }
        });
    }
}

/// All that is read of any reply, as a stream, a group and a consumer.
pub(crate) fn tell_all(reply: Reply<'_>, out: &mut Output<'_>) {
    let labels = ["a", "b", "c", "d"].map(str::to_owned);
    let mut rows = [(Vec::new(), reply)];
    for (metrics, names) in [(&STREAM[..], OF_STREAM), (&GROUP, OF_GROUP), (&CONSUMER, OF_CONSUMER)] {
        rows[0].0 = labels.iter().take(names.len()).cloned().collect();
        write(metrics, &rows, out);
    }
}

fn field<'r, 'b>(reply: &'r Reply<'b>, name: &str) -> Option<&'r Reply<'b>> {
    let mut pairs = reply.list()?.chunks_exact(2);
    pairs.find_map(|pair| match pair {
        [Reply::Text(known), value] if *known == name.as_bytes() => Some(value),
        _ => None,
    })
}

fn number(reply: &Reply<'_>, name: &str) -> f64 {
    let number = field(reply, name).and_then(Reply::integer);
    number.unwrap_or_default() as f64
}

/// The identifier of `["1638006862416-0", ["field", "value"]]`.
fn id_of<'r, 'b>(entry: Option<&'r Reply<'b>>) -> Option<&'r Reply<'b>> {
    entry?.list()?.first()
}

/// The milliseconds of `1638006862416-0`.
fn time(id: Option<&Reply<'_>>) -> f64 {
    let millis = match id {
        Some(Reply::Text(id)) => id.split(|byte| *byte == b'-').next().unwrap_or_default(),
        _ => return 0.0,
    };
    let millis = std::str::from_utf8(millis).ok();
    millis.and_then(|millis| millis.parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::testing::samples;

    fn text(text: &'static str) -> Reply<'static> {
        Reply::Text(text.as_bytes())
    }

    fn row(labels: &[&str], fields: Vec<Reply<'static>>) -> (Vec<String>, Reply<'static>) {
        (
            labels.iter().map(|label| (*label).to_owned()).collect(),
            Reply::List(fields),
        )
    }

    #[test]
    fn a_stream_is_read_by_the_names_of_its_fields() {
        let entry = |id| Reply::List(vec![text(id), Reply::List(vec![])]);
        let fields = vec![
            text("length"),
            Reply::Integer(3),
            text("last-generated-id"),
            text("1638006862418-2"),
            text("groups"),
            Reply::Integer(1),
            text("first-entry"),
            entry("7-1"),
            text("last-entry"),
            Reply::Nil,
        ];
        let rows = [row(&["db0", "s"], fields)];
        let expected = [
            r#"redis_stream_first_entry_id{db="db0",stream="s"} 7"#,
            r#"redis_stream_groups{db="db0",stream="s"} 1"#,
            r#"redis_stream_last_entry_id{db="db0",stream="s"} 0"#,
            r#"redis_stream_last_generated_id{db="db0",stream="s"} 1.638006862418e+12"#,
            r#"redis_stream_length{db="db0",stream="s"} 3"#,
            r#"redis_stream_max_deleted_entry_id{db="db0",stream="s"} 0"#,
            r#"redis_stream_radix_tree_keys{db="db0",stream="s"} 0"#,
            r#"redis_stream_radix_tree_nodes{db="db0",stream="s"} 0"#,
        ];
        assert_eq!(samples(|out| write(&STREAM, &rows, out)), expected);
    }

    #[test]
    fn a_lag_that_the_target_does_not_know_is_none() {
        let fields = vec![text("pending"), Reply::Integer(2), text("lag"), Reply::Nil];
        let rows = [row(&["db0", "g", "s"], fields)];
        let lines = samples(|out| write(&GROUP, &rows, out));
        for line in [
            r#"redis_stream_group_lag{db="db0",group="g",stream="s"} 0"#,
            r#"redis_stream_group_messages_pending{db="db0",group="g",stream="s"} 2"#,
        ] {
            assert!(lines.iter().any(|found| found == line), "{line} {lines:?}");
        }
    }

    #[test]
    fn consumers_idle_in_seconds() {
        let fields = vec![text("pending"), Reply::Integer(1), text("idle"), Reply::Integer(1500)];
        let rows = [row(&["c", "db0", "g", "s"], fields)];
        let expected = [
            r#"redis_stream_group_consumer_idle_seconds{consumer="c",db="db0",group="g",stream="s"} 1.5"#,
            r#"redis_stream_group_consumer_messages_pending{consumer="c",db="db0",group="g",stream="s"} 1"#,
        ];
        assert_eq!(samples(|out| write(&CONSUMER, &rows, out)), expected);
    }
}
