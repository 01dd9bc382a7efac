//! Labels that many samples share, rendered once: those of a container stand in a hundred series of each scrape.

use std::sync::Arc;

use crate::escape::push_escaped;
use crate::labels::push_underscored;
use crate::protobuf;
use crate::repeats::key;

/// The labels that samples share, ready for every format. Characters that names lack in the old character set are `_`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelBlock {
    /// Shared with encoders, which hold it in place of a copy a sample.
    pub(crate) text: Arc<BlockText>,
    /// The same as LabelPair messages.
    pub(crate) protobuf: Box<[u8]>,
}

/// The labels of a block for the text formats, which escape values alike.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct BlockText {
    /// `id="/a",name="b"`
    pub(crate) bytes: Box<[u8]>,
    /// Where each label begins, and the [`key`] of its name: the same label of another block is much like it.
    pub(crate) labels: Box<[(u32, u32)]>,
}

impl LabelBlock {
    /// Renders names and values in the order given.
    pub fn new<'a>(labels: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let (mut text, mut starts, mut pairs) = (Vec::new(), Vec::new(), Vec::new());
        for (name, value) in labels {
            if !text.is_empty() {
                text.push(b',');
            }
            starts.push((text.len() as u32, key(name.as_bytes())));
            push_label(&mut text, name, value);
            protobuf::push_metric_label(&mut pairs, name, value);
        }
        let text = BlockText {
            bytes: text.into(),
            labels: starts.into(),
        };
        Self {
            text: text.into(),
            protobuf: pairs.into(),
        }
    }
}

fn push_label(out: &mut Vec<u8>, name: &str, value: &str) {
    push_underscored(out, name, false);
    out.extend_from_slice(b"=\"");
    push_escaped(out, value, true);
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Desc, Encoder, Escaping, Format, assemble};

    const BARE: Desc<'_> = Desc::gauge("memory_bytes", "Memory.", &[]);
    const LABELLED: Desc<'_> = Desc::counter("failures_total", "Failures.", &["scope", "type"]);

    fn written(format: Format, write: impl Fn(&mut Encoder)) -> Vec<u8> {
        let (mut encoder, mut body) = (Encoder::new(format), Vec::new());
        encoder.reset(format, Escaping::Underscores);
        write(&mut encoder);
        assert!(assemble([&encoder], &mut body).is_empty());
        body
    }

    fn write_in_blocks(encoder: &mut Encoder, block: &LabelBlock) {
        encoder.family(&BARE).sample_in(block, &[], 1.0);
        encoder
            .family(&LABELLED)
            .sample_in(block, &["container", "fault"], 2.0)
            .sample_in(block, &["container", "ma\"jor"], 3.0);
    }

    #[test]
    fn a_block_stands_before_the_labels_of_the_family() {
        let block = LabelBlock::new([("id", "/a"), ("label.x", "a \"b\"\\\n")]);
        let body = written(Format::Text004, |encoder| write_in_blocks(encoder, &block));
        let expected = r#"# HELP failures_total Failures.
# TYPE failures_total counter
failures_total{id="/a",label_x="a \"b\"\\\n",scope="container",type="fault"} 2
failures_total{id="/a",label_x="a \"b\"\\\n",scope="container",type="ma\"jor"} 3
# HELP memory_bytes Memory.
# TYPE memory_bytes gauge
memory_bytes{id="/a",label_x="a \"b\"\\\n"} 1
"#;
        assert_eq!(String::from_utf8(body).unwrap(), expected);
    }

    #[test]
    fn every_format_has_what_pairs_would_give() {
        let (id, name) = (("id", "/a"), ("name", "x\n"));
        let block = LabelBlock::new([id, name]);
        for format in Format::ALL {
            let pairs = |encoder: &mut Encoder| {
                encoder.family(&BARE).sample(&[id, name][..], 1.0);
                let scope = ("scope", "container");
                encoder
                    .family(&LABELLED)
                    .sample(&[id, name, scope, ("type", "fault")][..], 2.0)
                    .sample(&[id, name, scope, ("type", "ma\"jor")][..], 3.0);
            };
            let expected = written(format, pairs);
            let body = written(format, |encoder| write_in_blocks(encoder, &block));
            assert_eq!(
                String::from_utf8_lossy(&body),
                String::from_utf8_lossy(&expected),
                "{format:?}"
            );
        }
    }

    #[test]
    fn an_empty_block_changes_nothing() {
        let block = LabelBlock::default();
        for format in Format::ALL {
            let plain = |encoder: &mut Encoder| {
                encoder.family(&BARE).sample(&[], 1.0);
                encoder.family(&LABELLED).sample(&["container", "fault"], 2.0);
            };
            let in_block = |encoder: &mut Encoder| {
                encoder.family(&BARE).sample_in(&block, &[], 1.0);
                encoder
                    .family(&LABELLED)
                    .sample_in(&block, &["container", "fault"], 2.0);
            };
            assert_eq!(written(format, in_block), written(format, plain), "{format:?}");
        }
    }

    #[test]
    fn the_same_block_twice_is_a_series_twice() {
        let block = LabelBlock::new([("id", "/a")]);
        for format in Format::ALL {
            let mut encoder = Encoder::new(format);
            encoder
                .family(&BARE)
                .sample_in(&block, &[], 1.0)
                .sample_in(&block, &[], 1.0);
            assert_eq!(assemble([&encoder], &mut Vec::new()).len(), 1, "{format:?}");
        }
    }
}
