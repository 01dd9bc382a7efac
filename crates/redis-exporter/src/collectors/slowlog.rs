//! Commands that took long. From SLOWLOG LEN and SLOWLOG GET.

use exposition::Desc;

use super::Question;
use crate::connection::Reply;
use crate::output::Output;

/// How many there are.
pub(super) const LENGTH: Question = Question {
    name: "SLOWLOG LEN",
    words: |_| Some(vec!["SLOWLOG", "LEN"]),
    tell: |reply, _, _, out| tell_length(reply, out),
};

/// The last one.
pub(super) const LAST: Question = Question {
    name: "SLOWLOG GET",
    words: |_| Some(vec!["SLOWLOG", "GET", "1"]),
    tell: |reply, _, _, out| tell_last(reply, out),
};

const COUNT: Desc<'_> = Desc::gauge("slowlog_length", "Total slowlog", &[]);
const LAST_ID: Desc<'_> = Desc::gauge("slowlog_last_id", "Last id of slowlog", &[]);
const LAST_DURATION: Desc<'_> = Desc::gauge(
    "last_slow_execution_duration_seconds",
    "The amount of time needed for last slow execution, in seconds",
    &[],
);

fn tell_length(reply: &Reply<'_>, out: &mut Output<'_>) {
    if let Some(length) = reply.integer() {
        out.scalar(&COUNT, length as f64);
    }
}

/// `[[14, 1309448221, 15, ["ping"], …]]`: id, time, microseconds, words. Empty while nothing was slow, which is 0.
fn tell_last(reply: &Reply<'_>, out: &mut Output<'_>) {
    let Some(entries) = reply.list() else { return };
    let entry = entries.first().and_then(Reply::list).unwrap_or_default();
    let number = |index: usize| entry.get(index).and_then(Reply::integer).unwrap_or_default() as f64;
    out.scalar(&LAST_ID, number(0));
    out.scalar(&LAST_DURATION, number(2) / 1e6);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::testing::samples;

    #[test]
    fn the_last_entry_counts_and_none_is_zero() {
        let entry = Reply::List([14, 1_309_448_221, 15_000].map(Reply::Integer).to_vec());
        for (reply, id, duration) in [
            (Reply::List(vec![entry]), "14", "0.015"),
            (Reply::List(vec![]), "0", "0"),
            (Reply::List(vec![Reply::Nil]), "0", "0"),
        ] {
            let expected = [
                format!("redis_last_slow_execution_duration_seconds {duration}"),
                format!("redis_slowlog_last_id {id}"),
            ];
            assert_eq!(samples(|out| tell_last(&reply, out)), expected);
        }
        assert_eq!(samples(|out| tell_last(&Reply::Nil, out)), [""; 0]);
    }

    #[test]
    fn the_length_is_a_number() {
        assert_eq!(
            samples(|out| tell_length(&Reply::Integer(7), out)),
            ["redis_slowlog_length 7"]
        );
    }
}
