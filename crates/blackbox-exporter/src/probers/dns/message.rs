//! DNS messages: the question that is sent, and the answer that comes.

use super::edns;
use super::record::Record;
use super::registry;
use super::wire::{Wire, WireError, pack_name};

/// Memory that the texts of one answer's records may take. A message has at most 64 KiB, but compressed names and lists
/// of types can make megabytes of text of it.
const MOST_TEXT: usize = 4 << 20;

const RECURSION_DESIRED: u16 = 1 << 8;
const TRUNCATED: u16 = 1 << 9;

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Question<'q> {
    /// Tells the answer to this question from others.
    pub(crate) id: u16,
    /// The name as it is written.
    pub(crate) name: &'q str,
    /// Which records.
    pub(crate) kind: u16,
    /// Of which class.
    pub(crate) class: u16,
    /// Whether the server is to ask others.
    pub(crate) recursion_desired: bool,
}

impl Question<'_> {
    /// The message that asks.
    ///
    /// # Errors
    /// [`WireError::Name`] when the name is none.
    pub(crate) fn pack(&self) -> Result<Vec<u8>, WireError> {
        let flags = if self.recursion_desired { RECURSION_DESIRED } else { 0 };
        let mut message = Vec::new();
        for field in [self.id, flags, 1, 0, 0, 0] {
            message.extend(field.to_be_bytes());
        }
        message.extend(pack_name(self.name)?);
        message.extend(self.kind.to_be_bytes());
        message.extend(self.class.to_be_bytes());
        Ok(message)
    }
}

/// What the server said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The question's, or another one's.
    pub(crate) id: u16,
    /// How it ended; with EDNS, of 12 bits.
    pub(crate) rcode: u16,
    /// Whether records are missing for want of room.
    pub(crate) truncated: bool,
    /// The answers.
    pub(crate) answer: Vec<Record>,
    /// Who is responsible.
    pub(crate) authority: Vec<Record>,
    /// What may help.
    pub(crate) additional: Vec<Record>,
}

impl Answer {
    /// Reads a message as upstream does: the counts of its head are upper bounds, and what follows the last record is
    /// nothing.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn parse(message: &[u8]) -> Result<Self, WireError> {
        let mut wire = Wire::new(message);
        let (id, flags) = (wire.u16()?, wire.u16()?);
        let counts = [wire.u16()?, wire.u16()?, wire.u16()?, wire.u16()?];
        let [questions, answers, authorities, additionals] = counts;
        skip_questions(&mut wire, questions)?;
        let mut room = MOST_TEXT;
        let answer = records(&mut wire, answers, &mut room)?;
        let authority = records(&mut wire, authorities, &mut room)?;
        let additional = records(&mut wire, additionals, &mut room)?;
        if additional.last().is_some_and(|record| record.kind == registry::TSIG) {
            return Err(WireError::Signed);
        }
        let edns = additional.iter().rev().find(|record| record.kind == registry::OPT);
        Ok(Self {
            id,
            rcode: flags & 0xf | edns.map_or(0, |record| edns::rcode(record.ttl)),
            truncated: flags & TRUNCATED != 0,
            answer,
            authority,
            additional,
        })
    }
}

fn skip_questions(wire: &mut Wire<'_>, count: u16) -> Result<(), WireError> {
    let mut name = String::new();
    for _ in 0..count {
        if wire.is_empty() {
            break;
        }
        name.clear();
        wire.name(&mut name)?;
        wire.bytes(4)?;
    }
    Ok(())
}

fn records(wire: &mut Wire<'_>, count: u16, room: &mut usize) -> Result<Vec<Record>, WireError> {
    let mut records = Vec::new();
    for _ in 0..count {
        if wire.is_empty() {
            break;
        }
        let record = Record::parse(wire)?;
        *room = room.checked_sub(record.text.len()).ok_or(WireError::TooLarge)?;
        records.push(record);
    }
    Ok(records)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_packed() {
        let question = Question {
            id: 0x1234,
            name: "a.bc",
            kind: registry::ANY,
            class: registry::IN,
            recursion_desired: true,
        };
        let head = b"\x12\x34\x01\x00\0\x01\0\0\0\0\0\0";
        assert_eq!(
            question.pack(),
            Ok([head.as_slice(), b"\x01a\x02bc\0\0\xff\0\x01"].concat())
        );
        let iterative = Question {
            recursion_desired: false,
            ..question
        };
        assert_eq!(
            iterative.pack().map(|message| message.get(2..4) == Some(&[0, 0])),
            Ok(true)
        );
    }

    /// A question, an A record twice, an NS record, and EDNS.
    fn message() -> Vec<u8> {
        let mut message = b"\x12\x34\x83\x83\0\x01\0\x02\0\x01\0\x01\x01a\0\0\x01\0\x01".to_vec();
        for _ in 0..2 {
            message.extend(b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\xc0\0\x02\x01");
        }
        message.extend(b"\xc0\x0c\0\x02\0\x01\0\0\0\x05\0\x02\xc0\x0c");
        message.extend(b"\0\0\x29\x04\xd0\x01\0\0\0\0\0");
        message
    }

    #[test]
    fn an_answer_is_read() {
        let answer = Answer::parse(&message()).expect("an answer");
        let texts = |records: &[Record]| records.iter().map(|record| record.text.clone()).collect::<Vec<_>>();
        assert_eq!((answer.id, answer.rcode, answer.truncated), (0x1234, 0x13, true));
        assert_eq!(texts(&answer.answer), ["a.\t60\tIN\tA\t192.0.2.1"; 2]);
        assert_eq!(texts(&answer.authority), ["a.\t5\tIN\tNS\ta."]);
        let edns = "\n;; OPT PSEUDOSECTION:\n; EDNS: version 0; flags:; udp: 1232";
        assert_eq!(texts(&answer.additional), [edns]);
    }

    #[test]
    fn a_cut_answer_is_an_error_or_has_fewer_records() {
        let whole = message();
        let full = Answer::parse(&whole).expect("an answer");
        for length in 0..whole.len() {
            let cut = whole.get(..length).expect("shorter");
            if let Ok(answer) = Answer::parse(cut) {
                assert!(answer.additional.len() < full.additional.len(), "{length}");
            }
        }
    }

    #[test]
    fn counts_are_upper_bounds_and_what_follows_is_nothing() {
        let head_only = b"\0\x01\x81\x80\0\x01\0\x09\0\x09\0\x09";
        let answer = Answer::parse(head_only).expect("a head");
        assert_eq!((answer.id, answer.answer.len()), (1, 0));
        let mut longer = message();
        longer.extend(b"junk");
        assert_eq!(Answer::parse(&longer), Answer::parse(&message()));
    }

    #[test]
    fn a_signed_answer_is_refused() {
        let mut signed = b"\0\x01\x81\x80\0\0\0\0\0\0\0\x01".to_vec();
        signed.extend(b"\x01k\0\0\xfa\0\xff\0\0\0\0\0\0");
        assert_eq!(Answer::parse(&signed), Err(WireError::Signed));
    }

    #[test]
    fn records_whose_text_would_fill_the_memory_are_refused() {
        let mut long = b"\0\x01\x81\x80\0\x01\x20\0\0\0\0\0".to_vec();
        for _ in 0..3 {
            long.push(63);
            long.extend([0xff; 63]);
        }
        long.extend(b"\x3d");
        long.extend([0xff; 61]);
        long.extend(b"\0\0\x01\0\x01");
        for _ in 0..5000 {
            long.extend(b"\xc0\x0c\0\x01\0\x01\0\0\0\0\0\0");
        }
        assert_eq!(Answer::parse(&long), Err(WireError::TooLarge));
    }
}
