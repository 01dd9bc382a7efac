//! Who is connected, and what each costs. From CLIENT LIST, whose fields differ from version to version.

use std::time::UNIX_EPOCH;

use exposition::Desc;

use super::{Question, Seen};
use crate::connection::Reply;
use crate::output::Output;
use crate::settings::Options;

/// All of them.
pub(crate) const QUESTION: Question = Question {
    name: "CLIENT LIST",
    words: |options| options.client_list.then(|| vec!["CLIENT", "LIST"]),
    tell,
};

/// When something was that the server says in seconds ago.
const TIMES: [(&str, &str); 2] = [
    ("age", "connected_client_created_at_timestamp"),
    ("idle", "connected_client_idle_since_timestamp"),
];

/// Numbers that every client has; where a server does not know one, it is 0.
const ALWAYS: [(&str, &str); 8] = [
    ("omem", "connected_client_output_buffer_memory_usage_bytes"),
    ("tot-mem", "connected_client_total_memory_consumed_bytes"),
    ("sub", "connected_client_channel_subscriptions_count"),
    ("psub", "connected_client_pattern_matching_subscriptions_count"),
    ("qbuf", "connected_client_query_buffer_length_bytes"),
    ("qbuf-free", "connected_client_query_buffer_free_space_bytes"),
    ("obl", "connected_client_output_buffer_length_bytes"),
    ("oll", "connected_client_output_list_length"),
];

/// Numbers since Redis 7.0.3 and 7.4.
const SOMETIMES: [(&str, &str); 2] = [
    ("ssub", "connected_client_shard_channel_subscriptions_count"),
    ("watch", "connected_client_shard_channel_watched_keys"),
];

/// Labels that are there only where they are wanted, since Redis 7, and since Redis 6.
const OPTIONAL: [&str; 3] = ["port", "resp", "user"];

const FIELDS: usize = TIMES.len() + ALWAYS.len() + SOMETIMES.len();

/// A line: `id=3 addr=127.0.0.1:5000 name=app age=60 idle=0 flags=N db=0 … omem=0 … user=default resp=2`.
struct Client<'a> {
    db: &'a str,
    flags: &'a str,
    host: &'a str,
    id: &'a str,
    name: &'a str,
    /// In the order of the table.
    optional: [&'a str; OPTIONAL.len()],
    /// What becomes a metric, in the order of the tables.
    numbers: [Option<f64>; FIELDS],
}

impl<'a> Client<'a> {
    fn optional(&self, place: usize) -> &'a str {
        self.optional.get(place).copied().unwrap_or_default()
    }
}

fn tell(reply: &Reply<'_>, options: &Options, seen: &mut Seen<'_>, out: &mut Output<'_>) {
    let Some(text) = reply.text() else { return };
    let now = seen.now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let clients: Vec<Client<'_>> = text.lines().filter_map(|line| parse(line, now)).collect();
    tell_who(&clients, options, out);
    let metrics = TIMES.iter().chain(&ALWAYS).chain(&SOMETIMES);
    for (index, (_, metric)) in metrics.enumerate() {
        let help = format!("{metric} metric");
        out.family(&Desc::gauge(metric, &help, &["id", "name"]), |family| {
            for client in &clients {
                if let Some(Some(number)) = client.numbers.get(index) {
                    family.sample(&[client.id, client.name], *number);
                }
            }
        });
    }
}

/// Labels that no client has a value for are left out.
fn tell_who(clients: &[Client<'_>], options: &Options, out: &mut Output<'_>) {
    let is_wanted = |label| label != "port" || options.client_port;
    let is_known = |place: usize| clients.iter().any(|client| !client.optional(place).is_empty());
    let places = OPTIONAL.iter().enumerate();
    let shown: Vec<(usize, &str)> = places
        .filter(|(place, label)| is_wanted(**label) && is_known(*place))
        .map(|(place, label)| (place, *label))
        .collect();
    let mut labels = vec!["db", "flags", "host", "id", "name"];
    labels.extend(shown.iter().map(|(_, label)| label));
    let desc = Desc::gauge("connected_client_info", "connected_client_info metric", &labels);
    out.family(&desc, |family| {
        for client in clients {
            let mut values = vec![client.db, client.flags, client.host, client.id, client.name];
            values.extend(shown.iter().map(|(place, _)| client.optional(*place)));
            family.sample(&values, 1.0);
        }
    });
}

/// `None` for what has no number and address, or no usable age.
fn parse(line: &str, now: u64) -> Option<Client<'_>> {
    let value = |name| {
        let mut fields = line.split(' ').filter_map(|field| field.split_once('='));
        fields.find(|(known, _)| *known == name).map(|(_, value)| value)
    };
    let text = |name| value(name).unwrap_or_default();
    let whole = |text: &str| text.parse::<i64>().unwrap_or_default() as f64;
    let (host, port) = value("addr")?.rsplit_once(':')?;
    let mut numbers = [None; FIELDS];
    let mut places = numbers.iter_mut();
    for ((name, _), place) in TIMES.iter().zip(places.by_ref()) {
        let ago = value(name).map(str::parse::<i64>).transpose().ok()?;
        *place = Some(ago.map_or(0.0, |ago| now as f64 - ago as f64));
    }
    for ((name, _), place) in ALWAYS.iter().zip(places.by_ref()) {
        *place = Some(whole(text(name)));
    }
    for ((name, _), place) in SOMETIMES.iter().zip(places) {
        *place = value(name).map(whole);
    }
    Some(Client {
        db: text("db"),
        flags: text("flags"),
        host,
        id: value("id")?,
        name: text("name"),
        optional: [port, text("resp"), text("user")],
        numbers,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collectors::testing::options;
    use crate::output::testing::samples;
    use std::time::Duration;

    const OLD: &str = "id=11 addr=127.0.0.1:63508 fd=8 name= age=6321 idle=6320 flags=N db=0 sub=0 psub=0 multi=-1 \
                       qbuf=0 qbuf-free=0 obl=3 oll=8 omem=5 events=r cmd=setex\n";
    const NEW: &str = "id=4 addr=fd40:1481::1a06:44426 laddr=fd40::1:6379 fd=19 name=a=b age=782 idle=0 flags=N db=2 \
                       sub=896 psub=18 ssub=17 multi=-1 watch=3 qbuf=26 qbuf-free=32742 argv-mem=10 obl=0 oll=555 \
                       omem=0 tot-mem=61466 events=r cmd=client user=default redir=-1 resp=3 lib-name=py lib-ver=\n";

    fn told(text: &str, args: &[&str]) -> Vec<String> {
        let reply = Reply::Text(text.as_bytes());
        let mut seen = Seen::new("", UNIX_EPOCH + Duration::from_secs(10_000));
        samples(|out| tell(&reply, &options(args), &mut seen, out))
    }

    #[test]
    fn a_client_is_told_of_with_what_it_costs() {
        let expected = [
            ("channel_subscriptions_count", "0"),
            ("created_at_timestamp", "3679"),
            ("idle_since_timestamp", "3680"),
            ("info", "1"),
            ("output_buffer_length_bytes", "3"),
            ("output_buffer_memory_usage_bytes", "5"),
            ("output_list_length", "8"),
            ("pattern_matching_subscriptions_count", "0"),
            ("query_buffer_free_space_bytes", "0"),
            ("query_buffer_length_bytes", "0"),
            ("total_memory_consumed_bytes", "0"),
        ];
        let expected = expected.map(|(metric, number)| match metric {
            "info" => r#"redis_connected_client_info{db="0",flags="N",host="127.0.0.1",id="11",name=""} 1"#.to_owned(),
            _ => format!("redis_connected_client_{metric}{{id=\"11\",name=\"\"}} {number}"),
        });
        assert_eq!(told(OLD, &[]), expected);
    }

    #[test]
    fn new_servers_tell_more_and_the_port_is_told_where_it_is_wanted() {
        let lines = told(NEW, &["--export-client-port"]);
        for line in [
            r#"redis_connected_client_info{db="2",flags="N",host="fd40:1481::1a06",id="4",name="a=b",port="44426",resp="3",user="default"} 1"#,
            r#"redis_connected_client_shard_channel_subscriptions_count{id="4",name="a=b"} 17"#,
            r#"redis_connected_client_shard_channel_watched_keys{id="4",name="a=b"} 3"#,
            r#"redis_connected_client_total_memory_consumed_bytes{id="4",name="a=b"} 61466"#,
            r#"redis_connected_client_created_at_timestamp{id="4",name="a=b"} 9218"#,
        ] {
            assert!(lines.iter().any(|found| found == line), "{line} {lines:?}");
        }
    }

    #[test]
    fn what_is_no_client_is_left_out() {
        for (line, count) in [
            ("", 0),
            ("id=4 addr= age=1 idle=1", 0),
            ("addr=h:1 age=1 idle=1", 0),
            ("id=4 addr=h:1 age=old idle=1", 0),
            ("id=4 addr=h:1 age=1 idle=?", 0),
            ("id=4 addr=/run/r.sock:0 sub=x ssub=x", 12),
        ] {
            assert_eq!(told(line, &[]).len(), count, "{line}");
        }
    }
}
