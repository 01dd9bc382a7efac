//! The protobuf format: `io.prometheus.client.MetricFamily`, whose length goes in front when the answer is assembled.

use crate::desc::{Desc, Kind};
use crate::encoder::{Shape, Span, Value};
use crate::format::Escaping;
use crate::labels::{LabelIter, is_legacy_label_name, is_legacy_metric_name, push_underscored};
use crate::value::{Exemplar, Histogram, Summary};

/// Field numbers of metrics.proto and wire types, joined as they stand on the wire.
mod tag {
    const fn bytes(field: u8) -> u8 {
        field << 3 | 2
    }
    const fn double(field: u8) -> u8 {
        field << 3 | 1
    }
    const fn varint(field: u8) -> u8 {
        field << 3
    }
    pub(super) const FAMILY_NAME: u8 = bytes(1);
    pub(super) const FAMILY_HELP: u8 = bytes(2);
    pub(super) const FAMILY_TYPE: u8 = varint(3);
    pub(super) const FAMILY_METRIC: u8 = bytes(4);
    pub(super) const METRIC_LABEL: u8 = bytes(1);
    pub(super) const METRIC_GAUGE: u8 = bytes(2);
    pub(super) const METRIC_COUNTER: u8 = bytes(3);
    pub(super) const METRIC_SUMMARY: u8 = bytes(4);
    pub(super) const METRIC_UNTYPED: u8 = bytes(5);
    pub(super) const METRIC_HISTOGRAM: u8 = bytes(7);
    pub(super) const PAIR_NAME: u8 = bytes(1);
    pub(super) const PAIR_VALUE: u8 = bytes(2);
    pub(super) const NUMBER_VALUE: u8 = double(1);
    pub(super) const COUNTER_EXEMPLAR: u8 = bytes(2);
    /// The same in Histogram and Summary.
    pub(super) const SAMPLE_COUNT: u8 = varint(1);
    pub(super) const SAMPLE_SUM: u8 = double(2);
    pub(super) const PARTS: u8 = bytes(3);
    pub(super) const BUCKET_COUNT: u8 = varint(1);
    pub(super) const BUCKET_BOUND: u8 = double(2);
    pub(super) const BUCKET_EXEMPLAR: u8 = bytes(3);
    pub(super) const QUANTILE_RANK: u8 = double(1);
    pub(super) const QUANTILE_VALUE: u8 = double(2);
    pub(super) const EXEMPLAR_LABEL: u8 = bytes(1);
    pub(super) const EXEMPLAR_VALUE: u8 = double(2);
    pub(super) const EXEMPLAR_TIMESTAMP: u8 = bytes(3);
    pub(super) const TIMESTAMP_SECONDS: u8 = varint(1);
    pub(super) const TIMESTAMP_NANOS: u8 = varint(2);
}

/// Writes name, help and type.
pub(crate) fn push_header(out: &mut Vec<u8>, desc: &Desc<'_>, escaping: Escaping) -> Shape {
    out.push(tag::FAMILY_NAME);
    let mut end = out.len();
    push_message(out, |out| {
        let start = out.len();
        if escaping == Escaping::AllowUtf8 || is_legacy_metric_name(desc.name) {
            out.extend_from_slice(desc.name.as_bytes());
        } else {
            push_underscored(out, desc.name, true);
        }
        end = out.len() - start;
    });
    let name = out.len() - end..out.len();
    push_bytes(out, tag::FAMILY_HELP, desc.help.as_bytes());
    let number = match desc.kind {
        Kind::Counter => 0,
        Kind::Gauge | Kind::Info => 1,
        Kind::Summary => 2,
        Kind::Untyped => 3,
        Kind::Histogram => 4,
    };
    out.extend_from_slice(&[tag::FAMILY_TYPE, number]);
    let legacy_labels = escaping == Escaping::AllowUtf8 || desc.labels.iter().all(|label| is_legacy_label_name(label));
    Shape {
        name,
        quoted: false,
        legacy_labels,
    }
}

/// Appends one Metric message and says where its labels stand.
pub(crate) fn push_sample(
    out: &mut Vec<u8>,
    desc: &Desc<'_>,
    shape: &Shape,
    escaping: Escaping,
    labels: LabelIter<'_>,
    value: Value<'_>,
) -> Span {
    let mut length = 0;
    let keeps = escaping == Escaping::AllowUtf8 || (shape.legacy_labels && labels.has_names_of_desc());
    out.push(tag::FAMILY_METRIC);
    let body = push_message(out, |out| {
        let start = out.len();
        for (name, value) in labels {
            push_label(out, tag::METRIC_LABEL, name, value, keeps);
        }
        length = out.len() - start;
        push_value(out, desc.kind, value, escaping);
    });
    body..body + length
}

/// The same for a plain number, with LabelPair messages that are ready in front.
pub(crate) fn push_sample_in(
    out: &mut Vec<u8>,
    desc: &Desc<'_>,
    shape: &Shape,
    escaping: Escaping,
    block: &[u8],
    labels: LabelIter<'_>,
    value: f64,
) -> Span {
    let mut length = 0;
    out.push(tag::FAMILY_METRIC);
    let body = push_message(out, |out| {
        let start = out.len();
        out.extend_from_slice(block);
        for (name, value) in labels {
            push_label(out, tag::METRIC_LABEL, name, value, shape.legacy_labels);
        }
        length = out.len() - start;
        push_number(out, desc.kind, value, None, escaping);
    });
    body..body + length
}

/// Appends one label of a metric, characters outside the old character set as `_`.
pub(crate) fn push_metric_label(out: &mut Vec<u8>, name: &str, value: &str) {
    push_label(out, tag::METRIC_LABEL, name, value, false);
}

fn push_value(out: &mut Vec<u8>, kind: Kind, value: Value<'_>, escaping: Escaping) {
    match value {
        Value::Number(value, exemplar) => push_number(out, kind, value, exemplar, escaping),
        Value::Histogram(histogram) => {
            out.push(tag::METRIC_HISTOGRAM);
            push_message(out, |out| push_histogram(out, histogram, escaping));
        }
        Value::Summary(summary) => {
            out.push(tag::METRIC_SUMMARY);
            push_message(out, |out| push_summary(out, summary));
        }
    }
}

#[inline]
fn push_number(out: &mut Vec<u8>, kind: Kind, value: f64, exemplar: Option<&Exemplar<'_>>, escaping: Escaping) {
    let tag = match kind {
        Kind::Counter => tag::METRIC_COUNTER,
        Kind::Untyped => tag::METRIC_UNTYPED,
        _ => tag::METRIC_GAUGE,
    };
    let Some(exemplar) = exemplar.filter(|_| kind == Kind::Counter) else {
        let [a, b, c, d, e, f, g, h] = value.to_le_bytes();
        out.extend_from_slice(&[tag, 9, tag::NUMBER_VALUE, a, b, c, d, e, f, g, h]);
        return;
    };
    out.push(tag);
    push_message(out, |out| {
        push_double(out, tag::NUMBER_VALUE, value);
        out.push(tag::COUNTER_EXEMPLAR);
        push_message(out, |out| push_exemplar(out, exemplar, escaping));
    });
}

fn push_histogram(out: &mut Vec<u8>, histogram: &Histogram<'_>, escaping: Escaping) {
    push_tagged_varint(out, tag::SAMPLE_COUNT, histogram.count);
    push_double(out, tag::SAMPLE_SUM, histogram.sum);
    for bucket in histogram.buckets {
        out.push(tag::PARTS);
        push_message(out, |out| {
            push_tagged_varint(out, tag::BUCKET_COUNT, bucket.cumulative_count);
            push_double(out, tag::BUCKET_BOUND, bucket.upper_bound);
            if let Some(exemplar) = &bucket.exemplar {
                out.push(tag::BUCKET_EXEMPLAR);
                push_message(out, |out| push_exemplar(out, exemplar, escaping));
            }
        });
    }
}

fn push_summary(out: &mut Vec<u8>, summary: &Summary<'_>) {
    push_tagged_varint(out, tag::SAMPLE_COUNT, summary.count);
    push_double(out, tag::SAMPLE_SUM, summary.sum);
    for quantile in summary.quantiles {
        out.push(tag::PARTS);
        push_message(out, |out| {
            push_double(out, tag::QUANTILE_RANK, quantile.quantile);
            push_double(out, tag::QUANTILE_VALUE, quantile.value);
        });
    }
}

fn push_exemplar(out: &mut Vec<u8>, exemplar: &Exemplar<'_>, escaping: Escaping) {
    for (name, value) in exemplar.labels {
        push_label(out, tag::EXEMPLAR_LABEL, name, value, escaping == Escaping::AllowUtf8);
    }
    push_double(out, tag::EXEMPLAR_VALUE, exemplar.value);
    if let Some(timestamp) = exemplar.timestamp {
        // Readers cut milliseconds off the nanoseconds, so .702 must not become .701999902.
        let micros = (timestamp * 1e6).round() as u64;
        out.push(tag::EXEMPLAR_TIMESTAMP);
        push_message(out, |out| {
            push_tagged_varint(out, tag::TIMESTAMP_SECONDS, micros / 1_000_000);
            push_tagged_varint(out, tag::TIMESTAMP_NANOS, micros % 1_000_000 * 1000);
        });
    }
}

/// Appends a label; `keeps` its name without looking at it.
#[inline]
fn push_label(out: &mut Vec<u8>, tag: u8, name: &str, value: &str, keeps: bool) {
    if !keeps && !is_legacy_label_name(name) {
        push_underscored_label(out, tag, name, value);
        return;
    }
    let length = bytes_length(name.len()) + bytes_length(value.len());
    if length < 0x80 {
        // Nearly every label: all lengths take one byte, and few long copies are faster than many short ones.
        out.extend_from_slice(&[tag, length as u8, tag::PAIR_NAME, name.len() as u8]);
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(&[tag::PAIR_VALUE, value.len() as u8]);
        out.extend_from_slice(value.as_bytes());
        return;
    }
    out.push(tag);
    push_varint(out, length as u64);
    push_bytes(out, tag::PAIR_NAME, name.as_bytes());
    push_bytes(out, tag::PAIR_VALUE, value.as_bytes());
}

#[cold]
fn push_underscored_label(out: &mut Vec<u8>, tag: u8, name: &str, value: &str) {
    out.push(tag);
    push_message(out, |out| {
        out.push(tag::PAIR_NAME);
        push_message(out, |out| push_underscored(out, name, false));
        push_bytes(out, tag::PAIR_VALUE, value.as_bytes());
    });
}

/// The length of a field of `length` bytes: tag, length, content.
fn bytes_length(length: usize) -> usize {
    1 + varint_length(length as u64) + length
}

fn varint_length(value: u64) -> usize {
    (64 - (value | 1).leading_zeros() as usize).div_ceil(7)
}

fn push_bytes(out: &mut Vec<u8>, tag: u8, bytes: &[u8]) {
    out.push(tag);
    push_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn push_double(out: &mut Vec<u8>, tag: u8, value: f64) {
    out.push(tag);
    out.extend_from_slice(&value.to_le_bytes());
}

fn push_tagged_varint(out: &mut Vec<u8>, tag: u8, value: u64) {
    out.push(tag);
    push_varint(out, value);
}

/// `value`, seven bits to a byte, lowest first, and how many bytes that is.
pub(crate) fn varint(mut value: u64) -> ([u8; 10], usize) {
    let (mut bytes, mut count) = ([0; 10], 0);
    for byte in &mut bytes {
        count += 1;
        *byte = value as u8 & 0x7f;
        value >>= 7;
        if value == 0 {
            break;
        }
        *byte |= 0x80;
    }
    (bytes, count)
}

/// Appends `value`, seven bits to a byte, lowest first.
pub(crate) fn push_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends what `body` writes behind its length, and returns where it starts. Nearly every message is shorter than
/// 128 bytes and so has a length of one byte; a longer one is moved up to make room.
#[inline]
fn push_message(out: &mut Vec<u8>, body: impl FnOnce(&mut Vec<u8>)) -> usize {
    let place = out.len();
    out.push(0);
    body(out);
    let length = out.len() - place - 1;
    if length < 0x80 {
        out[place] = length as u8;
        return place + 1;
    }
    let extra = varint_length(length as u64) - 1;
    if extra > 0 {
        let end = out.len();
        out.resize(end + extra, 0);
        out.copy_within(place + 1..end, place + 1 + extra);
    }
    let mut rest = length as u64;
    for byte in &mut out[place..=place + extra] {
        *byte = rest as u8 | 0x80;
        rest >>= 7;
    }
    out[place + extra] &= 0x7f;
    place + 1 + extra
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_messages_take_as_many_bytes_as_they_need() {
        for (length, prefix) in [
            (0, vec![0]),
            (127, vec![127]),
            (128, vec![0x80, 1]),
            (16_384, vec![0x80, 0x80, 1]),
        ] {
            let mut out = vec![b'x'];
            let start = push_message(&mut out, |out| out.resize(out.len() + length, 7));
            let mut expected = [vec![b'x'], prefix].concat();
            assert_eq!(start, expected.len());
            expected.resize(start + length, 7);
            assert_eq!(out, expected);
        }
    }

    #[test]
    fn varint_lengths_match_what_is_written() {
        for value in [0, 1, 127, 128, 16_383, 16_384, u64::MAX] {
            let mut out = Vec::new();
            push_varint(&mut out, value);
            assert_eq!(out.len(), varint_length(value), "{value}");
        }
    }
}
