//! The three text formats: Prometheus text 0.0.4 and 1.0.0, and OpenMetrics 1.0.0.

use crate::desc::{Desc, Kind};
use crate::encoder::{Shape, Span, Value};
use crate::escape::push_escaped;
use crate::format::{Escaping, Format};
use crate::labels::{LabelIter, is_legacy_label_name, is_legacy_metric_name, push_underscored};
use crate::number::{push_canonical_f64, push_f64, push_u64};
use crate::pieces::Pieces;
use crate::value::{Exemplar, Histogram, Summary};

/// Writes the HELP and TYPE lines.
pub(crate) fn push_header(out: &mut Vec<u8>, desc: &Desc<'_>, format: Format, escaping: Escaping) -> Shape {
    let family_name = family_name(desc, format);
    let quoted = quotes_names(format, escaping) && !is_legacy_metric_name(desc.name);
    out.extend_from_slice(b"# HELP ");
    let start = out.len();
    push_metric_name(out, family_name, quoted);
    let name = start..out.len();
    out.push(b' ');
    push_escaped(out, desc.help, format == Format::OpenMetrics100);
    out.extend_from_slice(b"\n# TYPE ");
    out.extend_from_within(name.clone());
    out.push(b' ');
    out.extend_from_slice(type_word(desc, format).as_bytes());
    out.push(b'\n');
    let legacy_labels = desc.labels.iter().all(|label| is_legacy_label_name(label));
    Shape {
        name,
        quoted,
        legacy_labels,
    }
}

fn quotes_names(format: Format, escaping: Escaping) -> bool {
    escaping == Escaping::AllowUtf8 && format != Format::Text004
}

/// OpenMetrics takes the suffix that the kind demands off the family's name.
fn family_name<'a>(desc: &Desc<'a>, format: Format) -> &'a str {
    match (format, suffix(desc)) {
        (Format::OpenMetrics100, Some(suffix)) => desc.name.strip_suffix(suffix).unwrap_or(desc.name),
        _ => desc.name,
    }
}

/// The suffix that OpenMetrics samples of this family carry and its header lacks; something must be left of the name.
fn suffix(desc: &Desc<'_>) -> Option<&'static str> {
    let suffix = match desc.kind {
        Kind::Counter => "_total",
        Kind::Info => "_info",
        _ => return None,
    };
    let rest = desc.name.strip_suffix(suffix)?;
    (!rest.is_empty()).then_some(suffix)
}

fn type_word(desc: &Desc<'_>, format: Format) -> &'static str {
    let open_metrics = format == Format::OpenMetrics100;
    match desc.kind {
        Kind::Counter if open_metrics && suffix(desc).is_none() => "unknown",
        Kind::Counter => "counter",
        Kind::Info if open_metrics && suffix(desc).is_some() => "info",
        Kind::Gauge | Kind::Info => "gauge",
        Kind::Untyped if open_metrics => "unknown",
        Kind::Untyped => "untyped",
        Kind::Histogram => "histogram",
        Kind::Summary => "summary",
    }
}

fn push_metric_name(out: &mut Vec<u8>, name: &str, quoted: bool) {
    if quoted {
        push_quoted(out, name);
    } else if is_legacy_metric_name(name) {
        out.extend_from_slice(name.as_bytes());
    } else {
        push_underscored(out, name, true);
    }
}

/// Writes the samples of one family.
pub(crate) struct Writer<'a> {
    pub(crate) format: Format,
    pub(crate) escaping: Escaping,
    pub(crate) shape: &'a Shape,
}

impl Writer<'_> {
    /// Sets up the fixed text of the family's plain samples; `out` holds the header.
    pub(crate) fn fill_pieces(&self, out: &mut Vec<u8>, desc: &Desc<'_>, pieces: &mut Pieces) {
        let suffix = if self.format == Format::OpenMetrics100 {
            suffix(desc)
        } else {
            None
        }
        .unwrap_or("");
        pieces.clear();
        let end = out.len();
        let mut braces = self.push_name(out, suffix);
        pieces.text().extend_from_slice(&out[end..]);
        out.truncate(end);
        for (index, name) in desc.labels.iter().enumerate() {
            if index > 0 {
                pieces.text().push(b'"');
            }
            pieces.text().push(if braces { b',' } else { b'{' });
            braces = true;
            if index == 0 {
                pieces.begin_labels();
            }
            self.push_label_name(pieces.text(), name, self.shape.legacy_labels);
            pieces.text().extend_from_slice(b"=\"");
            pieces.cut();
        }
        pieces.text().extend_from_slice(match (desc.labels.is_empty(), braces) {
            (false, _) => b"\"} ",
            (true, true) => b"} ",
            (true, false) => b" ",
        });
        pieces.cut();
    }

    /// Appends one sample with all its lines and says where its labels stand.
    #[inline]
    pub(crate) fn push_sample(
        &self,
        out: &mut Vec<u8>,
        desc: &Desc<'_>,
        labels: LabelIter<'_>,
        value: Value<'_>,
    ) -> Span {
        match value {
            Value::Number(value, exemplar) => {
                let suffix = if self.format == Format::OpenMetrics100 {
                    suffix(desc)
                } else {
                    None
                };
                let span = self.push_series(out, suffix.unwrap_or(""), labels, None);
                push_f64(out, value);
                // OpenMetrics allows exemplars on counters, and without the suffix this is none.
                self.push_exemplar(out, exemplar.filter(|_| suffix == Some("_total")));
                out.push(b'\n');
                span
            }
            Value::Histogram(histogram) => self.push_histogram(out, labels, histogram),
            Value::Summary(summary) => self.push_summary(out, labels, summary),
        }
    }

    fn push_histogram(&self, out: &mut Vec<u8>, labels: LabelIter<'_>, histogram: &Histogram<'_>) -> Span {
        for bucket in histogram.buckets {
            self.push_series(out, "_bucket", labels.clone(), Some(("le", bucket.upper_bound)));
            push_u64(out, bucket.cumulative_count);
            self.push_exemplar(out, bucket.exemplar.as_ref());
            out.push(b'\n');
        }
        if histogram
            .buckets
            .last()
            .is_none_or(|bucket| bucket.upper_bound != f64::INFINITY)
        {
            self.push_series(out, "_bucket", labels.clone(), Some(("le", f64::INFINITY)));
            push_u64(out, histogram.count);
            out.push(b'\n');
        }
        self.push_sum_and_count(out, labels, histogram.sum, histogram.count)
    }

    fn push_summary(&self, out: &mut Vec<u8>, labels: LabelIter<'_>, summary: &Summary<'_>) -> Span {
        for quantile in summary.quantiles {
            self.push_series(out, "", labels.clone(), Some(("quantile", quantile.quantile)));
            push_f64(out, quantile.value);
            out.push(b'\n');
        }
        self.push_sum_and_count(out, labels, summary.sum, summary.count)
    }

    fn push_sum_and_count(&self, out: &mut Vec<u8>, labels: LabelIter<'_>, sum: f64, count: u64) -> Span {
        self.push_series(out, "_sum", labels.clone(), None);
        push_f64(out, sum);
        out.push(b'\n');
        let span = self.push_series(out, "_count", labels, None);
        push_u64(out, count);
        out.push(b'\n');
        span
    }

    /// `name{label="value",le="0.5"} `, and where the labels stand.
    #[inline]
    fn push_series(
        &self,
        out: &mut Vec<u8>,
        suffix: &str,
        labels: LabelIter<'_>,
        bound: Option<(&'static str, f64)>,
    ) -> Span {
        let mut braces = self.push_name(out, suffix);
        let start = out.len() + 1;
        let legacy = self.shape.legacy_labels && labels.has_names_of_desc();
        for (name, value) in labels {
            out.push(if braces { b',' } else { b'{' });
            braces = true;
            self.push_label_name(out, name, legacy);
            out.extend_from_slice(b"=\"");
            push_escaped(out, value, true);
            out.push(b'"');
        }
        let span = start.min(out.len())..out.len();
        if let Some((name, bound)) = bound {
            out.push(if braces { b',' } else { b'{' });
            braces = true;
            self.push_bound(out, name, bound);
        }
        out.extend_from_slice(if braces { b"} " } else { b" " });
        span
    }

    /// Appends the name that stands in the header before, and says whether it opened the braces.
    fn push_name(&self, out: &mut Vec<u8>, suffix: &str) -> bool {
        let name = self.shape.name.clone();
        if !self.shape.quoted {
            out.extend_from_within(name);
            out.extend_from_slice(suffix.as_bytes());
            return false;
        }
        // The closing quote comes behind the suffix: {"size.bytes_total"…
        out.push(b'{');
        out.extend_from_within(name.start..name.end - 1);
        out.extend_from_slice(suffix.as_bytes());
        out.push(b'"');
        true
    }

    /// Appends a label's name; `legacy` is known to need no change.
    #[inline]
    fn push_label_name(&self, out: &mut Vec<u8>, name: &str, legacy: bool) {
        if legacy || is_legacy_label_name(name) {
            out.extend_from_slice(name.as_bytes());
        } else if quotes_names(self.format, self.escaping) {
            push_quoted(out, name);
        } else {
            push_underscored(out, name, false);
        }
    }

    fn push_bound(&self, out: &mut Vec<u8>, name: &str, bound: f64) {
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"=\"");
        if self.format == Format::OpenMetrics100 {
            push_canonical_f64(out, bound);
        } else {
            push_f64(out, bound);
        }
        out.push(b'"');
    }

    fn push_exemplar(&self, out: &mut Vec<u8>, exemplar: Option<&Exemplar<'_>>) {
        let Some(exemplar) = exemplar.filter(|_| self.format == Format::OpenMetrics100) else {
            return;
        };
        out.extend_from_slice(b" # {");
        for (index, (name, value)) in exemplar.labels.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            self.push_label_name(out, name, false);
            out.extend_from_slice(b"=\"");
            push_escaped(out, value, true);
            out.push(b'"');
        }
        out.extend_from_slice(b"} ");
        push_f64(out, exemplar.value);
        if let Some(timestamp) = exemplar.timestamp {
            out.push(b' ');
            push_timestamp(out, timestamp);
        }
    }
}

/// Seconds in plain digits: OpenMetrics' readers differ over exponents in timestamps.
fn push_timestamp(out: &mut Vec<u8>, seconds: f64) {
    let millis = (seconds * 1e3).round() as i64;
    push_u64(out, millis.unsigned_abs() / 1000);
    let fraction = millis.unsigned_abs() % 1000;
    out.push(b'.');
    for digit in [fraction / 100, fraction / 10 % 10, fraction % 10] {
        out.push(b'0' + digit as u8);
    }
}

fn push_quoted(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    push_escaped(out, text, true);
    out.push(b'"');
}
