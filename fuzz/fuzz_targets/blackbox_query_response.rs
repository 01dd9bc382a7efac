//! Whatever a peer says, in whatever pieces, a conversation listens, goes on or is over; it never needs more room than it has.
#![no_main]
#![allow(dead_code, unreachable_pub, reason = "modules of blackbox-exporter, which uses the rest")]

#[path = "../../crates/blackbox-exporter/src/probers/conversation/expand.rs"]
mod expand;
#[path = "../../crates/blackbox-exporter/src/probers/conversation/inbox.rs"]
mod inbox;
#[path = "../../crates/blackbox-exporter/src/probers/conversation/machine.rs"]
mod machine;

use std::sync::LazyLock;

use machine::{Exchange, Machine, Turn};
use regex::Regex;

static LINE: LazyLock<Regex> = LazyLock::new(|| Regex::new("^(?P<word>[^ ]*) ?(.*)$").expect("an expression"));

#[derive(Debug, arbitrary::Arbitrary)]
struct Input<'i> {
    /// What the entries are: lines, bytes, TLS.
    entries: Vec<(bool, &'i [u8], bool)>,
    send: &'i str,
    pieces: Vec<&'i [u8]>,
}

libfuzzer_sys::fuzz_target!(|input: Input<'_>| {
    let exchanges: Vec<Exchange<'_>> = input
        .entries
        .iter()
        .map(|(line, bytes, starttls)| Exchange {
            expect: line.then_some(&*LINE),
            expect_bytes: bytes,
            labels: vec![("word", "${word}"), ("rest", "$2$$$9")],
            send: input.send,
            starttls: *starttls,
        })
        .collect();
    let mut machine = Machine::new(&exchanges);
    let mut pieces = input.pieces.iter();
    loop {
        match machine.turn() {
            Ok(Turn::Listen) => assert!(machine.room() > 0),
            Ok(Turn::Say(text)) => {
                assert!(text.ends_with('\n') && text.len() <= expand::LONGEST.max(input.send.len()) + 1);
                continue;
            }
            Ok(Turn::StartTls) => continue,
            Ok(Turn::Done) | Err(_) => break,
        }
        match pieces.next() {
            Some(piece) => machine.hear(piece),
            None => machine.end(),
        }
    }
    assert!(machine.take_infos().len() <= exchanges.len());
});
