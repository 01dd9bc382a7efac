//! What the user's own Lua scripts return: names and numbers by turns.

use std::collections::BTreeMap;

use exposition::Desc;
use log::warn;

use super::session::{Dialogue, Held, Session};
use crate::connection::{Reply, Request};
use crate::go_number;
use crate::output::Output;

/// The dialogue.
pub(super) const DIALOGUE: Dialogue = Dialogue {
    when: |_, _| true,
    hold,
};

const RESULT: Desc<'_> = Desc::gauge(
    "script_result",
    "Result of the collect script evaluation",
    &["filename"],
);
const VALUES: Desc<'_> = Desc::gauge(
    "script_values",
    "Values returned by the collect script",
    &["filename", "key"],
);

/// Values of `script_result`.
const FAILED: f64 = 0.0;
const WITH_VALUES: f64 = 1.0;
const WITHOUT_VALUES: f64 = 2.0;

fn hold<'h>(session: &'h mut Session<'_, '_>) -> Held<'h> {
    Box::pin(async move {
        let context = session.context;
        let command = if session.options.scripts_read_only {
            "EVAL_RO"
        } else {
            "EVAL"
        };
        let mut request = Request::default();
        for script in &context.scripts {
            // No keys, and as upstream has it, one argument.
            request.push(command, &[command.as_bytes(), &script.text, b"0", b"0"]);
        }
        let answers = session.ask(&request).await?;
        for (index, script) in context.scripts.iter().enumerate() {
            let reply = answers.reply(index).unwrap_or(Reply::Nil);
            if !tell(&script.path, &reply, session.out) {
                complain(session, &script.path, &reply);
            }
        }
        Ok(())
    })
}

/// Writes what a script returned; whether it made sense.
fn tell(path: &str, reply: &Reply<'_>, out: &mut Output<'_>) -> bool {
    let values = values(reply);
    let is_sound = values
        .as_ref()
        .is_some_and(|values| values.values().all(Option::is_some));
    let values = values.unwrap_or_default();
    let result = match values.len() {
        _ if !is_sound => FAILED,
        0 => WITHOUT_VALUES,
        _ => WITH_VALUES,
    };
    out.family(&RESULT, |family| family.sample(&[path], result));
    out.family(&VALUES, |family| {
        for (key, value) in values {
            if let Some(value) = value {
                family.sample(&[path, &key], value);
            }
        }
    });
    is_sound
}

/// `["a", "1", "b", "x"]`: what is called what; `None` for what is no number. `None` for anything but names and texts.
fn values(reply: &Reply<'_>) -> Option<BTreeMap<String, Option<f64>>> {
    let list = reply.list().filter(|list| list.len() % 2 == 0)?;
    let pairs = list.chunks_exact(2).map(|pair| match pair {
        [name, value] => Some((name.text()?.into_owned(), go_number::parse(&value.text()?))),
        _ => None,
    });
    pairs.collect()
}

/// Says once a target what is wrong with a script; what the target itself has said is in the log already.
fn complain(session: &Session<'_, '_>, path: &str, reply: &Reply<'_>) {
    let is_refusal = matches!(reply, Reply::Error(_));
    if !is_refusal && session.context.told.is_news(session.target, "script") {
        let name = session.target.to_string();
        warn!(target_address = name, script = path; "A script does not return names and numbers by turns, all as strings; this is said once");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::testing::samples;

    fn texts(texts: &[&'static str]) -> Reply<'static> {
        Reply::List(texts.iter().map(|text| Reply::Text(text.as_bytes())).collect())
    }

    #[test]
    fn a_script_succeeds_with_names_and_numbers() {
        let mixed = Reply::List(vec![Reply::Text(b"a"), Reply::Integer(7)]);
        for (reply, result, values) in [
            (
                texts(&["b", "2.5", "a", "1", "a", "3"]),
                "1",
                &[("a", "3"), ("b", "2.5")][..],
            ),
            (texts(&[]), "2", &[]),
            (texts(&["a", "1", "b"]), "0", &[]),
            (texts(&["a", "1", "b", "x"]), "0", &[("a", "1")]),
            (mixed, "0", &[]),
            (Reply::Text(b"x"), "0", &[]),
            (Reply::Error(b"ERR x"), "0", &[]),
            (Reply::Nil, "0", &[]),
        ] {
            let mut expected = vec![format!("redis_script_result{{filename=\"s.lua\"}} {result}")];
            let values = values.iter();
            expected.extend(
                values.map(|(key, value)| format!("redis_script_values{{filename=\"s.lua\",key=\"{key}\"}} {value}")),
            );
            let lines = samples(|out| assert_eq!(tell("s.lua", &reply, out), result != "0"));
            assert_eq!(lines, expected, "{reply:?}");
        }
    }
}
