//! How many keys there are like the patterns of `--count-keys`.

use exposition::Desc;

use super::budget::{Budget, Part, tell};
use super::key_search::{Search, database, label};
use super::session::{Dialogue, Held, Session};
use crate::failure::Failure;
use crate::key_list::{KeyName, by_database};

/// The dialogue.
pub(super) const DIALOGUE: Dialogue = Dialogue {
    when: |options, seen| Part::Counts.is_wanted(options, seen),
    hold,
};

const COUNT: Desc<'_> = Desc::gauge("keys_count", "Count of keys", &["db", "key"]);

fn hold<'h>(session: &'h mut Session<'_, '_>) -> Held<'h> {
    Box::pin(async move {
        let options = session.options;
        let budget = Budget::of(Part::Counts, session);
        let mut databases = by_database(&options.keys.counts, |name| database(session, name));
        let mut is_complete = true;
        while let Some((database, mut patterns)) = databases.pop_first() {
            patterns.sort_by(|a, b| a.key.cmp(&b.key));
            patterns.dedup_by(|a, b| a.key == b.key);
            if session.select(database).await? {
                let share = budget.first_of(databases.len() + 1);
                is_complete &= count(session, database, &patterns, share).await?;
            }
        }
        session.select_own().await?;
        tell(Part::Counts, is_complete, session);
        Ok(())
    })
}

/// Whether it came to the end.
async fn count(
    session: &mut Session<'_, '_>,
    database: u32,
    patterns: &[&KeyName],
    budget: Budget,
) -> Result<bool, Failure> {
    let mut search = Search::new(patterns.iter().map(|name| name.key.as_slice()));
    let mut counts = vec![0_u64; patterns.len()];
    while !search.is_over() && !budget.is_spent() {
        let count = |index: usize, _: &[u8]| counts.iter_mut().skip(index).take(1).for_each(|count| *count += 1);
        search.step(session, count).await?;
    }
    let database = format!("db{database}");
    let labels: Vec<_> = patterns.iter().map(|name| label(session, &name.key)).collect();
    session.out.family(&COUNT, |family| {
        for (label, count) in labels.iter().zip(&counts) {
            if let Some(pattern) = label {
                family.sample(&[&database, pattern], *count as f64);
            }
        }
    });
    Ok(search.is_over())
}
