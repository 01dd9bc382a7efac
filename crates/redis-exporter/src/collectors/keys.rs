//! Keys of `--check-keys` and `--check-single-keys`: size, memory, value.

use exposition::Desc;

use super::budget::Part;
use super::key_details::{Details, Kind, ask};
use super::key_search::{Look, label};
use super::session::{Dialogue, Held, Session};
use crate::failure::Failure;
use crate::go_number;

/// The dialogue.
pub(super) const DIALOGUE: Dialogue = Dialogue {
    when: |options, seen| Part::Keys.is_wanted(options, seen),
    hold,
};

const LOOK: Look = Look {
    part: Part::Keys,
    singles: |options| &options.single_keys,
    patterns: |options| &options.keys,
    chunk: 500,
    describe,
};

const SIZE: Desc<'_> = Desc::gauge("key_size", "The length or size of \"key\"", &["db", "key"]);
const MEMORY: Desc<'_> = Desc::gauge(
    "key_memory_usage_bytes",
    "The memory usage of \"key\" in bytes",
    &["db", "key"],
);
const VALUE: Desc<'_> = Desc::gauge("key_value", "The value of \"key\"", &["db", "key"]);
const TEXT: Desc<'_> = Desc::gauge(
    "key_value_as_string",
    "The value of \"key\" as a string",
    &["db", "key", "val"],
);

fn hold<'h>(session: &'h mut Session<'_, '_>) -> Held<'h> {
    Box::pin(LOOK.carry_out(session))
}

fn describe<'h>(session: &'h mut Session<'_, '_>, database: u32, keys: &'h [Vec<u8>]) -> Held<'h> {
    Box::pin(async move {
        let details = ask(session, keys).await?;
        write(session, database, &details);
        Ok::<(), Failure>(())
    })
}

fn write(session: &mut Session<'_, '_>, database: u32, details: &[Details<'_>]) {
    let database = format!("db{database}");
    let named: Vec<_> = details
        .iter()
        .filter_map(|details| Some((label(session, details.key)?, details)))
        .collect();
    let mut family = |desc: &Desc<'_>, value: fn(&Details<'_>) -> Option<f64>| {
        session.out.family(desc, |family| {
            for (key, details) in &named {
                if let Some(value) = value(details) {
                    family.sample(&[&database, key], value);
                }
            }
        });
    };
    family(&SIZE, size);
    family(&MEMORY, |details| Some(details.memory? as f64));
    family(&VALUE, |details| go_number::parse(text(details)?));
    session.out.family(&TEXT, |family| {
        for (key, details) in &named {
            if let Some(text) = text(details).filter(|text| go_number::parse(text).is_none()) {
                family.sample(&[&database, key, text], 1.0);
            }
        }
    });
}

/// A key that is not there has no size; what has none that is known is left out.
fn size(details: &Details<'_>) -> Option<f64> {
    match details.kind {
        Kind::None => Some(0.0),
        _ => Some(details.size? as f64),
    }
}

/// The value, if it is a text that can be a label.
fn text<'d>(details: &'d Details<'_>) -> Option<&'d str> {
    let text = std::str::from_utf8(details.value.as_deref()?).ok()?;
    Some(text).filter(|text| !text.is_empty())
}
