//! Joins the buffers of several collectors into one answer: families sorted by name, samples sorted by their labels,
//! nothing twice. Ranges of bytes are sorted, not copies of strings.

use std::cmp::Ordering;

use crate::encoder::{Encoder, LabelBytes, Span};
use crate::format::Format;
use crate::protobuf;
use crate::sink::Sink;

/// Why something that was written is not in the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A sample with the same name and labels came before.
    Duplicate,
    /// A family of the same name came before with another help or type.
    Inconsistent,
}

/// A sample or family that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// The family's name.
    pub family: String,
    /// The sample's labels as they were written, empty for a whole family.
    pub labels: String,
    /// Which of the encoders given wrote it, by position.
    pub part: usize,
    /// Why.
    pub reason: Reason,
}

/// A family of one encoder.
#[derive(Clone, Copy)]
struct Place<'a> {
    part: usize,
    encoder: &'a Encoder,
    family: usize,
}

/// The order of an answer's families by name. From one answer to the next it seldom changes, and to see that it is the
/// same takes one comparison a family.
#[derive(Debug, Default)]
pub struct Order {
    /// Positions of families as the encoders have them, one encoder behind the other.
    positions: Vec<usize>,
}

impl Order {
    fn sort(&mut self, places: &[Place<'_>]) {
        let before = |a: &usize, b: &usize| (places[*a].name(), a) < (places[*b].name(), b);
        if self.positions.len() != places.len() || !self.positions.is_sorted_by(before) {
            self.positions.clear();
            self.positions.extend(0..places.len());
            self.positions.sort_by(|a, b| places[*a].name().cmp(places[*b].name()));
        }
    }
}

/// Appends what all `parts` wrote to `out` and returns what was left out. Of two that clash the first part's stays.
/// All parts must have been written in one format.
pub fn assemble<'a>(parts: impl IntoIterator<Item = &'a Encoder>, out: &mut Vec<u8>) -> Vec<Rejected> {
    assemble_again(parts, &mut Order::default(), out)
}

/// [`assemble`] for answers that come again and again; `order` is what the last one left.
pub fn assemble_again<'a>(
    parts: impl IntoIterator<Item = &'a Encoder>,
    order: &mut Order,
    out: &mut Vec<u8>,
) -> Vec<Rejected> {
    join(parts, order, out)
}

pub(crate) fn join<'a>(
    parts: impl IntoIterator<Item = &'a Encoder>,
    order: &mut Order,
    out: &mut impl Sink,
) -> Vec<Rejected> {
    let mut places = Vec::new();
    let mut format = None;
    let mut length = 0;
    for (part, encoder) in parts.into_iter().enumerate() {
        let first = *format.get_or_insert(encoder.format());
        debug_assert_eq!(encoder.format(), first, "one answer has one format");
        places.extend((0..encoder.families.len()).map(|family| Place { part, encoder, family }));
        length += encoder.buffer.len() + encoder.blocks.length() + 8;
    }
    out.begin(length);
    order.sort(&places);
    let sorted: Vec<Place<'_>> = order.positions.iter().map(|position| places[*position]).collect();
    let mut rejected = Vec::new();
    for group in sorted.chunk_by(|a, b| a.name() == b.name()) {
        push_family(group, out, &mut rejected);
    }
    if format == Some(Format::OpenMetrics100) {
        out.text(b"# EOF\n");
    }
    rejected
}

fn push_family(group: &[Place<'_>], out: &mut impl Sink, rejected: &mut Vec<Rejected>) {
    match group {
        [only] if only.is_ordered() && only.has_blocks() => {
            out.text(only.header());
            for sample in only.encoder.family_samples(only.family) {
                only.push_sample(sample, out);
            }
        }
        [only] if only.is_ordered() => {
            let span = only.encoder.family_span(only.family);
            push_length(out, only.encoder.format(), span.len());
            out.text(&only.encoder.buffer[span]);
        }
        [first, ..] => push_merged(first, group, out, rejected),
        [] => {}
    }
}

/// The slow way: samples out of order, or one family from several encoders.
fn push_merged(first: &Place<'_>, group: &[Place<'_>], out: &mut impl Sink, rejected: &mut Vec<Rejected>) {
    let mut samples = Vec::new();
    for place in group {
        if place.header() == first.header() {
            samples.extend(place.encoder.family_samples(place.family).map(|sample| (place, sample)));
        } else {
            rejected.push(place.rejected("", Reason::Inconsistent));
        }
    }
    samples.sort_by(|a, b| a.0.labels(a.1).compare(b.0.labels(b.1)));
    samples.dedup_by(|later, earlier| {
        let labels = later.0.labels(later.1);
        let same = labels.compare(earlier.0.labels(earlier.1)) == Ordering::Equal;
        if same {
            let labels: Vec<u8> = labels.bytes().copied().collect();
            rejected.push(later.0.rejected(&String::from_utf8_lossy(&labels), Reason::Duplicate));
        }
        same
    });
    let length = samples
        .iter()
        .map(|(place, sample)| place.sample_span(*sample).len())
        .sum::<usize>();
    push_length(out, first.encoder.format(), first.header().len() + length);
    if group.iter().any(Place::has_blocks) {
        push_samples(first.header(), &samples, out);
    } else {
        let mut family = Vec::with_capacity(first.header().len() + length);
        push_samples(first.header(), &samples, &mut family);
        out.text(&family);
    }
}

fn push_samples(header: &[u8], samples: &[(&Place<'_>, usize)], out: &mut impl Sink) {
    out.text(header);
    for (place, sample) in samples {
        place.push_sample(*sample, out);
    }
}

/// Protobuf puts each family's length in front of it.
fn push_length(out: &mut impl Sink, format: Format, length: usize) {
    if format == Format::Protobuf {
        let (varint, bytes) = protobuf::varint(length as u64);
        out.text(&varint[..bytes]);
    }
}

impl<'a> Place<'a> {
    fn name(&self) -> &'a [u8] {
        &self.encoder.buffer[self.encoder.families[self.family].name.clone()]
    }

    fn is_ordered(&self) -> bool {
        self.encoder.families[self.family].ordered
    }

    /// Name, help and type as they were written.
    fn header(&self) -> &'a [u8] {
        let span = self.encoder.family_span(self.family);
        let samples = self.encoder.family_samples(self.family);
        let end = self
            .encoder
            .samples
            .get(samples.start)
            .map_or(span.end, |sample| sample.start as usize);
        &self.encoder.buffer[span.start..end]
    }

    fn has_blocks(&self) -> bool {
        self.encoder.families[self.family].has_blocks
    }

    fn labels(&self, sample: usize) -> LabelBytes<'a> {
        self.encoder.labels(&self.encoder.samples[sample])
    }

    fn push_sample(&self, sample: usize, out: &mut impl Sink) {
        let span = self.sample_span(sample);
        let record = &self.encoder.samples[sample];
        let buffer = &self.encoder.buffer;
        match self.encoder.block(record) {
            None => out.text(&buffer[span]),
            Some(block) => {
                let cut = record.labels.range().start;
                out.line(&buffer[span.start..cut], block, &buffer[cut..span.end]);
            }
        }
    }

    fn sample_span(&self, sample: usize) -> Span {
        self.encoder
            .sample_span(sample, self.encoder.family_span(self.family).end)
    }

    fn rejected(&self, labels: &str, reason: Reason) -> Rejected {
        let family = String::from_utf8_lossy(self.name()).into_owned();
        Rejected {
            family,
            labels: labels.to_owned(),
            part: self.part,
            reason,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Desc;

    const CPU: Desc<'_> = Desc::gauge("cpu", "CPUs.", &["cpu"]);
    const LOAD: Desc<'_> = Desc::gauge("load", "Load.", &[]);

    fn encoder(write: impl FnOnce(&mut Encoder)) -> Encoder {
        let mut encoder = Encoder::new(Format::Text004);
        write(&mut encoder);
        encoder
    }

    fn answer(parts: &[Encoder]) -> (String, Vec<Rejected>) {
        let mut out = Vec::new();
        let rejected = assemble(parts, &mut out);
        (String::from_utf8(out).unwrap(), rejected)
    }

    #[test]
    fn an_order_is_taken_again_only_while_it_holds() {
        let gauge = |name: &'static str| encoder(|out| out.scalar(&Desc::gauge(name, "", &[]), 1.0));
        let mut order = Order::default();
        for names in [
            ["b", "a", "c"],
            ["b", "a", "c"],
            ["c", "b", "a"],
            ["a", "a", "b"],
            ["a", "b", "a"],
        ] {
            let parts = names.map(gauge);
            let (mut text, mut expected) = (Vec::new(), Vec::new());
            let rejected = assemble_again(&parts, &mut order, &mut text);
            assert_eq!(rejected, assemble(&parts, &mut expected), "{names:?}");
            assert_eq!(text, expected, "{names:?}");
        }
    }

    #[test]
    fn families_and_samples_are_sorted() {
        let parts = [encoder(|e| {
            e.scalar(&LOAD, 1.0);
            e.family(&CPU).sample(&["2"], 2.0).sample(&["10"], 10.0);
        })];
        let expected = "# HELP cpu CPUs.\n# TYPE cpu gauge\ncpu{cpu=\"10\"} 10\ncpu{cpu=\"2\"} 2\n\
                        # HELP load Load.\n# TYPE load gauge\nload 1\n";
        assert_eq!(answer(&parts), (expected.to_owned(), vec![]));
    }

    #[test]
    fn a_family_from_two_collectors_becomes_one() {
        let parts = [
            encoder(|e| e.scalar(&LOAD, 1.0)),
            encoder(|e| {
                e.family(&CPU).sample(&["1"], 1.0);
            }),
            encoder(|e| {
                e.family(&CPU).sample(&["0"], 0.0);
            }),
        ];
        let (text, rejected) = answer(&parts);
        assert!(
            text.starts_with("# HELP cpu CPUs.\n# TYPE cpu gauge\ncpu{cpu=\"0\"} 0\ncpu{cpu=\"1\"} 1\n# HELP load")
        );
        assert_eq!(rejected, []);
    }

    #[test]
    fn a_series_twice_is_dropped_and_named_once() {
        let parts = [
            encoder(|e| {
                e.family(&CPU).sample(&["0"], 1.0);
            }),
            encoder(|e| {
                e.family(&CPU).sample(&["0"], 2.0);
            }),
        ];
        let (text, rejected) = answer(&parts);
        assert_eq!(text, "# HELP cpu CPUs.\n# TYPE cpu gauge\ncpu{cpu=\"0\"} 1\n");
        let expected = Rejected {
            family: "cpu".into(),
            labels: "cpu=\"0\"".into(),
            part: 1,
            reason: Reason::Duplicate,
        };
        assert_eq!(rejected, [expected]);
    }

    #[test]
    fn a_family_with_another_help_is_dropped_whole() {
        let other = Desc::gauge("load", "Something else.", &[]);
        let (text, rejected) = answer(&[encoder(|e| e.scalar(&LOAD, 1.0)), encoder(|e| e.scalar(&other, 2.0))]);
        assert_eq!(text, "# HELP load Load.\n# TYPE load gauge\nload 1\n");
        let expected = Rejected {
            family: "load".into(),
            labels: String::new(),
            part: 1,
            reason: Reason::Inconsistent,
        };
        assert_eq!(rejected, [expected]);
    }
}
