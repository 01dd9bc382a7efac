//! The buffer of one collector: samples written straight into their final bytes, and an index of where each family
//! and sample lies, so that [`assemble`](crate::assemble()) can sort and join without reading them again.

use std::cmp::Ordering;
use std::ops::Range;
use std::sync::Arc;

use crate::block::{BlockText, LabelBlock};
use crate::blocks::Blocks;
use crate::desc::Desc;
use crate::format::{Escaping, Format};
use crate::labels::{LabelIter, Labels};
use crate::pieces::Pieces;
use crate::value::{Exemplar, Histogram, Summary};
use crate::{protobuf, text};

/// A place in the encoder's buffer.
pub(crate) type Span = Range<usize>;

/// A [`Span`] in half the room; an answer never reaches 4 GiB.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SmallSpan {
    start: u32,
    end: u32,
}

impl SmallSpan {
    fn new(span: Span) -> Self {
        Self {
            start: span.start as u32,
            end: span.end as u32,
        }
    }

    pub(crate) fn range(self) -> Span {
        self.start as usize..self.end as usize
    }
}

/// One family in the buffer: its header and, right behind, its samples up to where the next family starts.
#[derive(Clone, Debug)]
pub(crate) struct FamilyRecord {
    pub(crate) start: usize,
    /// The name as it stands in the header.
    pub(crate) name: Span,
    pub(crate) first_sample: usize,
    /// Each sample's labels are greater than the one's before: nothing to sort, nothing twice.
    pub(crate) ordered: bool,
    /// Some samples have a block, which is not in the buffer.
    pub(crate) has_blocks: bool,
}

/// One sample, all its lines if it has several, up to where the next sample or family starts.
#[derive(Clone, Debug)]
pub(crate) struct SampleRecord {
    pub(crate) start: u32,
    /// The labels, which tell samples of one family apart; those of the block, which goes where they begin, are not there.
    pub(crate) labels: SmallSpan,
    /// Which of [`Encoder::blocks`], or [`NO_BLOCK`].
    block: u32,
}

/// A sample has no block, or has it in the buffer.
const NO_BLOCK: u32 = u32::MAX;

/// Writes metric families in one format. Its buffers are kept from scrape to scrape.
#[derive(Debug)]
pub struct Encoder {
    format: Format,
    escaping: Escaping,
    pub(crate) buffer: Vec<u8>,
    pub(crate) families: Vec<FamilyRecord>,
    pub(crate) samples: Vec<SampleRecord>,
    /// Blocks of labels that samples have.
    pub(crate) blocks: Blocks,
    /// The fixed text between the label values of the family being written.
    pieces: Pieces,
}

impl Encoder {
    /// An empty encoder for `format`, names escaped by underscores.
    pub fn new(format: Format) -> Self {
        let escaping = Escaping::default();
        Self {
            format,
            escaping,
            buffer: Vec::new(),
            families: Vec::new(),
            samples: Vec::new(),
            blocks: Blocks::default(),
            pieces: Pieces::default(),
        }
    }

    /// Forgets all that was written and keeps the memory for what comes.
    pub fn reset(&mut self, format: Format, escaping: Escaping) {
        (self.format, self.escaping) = (format, escaping);
        self.buffer.clear();
        self.families.clear();
        self.samples.clear();
        self.blocks.clear();
    }

    /// The format that this encoder writes.
    pub fn format(&self) -> Format {
        self.format
    }

    /// How many samples were written; a histogram or summary is one.
    pub fn sample_count(&self) -> usize {
        self.samples.len()
    }

    /// Starts a family. Its header is written with the first sample: no samples, no family.
    pub fn family<'e>(&'e mut self, desc: &'e Desc<'e>) -> Family<'e> {
        Family {
            encoder: self,
            desc,
            shape: None,
        }
    }

    /// A family of one sample without labels.
    pub fn scalar(&mut self, desc: &Desc<'_>, value: f64) {
        self.family(desc).sample(&[], value);
    }

    /// The bytes of the family at `index`, header and samples.
    pub(crate) fn family_span(&self, index: usize) -> Span {
        let end = self
            .families
            .get(index + 1)
            .map_or(self.buffer.len(), |next| next.start);
        self.families[index].start..end
    }

    /// The samples of the family at `index`.
    pub(crate) fn family_samples(&self, index: usize) -> Range<usize> {
        let end = self
            .families
            .get(index + 1)
            .map_or(self.samples.len(), |next| next.first_sample);
        self.families[index].first_sample..end
    }

    /// The bytes of the sample at `index`, which ends by `family_end` at the latest.
    pub(crate) fn sample_span(&self, index: usize, family_end: usize) -> Span {
        let end = self
            .samples
            .get(index + 1)
            .map_or(family_end, |next| (next.start as usize).min(family_end));
        self.samples[index].start as usize..end
    }

    /// The labels of a sample.
    pub(crate) fn labels(&self, sample: &SampleRecord) -> LabelBytes<'_> {
        LabelBytes {
            block: self.blocks.get(sample.block).map_or(&[], |block| &block.bytes),
            rest: &self.buffer[sample.labels.range()],
        }
    }

    /// Whether the family that is being written is ordered with `sample` behind it, too.
    #[inline]
    fn keeps_order(&self, sample: &SampleRecord) -> bool {
        let (Some(family), Some(before)) = (self.families.last(), self.samples.last()) else {
            return true;
        };
        family.first_sample == self.samples.len() || family.ordered && self.is_before(before, sample)
    }

    #[inline]
    fn is_before(&self, a: &SampleRecord, b: &SampleRecord) -> bool {
        if a.block == b.block {
            return self.buffer[a.labels.range()] < self.buffer[b.labels.range()];
        }
        self.labels(a).compare(self.labels(b)) == Ordering::Less
    }

    /// The block of a sample that has one.
    pub(crate) fn block(&self, sample: &SampleRecord) -> Option<&Arc<BlockText>> {
        self.blocks.get(sample.block)
    }
}

/// The labels of a sample as they will stand in the answer: those of its block, and the rest behind them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LabelBytes<'e> {
    pub(crate) block: &'e [u8],
    pub(crate) rest: &'e [u8],
}

impl LabelBytes<'_> {
    /// How the two compare as one text each.
    #[inline]
    pub(crate) fn compare(self, other: Self) -> Ordering {
        // Not only quicker: to compare slices of nothing, which point nowhere, takes a CPU with AVX-512 hundreds of cycles.
        if self.block.is_empty() && other.block.is_empty() {
            return self.rest.cmp(other.rest);
        }
        let shared = self.block.len().min(other.block.len());
        match self.block[..shared].cmp(&other.block[..shared]) {
            Ordering::Equal if self.block.len() == other.block.len() => self.rest.cmp(other.rest),
            Ordering::Equal => self.bytes().cmp(other.bytes()),
            unequal => unequal,
        }
    }

    pub(crate) fn bytes(&self) -> impl Iterator<Item = &u8> {
        self.block.iter().chain(self.rest)
    }
}

/// What a family's header settled for each of its samples.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    /// The name as the header has it.
    pub(crate) name: Span,
    /// Whether the name is in quotes, and so inside the braces.
    pub(crate) quoted: bool,
    /// Whether every label name of the `Desc` can be written as it is.
    pub(crate) legacy_labels: bool,
}

/// A family that is being written.
#[derive(Debug)]
pub struct Family<'e> {
    encoder: &'e mut Encoder,
    desc: &'e Desc<'e>,
    shape: Option<Shape>,
}

/// What one call wants written.
#[derive(Clone, Copy)]
pub(crate) enum Value<'v> {
    Number(f64, Option<&'v Exemplar<'v>>),
    Histogram(&'v Histogram<'v>),
    Summary(&'v Summary<'v>),
}

impl Family<'_> {
    /// One sample of a counter, gauge, untyped or info family.
    pub fn sample<'l>(&mut self, labels: impl Into<Labels<'l>>, value: f64) -> &mut Self {
        self.write(labels.into(), Value::Number(value, None))
    }

    /// One sample whose labels are those of `block` and, behind them, `values` for the label names of the [`Desc`].
    pub fn sample_in(&mut self, block: &LabelBlock, values: &[&str], value: f64) -> &mut Self {
        debug_assert_eq!(
            self.desc.labels.len(),
            values.len(),
            "a value for each label of {}",
            self.desc.name
        );
        if self.shape.is_none() {
            self.begin();
        }
        let Some(shape) = &self.shape else { return self };
        let encoder = &mut *self.encoder;
        let start = encoder.buffer.len();
        let span = match encoder.format {
            Format::Protobuf => {
                let labels = LabelIter::new(self.desc.labels, values.into());
                let (buffer, escaping) = (&mut encoder.buffer, encoder.escaping);
                protobuf::push_sample_in(buffer, self.desc, shape, escaping, &block.protobuf, labels, value)
            }
            _ if block.text.bytes.is_empty() => encoder.pieces.push_sample(&mut encoder.buffer, values, value),
            _ => {
                let span = encoder
                    .pieces
                    .push_sample_around_block(&mut encoder.buffer, values, value);
                let block = encoder.blocks.index(&block.text);
                self.record(start, span, block);
                return self;
            }
        };
        self.record(start, span, NO_BLOCK);
        self
    }

    /// One sample of a counter that has an exemplar.
    pub fn sample_with_exemplar<'l>(
        &mut self,
        labels: impl Into<Labels<'l>>,
        value: f64,
        exemplar: &Exemplar<'_>,
    ) -> &mut Self {
        self.write(labels.into(), Value::Number(value, Some(exemplar)))
    }

    /// One histogram of a histogram family.
    pub fn histogram<'l>(&mut self, labels: impl Into<Labels<'l>>, value: &Histogram<'_>) -> &mut Self {
        self.write(labels.into(), Value::Histogram(value))
    }

    /// One summary of a summary family.
    pub fn summary<'l>(&mut self, labels: impl Into<Labels<'l>>, value: &Summary<'_>) -> &mut Self {
        self.write(labels.into(), Value::Summary(value))
    }

    #[inline]
    fn write(&mut self, labels: Labels<'_>, value: Value<'_>) -> &mut Self {
        if self.shape.is_none() {
            self.begin();
        }
        let Some(shape) = &self.shape else { return self };
        let encoder = &mut *self.encoder;
        let start = encoder.buffer.len();
        let span = match (encoder.format, labels, value) {
            (Format::Protobuf, ..) => {
                let labels = LabelIter::new(self.desc.labels, labels);
                protobuf::push_sample(&mut encoder.buffer, self.desc, shape, encoder.escaping, labels, value)
            }
            (_, Labels::Values(values), Value::Number(number, None)) => {
                debug_assert_eq!(
                    self.desc.labels.len(),
                    values.len(),
                    "a value for each label of {}",
                    self.desc.name
                );
                encoder.pieces.push_sample(&mut encoder.buffer, values, number)
            }
            (format, ..) => {
                let labels = LabelIter::new(self.desc.labels, labels);
                let writer = text::Writer {
                    format,
                    escaping: encoder.escaping,
                    shape,
                };
                writer.push_sample(&mut encoder.buffer, self.desc, labels, value)
            }
        };
        self.record(start, span, NO_BLOCK);
        self
    }

    /// Writes the header, at the family's first sample.
    #[cold]
    fn begin(&mut self) {
        let encoder = &mut *self.encoder;
        let start = encoder.buffer.len();
        let shape = match encoder.format {
            Format::Protobuf => protobuf::push_header(&mut encoder.buffer, self.desc, encoder.escaping),
            format => {
                let shape = text::push_header(&mut encoder.buffer, self.desc, format, encoder.escaping);
                text::Writer {
                    format,
                    escaping: encoder.escaping,
                    shape: &shape,
                }
                .fill_pieces(&mut encoder.buffer, self.desc, &mut encoder.pieces);
                shape
            }
        };
        let first_sample = encoder.samples.len();
        encoder.families.push(FamilyRecord {
            start,
            name: shape.name.clone(),
            first_sample,
            ordered: true,
            has_blocks: false,
        });
        self.shape = Some(shape);
    }

    #[inline]
    fn record(&mut self, start: usize, labels: Span, block: u32) {
        let encoder = &mut *self.encoder;
        let sample = SampleRecord {
            start: start as u32,
            labels: SmallSpan::new(labels),
            block,
        };
        let ordered = encoder.keeps_order(&sample);
        if let Some(family) = encoder.families.last_mut() {
            family.ordered = ordered;
            family.has_blocks |= block != NO_BLOCK;
        }
        encoder.samples.push(sample);
    }
}
