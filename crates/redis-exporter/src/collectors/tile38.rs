//! Tile38, which speaks like Redis. From SERVER EXT.

use std::borrow::Cow;

use super::info::encode;
use super::{Question, Seen};
use crate::connection::Reply;
use crate::output::Output;
use crate::settings::Options;

/// All of it.
pub(super) const QUESTION: Question = Question {
    name: "SERVER EXT",
    words: |options| options.tile38.then(|| vec!["SERVER", "EXT"]),
    tell,
};

/// Names and values by turns; some names begin with `tile38_` and some do not.
fn tell(reply: &Reply<'_>, _options: &Options, _seen: &mut Seen<'_>, out: &mut Output<'_>) {
    for (name, value) in reply.pairs() {
        let value = match value {
            Reply::Integer(number) => Cow::Owned(number.to_string()),
            value => value.text().unwrap_or_default(),
        };
        match name.starts_with("tile38_") {
            true => encode(&name, &value, out),
            false => encode(&format!("tile38_{name}"), &value, out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collectors::testing::options;
    use crate::output::testing::samples;
    use std::time::SystemTime;

    #[test]
    fn fields_are_known_with_and_without_the_programs_name() {
        let words = [
            "alloc_bytes",
            "23",
            "tile38_aof_size",
            "7",
            "tile38_read_only",
            "false",
            "tile38_version",
            "1.2",
            "cluster_like",
            "8",
            "odd",
        ];
        let mut replies = words.map(|word| Reply::Text(word.as_bytes())).to_vec();
        replies.splice(3..4, [Reply::Integer(7)]);
        let mut seen = Seen::new("", SystemTime::UNIX_EPOCH);
        let lines = samples(|out| tell(&Reply::List(replies), &options(&[]), &mut seen, out));
        let expected = [
            "redis_tile38_aof_size_bytes 7",
            "redis_tile38_mem_alloc_bytes 23",
            "redis_tile38_read_only 0",
        ];
        assert_eq!(lines, expected);
    }
}
