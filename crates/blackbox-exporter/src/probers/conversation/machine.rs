//! A conversation without a connection: bytes go in, and what is to be done next comes out.

use regex::Regex;

use super::expand::{expand, lossy};
use super::inbox::{Heard, Inbox};

/// As much of a line is shown to people.
const SHOWN: usize = 200;

/// One entry of `query_response`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Exchange<'s> {
    /// A line that must come; others before it do not matter.
    pub(crate) expect: Option<&'s Regex>,
    /// Bytes that must come, where no line is expected.
    pub(crate) expect_bytes: &'s [u8],
    /// Names and templates of labels to make of the line.
    pub(crate) labels: Vec<(&'s str, &'s str)>,
    /// The template of what is said then; empty: nothing.
    pub(crate) send: &'s str,
    /// Whether TLS starts then.
    pub(crate) starttls: bool,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Listen: [`Machine::hear`] or [`Machine::end`].
    Listen,
    /// Say this.
    Say(String),
    /// Speak TLS from here.
    StartTls,
    /// Nothing; all went as expected.
    Done,
}

/// What was not as expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Miss {
    /// The other side ended without the line.
    Line,
    /// A line is too long.
    TooLong,
    /// Other bytes came.
    Bytes,
    /// The other side ended before all bytes came.
    Short,
}

/// Labels of a line, by name.
pub(crate) type Info = Vec<(String, String)>;

/// Where a conversation stands.
#[derive(Debug)]
pub(crate) struct Machine<'s> {
    exchanges: &'s [Exchange<'s>],
    at: usize,
    /// This exchange has heard what it expected.
    heard: bool,
    /// So many of the expected bytes came.
    matched: usize,
    inbox: Inbox,
    /// The last line that did not match, cut.
    missed: String,
    infos: Vec<Info>,
}

impl<'s> Machine<'s> {
    /// At the beginning.
    pub(crate) fn new(exchanges: &'s [Exchange<'s>]) -> Self {
        Self {
            exchanges,
            at: 0,
            heard: false,
            matched: 0,
            inbox: Inbox::default(),
            missed: String::new(),
            infos: Vec::new(),
        }
    }

    /// How many bytes it can hear now; at least one when it said [`Turn::Listen`].
    pub(crate) fn room(&self) -> usize {
        self.inbox.room()
    }

    /// This came.
    pub(crate) fn hear(&mut self, bytes: &[u8]) {
        self.inbox.push(bytes);
    }

    /// The other side says nothing more.
    pub(crate) fn end(&mut self) {
        self.inbox.end();
    }

    /// The entry's number, from 0.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// The last line that came and did not match; empty when there is none.
    pub(crate) fn missed(&self) -> &str {
        &self.missed
    }

    /// Takes the labels that were made since the last call.
    pub(crate) fn take_infos(&mut self) -> Vec<Info> {
        std::mem::take(&mut self.infos)
    }

    /// What is to be done next.
    ///
    /// # Errors
    /// What was not as expected; the conversation is over.
    pub(crate) fn turn(&mut self) -> Result<Turn, Miss> {
        while let Some(exchange) = self.exchanges.get(self.at) {
            if !self.heard {
                let Some(mut text) = self.answer(exchange)? else {
                    return Ok(Turn::Listen);
                };
                self.heard = true;
                if !text.is_empty() {
                    text.push('\n');
                    return Ok(Turn::Say(text));
                }
            }
            self.at += 1;
            (self.heard, self.matched) = (false, 0);
            self.missed.clear();
            if exchange.starttls {
                // What was said in the clear must not pass for a part of what is said under TLS.
                self.inbox.clear();
                return Ok(Turn::StartTls);
            }
        }
        Ok(Turn::Done)
    }

    /// What to say, once all that is expected came.
    fn answer(&mut self, exchange: &Exchange<'_>) -> Result<Option<String>, Miss> {
        match exchange.expect {
            Some(regex) => self.line(regex, exchange),
            None => Ok(self.bytes(exchange.expect_bytes)?.then(|| exchange.send.to_owned())),
        }
    }

    fn line(&mut self, regex: &Regex, exchange: &Exchange<'_>) -> Result<Option<String>, Miss> {
        loop {
            let line = match self.inbox.line() {
                Heard::Line(line) => lossy(line),
                Heard::Nothing => return Ok(None),
                Heard::End => return Err(Miss::Line),
                Heard::TooLong => return Err(Miss::TooLong),
            };
            if let Some(captures) = regex.captures(&line) {
                if !exchange.labels.is_empty() {
                    let label = |(name, value): &(&str, &str)| ((*name).to_owned(), expand(value, &captures));
                    self.infos.push(exchange.labels.iter().map(label).collect());
                }
                return Ok(Some(expand(exchange.send, &captures)));
            }
            self.missed.clear();
            let shown = line.get(..line.floor_char_boundary(SHOWN));
            self.missed.push_str(shown.unwrap_or_default());
        }
    }

    fn bytes(&mut self, expected: &[u8]) -> Result<bool, Miss> {
        let missing = expected.get(self.matched..).unwrap_or_default();
        let came = self.inbox.bytes(missing.len());
        if !missing.starts_with(came) {
            return Err(Miss::Bytes);
        }
        self.matched += came.len();
        match self.matched == expected.len() {
            true => Ok(true),
            false if self.inbox.ended() => Err(Miss::Short),
            false => Ok(false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lets a machine hear `input` in pieces, and writes down what it does.
    fn play(exchanges: &[Exchange<'_>], input: &[u8], piece: usize) -> (Vec<Turn>, Result<Vec<Info>, Miss>) {
        let mut machine = Machine::new(exchanges);
        let (mut turns, mut pieces, mut infos) = (Vec::new(), input.chunks(piece), Vec::new());
        loop {
            let turn = machine.turn();
            infos.append(&mut machine.take_infos());
            match turn {
                Err(miss) => return (turns, Err(miss)),
                Ok(Turn::Done) => return (turns, Ok(infos)),
                Ok(Turn::Listen) => match pieces.next() {
                    Some(piece) => machine.hear(piece),
                    None => machine.end(),
                },
                Ok(turn) => turns.push(turn),
            }
        }
    }

    fn say(text: &str) -> Turn {
        Turn::Say(text.to_owned())
    }

    #[test]
    fn a_conversation_goes_through_its_entries() {
        let [ping, welcome] = ["PING :([^ ]+)", " 001 (.*)"].map(|text| Regex::new(text).expect("an expression"));
        let exchanges = [
            Exchange {
                send: "NICK prober",
                ..Exchange::default()
            },
            Exchange {
                expect: Some(&ping),
                send: "PONG ${1}",
                ..Exchange::default()
            },
            Exchange {
                expect: Some(&welcome),
                labels: vec![("word", "<$1>"), ("fixed", "x")],
                ..Exchange::default()
            },
            Exchange {
                expect_bytes: b"\0\x01",
                send: "QUIT",
                starttls: true,
                ..Exchange::default()
            },
        ];
        let input = b":s NOTICE\r\nPING :tok\r\n:s 001 hi\r\n\0\x01rest";
        let info = vec![
            ("word".to_owned(), "<hi>".to_owned()),
            ("fixed".to_owned(), "x".to_owned()),
        ];
        for piece in [1, 2, 3, 7, 100] {
            let turns = vec![say("NICK prober\n"), say("PONG tok\n"), say("QUIT\n"), Turn::StartTls];
            assert_eq!(
                play(&exchanges, input, piece),
                (turns, Ok(vec![info.clone()])),
                "{piece}"
            );
        }
    }

    #[test]
    fn what_is_missed_is_told() {
        let regex = Regex::new("^never$").expect("an expression");
        let line = Exchange {
            expect: Some(&regex),
            ..Exchange::default()
        };
        let bytes = Exchange {
            expect_bytes: b"abcd",
            ..Exchange::default()
        };
        let long = vec![b'x'; 70_000];
        for (exchange, input, expected) in [
            (&line, &b"a\nb"[..], Miss::Line),
            (&line, b"", Miss::Line),
            (&line, &long, Miss::TooLong),
            (&bytes, b"", Miss::Short),
            (&bytes, b"abc", Miss::Short),
            (&bytes, b"ax", Miss::Bytes),
        ] {
            let exchanges = std::slice::from_ref(exchange);
            assert_eq!(
                play(exchanges, input, 4096),
                (Vec::new(), Err(expected)),
                "{expected:?}"
            );
        }
    }

    #[test]
    fn the_last_line_that_did_not_match_is_kept_in_part() {
        let regex = Regex::new("^never$").expect("an expression");
        let exchanges = [Exchange {
            expect: Some(&regex),
            ..Exchange::default()
        }];
        let mut machine = Machine::new(&exchanges);
        machine.hear(format!("one\n{}\n", "é".repeat(SHOWN)).as_bytes());
        assert_eq!(machine.turn(), Ok(Turn::Listen));
        assert_eq!(machine.missed(), "é".repeat(SHOWN / 2));
    }

    #[test]
    fn nothing_said_before_tls_is_heard_after_it() {
        let regex = Regex::new("ready").expect("an expression");
        let hear = Exchange {
            expect: Some(&regex),
            ..Exchange::default()
        };
        let exchanges = [
            Exchange {
                starttls: true,
                ..hear.clone()
            },
            hear,
        ];
        let mut machine = Machine::new(&exchanges);
        machine.hear(b"ready\nready\n");
        assert_eq!(machine.turn(), Ok(Turn::StartTls));
        assert_eq!(machine.turn(), Ok(Turn::Listen));
    }
}
