//! Families of random names, texts and numbers, in every format; the same ones in every run.

use exposition::{Desc, Encoder, Escaping, Format, assemble};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::seen::{Number, SeenFamily, SeenSample, sorted};
use crate::{BOTH, assert_equal, read_body, with_unsigned_zeros};

#[derive(Debug)]
struct Random {
    name: String,
    help: String,
    label: String,
    text: String,
    value: f64,
}

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[ \t\r\n\\\\\"#{}=,a-cEOFü]{0,24}"]
}

/// Names differ by what they begin with, and help is bracketed, since readers take blanks off its ends.
fn random() -> Vec<Random> {
    let one = (texts(), texts(), texts(), texts(), any::<u64>());
    let mut runner = TestRunner::deterministic();
    let mut next = || one.new_tree(&mut runner).expect("nothing is filtered").current();
    (0..400)
        .map(|index| {
            let (name, help, label, text, bits) = next();
            Random {
                name: format!("m{index}_{name}"),
                help: format!("[{help}]"),
                label: format!("l_{label}"),
                text,
                value: f64::from_bits(bits),
            }
        })
        .collect()
}

fn body(families: &[Random], format: Format, escaping: Escaping) -> Vec<u8> {
    let mut encoder = Encoder::new(format);
    encoder.reset(format, escaping);
    for family in families {
        let labels = [family.label.as_str()];
        let desc = Desc::gauge(&family.name, &family.help, &labels);
        encoder.family(&desc).sample(&[family.text.as_str()], family.value);
    }
    let mut body = Vec::new();
    assert_eq!(assemble([&encoder], &mut body), []);
    body
}

fn seen(family: &Random, keeps_names: bool) -> SeenFamily {
    let spelled = |name: &str, colon: bool| -> String {
        let legacy = |c: char| c.is_ascii_alphanumeric() || (colon && c == ':');
        let spell = |c: char| if keeps_names || legacy(c) { c } else { '_' };
        name.chars().map(spell).collect()
    };
    let name = spelled(&family.name, true);
    SeenFamily {
        name: name.clone(),
        help: family.help.clone(),
        kind: "gauge".to_owned(),
        samples: vec![SeenSample {
            name,
            labels: [(spelled(&family.label, false), family.text.clone())].into(),
            value: Number::from(family.value),
            exemplar: None,
        }],
    }
}

#[test]
fn random_names_texts_and_numbers_read_back() {
    let families = random();
    for (reader, format) in [
        ("text", Format::Text004),
        ("text", Format::Text100),
        ("openmetrics", Format::OpenMetrics100),
        ("protobuf", Format::Protobuf),
    ] {
        for escaping in BOTH {
            let keeps_names = escaping == Escaping::AllowUtf8 && format != Format::Text004;
            let expected = families.iter().map(|family| seen(family, keeps_names)).collect();
            let seen = read_body(reader, &body(&families, format, escaping));
            assert_equal(
                &with_unsigned_zeros(seen),
                &with_unsigned_zeros(sorted(expected)),
                format,
            );
        }
    }
}
