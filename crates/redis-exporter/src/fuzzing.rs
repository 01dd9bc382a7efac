//! What the fuzz targets reach, and nobody else uses.

use std::time::SystemTime;

use exporter_toolkit::flags::Flags;
use exposition::{Encoder, Format, assemble};

use crate::cluster::{addresses, elsewhere};
use crate::collectors::{CLIENT_LIST, QUESTIONS, Seen, tell_cluster, tell_info, tell_streams};
use crate::connection::Reply;
use crate::connection::resp::{Framer, parse};
use crate::key_list;
use crate::output::Output;
use crate::settings::Settings;
use crate::target::Target;

/// So much comes at a time when a reply comes slowly.
const PIECE: usize = 7;

/// Everything that makes a collector say more.
const ALL: [&str; 5] = [
    "--export-client-list",
    "--export-client-port",
    "--include-config-metrics",
    "--include-system-metrics",
    "--append-instance-role-label",
];

/// Reads bytes as a reply; the rule is that it ends at the same place, or is refused, however slowly it comes.
pub fn read_reply(data: &[u8]) {
    let whole = Framer::new(0).end(data);
    let mut slow = Framer::new(0);
    let pieces = (0..data.len()).step_by(PIECE).chain([data.len()]);
    let outcome = pieces
        .map(|length| slow.end(data.get(..length).unwrap_or_default()))
        .find(|outcome| !matches!(outcome, Ok(None)));
    assert_eq!(outcome.unwrap_or(Ok(None)), whole, "slowly and at once");
    if let Ok(Some(end)) = whole {
        let reply = data.get(..end).map(parse);
        assert!(reply.is_some(), "a reply ends past its bytes");
    }
}

/// Has all that INFO is read for written; the rule is that the text can be read again.
pub fn tell(text: &str) {
    check(|options, out| {
        let mut seen = Seen::new(text, SystemTime::UNIX_EPOCH);
        tell_info(&seen, options, out);
        // Any reply may come to any question.
        if let Some(reply) = parse(text.as_bytes()) {
            for question in QUESTIONS {
                (question.tell)(&reply, options, &mut seen, out);
            }
        }
    });
}

/// Has the lines of CLIENT LIST written; the rule is that the text can be read again.
pub fn tell_clients(text: &str) {
    check(|options, out| {
        let mut seen = Seen::new("", SystemTime::UNIX_EPOCH);
        (CLIENT_LIST.tell)(&Reply::Text(text.as_bytes()), options, &mut seen, out);
    });
}

/// Reads a text as what nodes say of their cluster; the rule is that each address is one that can be asked.
pub fn read_cluster(text: &str) {
    check(|_, out| tell_cluster(text, out));
    for names in [false, true] {
        for address in addresses(text, "redis", names) {
            assert!(Target::parse(&address).is_ok(), "{address} cannot be asked");
        }
    }
    drop(elsewhere(text.as_bytes()).map(|elsewhere| Target::parse(&elsewhere.address)));
}

/// Reads a reply, and each reply in it, as what XINFO says; the rule is that the text can be read again.
pub fn tell_stream(data: &[u8]) {
    for reply in parse(data).into_iter().chain(items(data)) {
        check(|_, out| tell_streams(reply, out));
    }
}

fn items(data: &[u8]) -> Vec<Reply<'_>> {
    match parse(data) {
        Some(Reply::List(items)) => items,
        _ => Vec::new(),
    }
}

fn check(write: impl FnOnce(&crate::settings::Options, &mut Output<'_>)) {
    let Some(settings) = settings(&ALL) else { return };
    let mut encoder = Encoder::new(Format::Text004);
    {
        let mut out = Output::new(&mut encoder, "redis");
        write(&settings.options, &mut out);
    }
    let mut body = Vec::new();
    drop(assemble([&encoder], &mut body));
    let read = exposition::parse::parse(&body);
    assert!(read.is_ok(), "what was written cannot be read");
}

/// Reads any text as an address, as a list of keys, and as the flags that take them.
pub fn read_words(text: &str) {
    if let Ok(target) = Target::parse(text) {
        let shown = target.to_string();
        let again = Target::parse(&shown);
        assert!(again.is_ok(), "an address that is shown is one");
        drop(target.without_password());
    }
    // A refusal quotes the part that it is about.
    drop(key_list::parse(text));
    let flags = [
        "redis.addr",
        "check-keys",
        "count-keys",
        "check-key-groups",
        "connection-timeout",
        "namespace",
    ];
    for flag in flags {
        drop(settings(&[&format!("--{flag}={text}")]));
    }
}

fn settings(args: &[&str]) -> Option<Settings> {
    let table = crate::flags();
    let args = args.iter().map(std::ffi::OsString::from);
    let flags = Flags::parse("redis-exporter", "", [table.as_slice()], args).ok()?;
    Settings::from_flags(&flags).ok()
}
