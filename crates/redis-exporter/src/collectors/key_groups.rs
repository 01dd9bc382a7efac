//! Keys in groups. Without groups there is only how long the last look at them took: no time.

use exposition::Desc;

use super::session::{Dialogue, Held, Session};

/// The dialogue.
pub(super) const DIALOGUE: Dialogue = Dialogue {
    when: |_, _| true,
    hold,
};

const TOOK: Desc<'_> = Desc::gauge(
    "last_key_groups_scrape_duration_milliseconds",
    "Duration of the last key group metrics scrape in milliseconds",
    &[],
);

fn hold<'h>(session: &'h mut Session<'_, '_>) -> Held<'h> {
    Box::pin(async move {
        session.out.scalar(&TOOK, 0.0);
        Ok(())
    })
}
