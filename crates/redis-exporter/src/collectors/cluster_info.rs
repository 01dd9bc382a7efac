//! The cluster as this node sees it. From CLUSTER INFO, of nodes of a cluster.

use super::info;
use super::session::{Dialogue, Held, Session};
use crate::connection::Request;
use crate::output::Output;

/// The dialogue.
pub(super) const DIALOGUE: Dialogue = Dialogue {
    when: |_, seen| seen.is_cluster(),
    hold,
};

fn hold<'h>(session: &'h mut Session<'_, '_>) -> Held<'h> {
    Box::pin(async move {
        let mut request = Request::default();
        request.push("CLUSTER INFO", &["CLUSTER", "INFO"]);
        let answers = session.ask(&request).await?;
        if let Some(text) = answers.reply(0).and_then(|reply| reply.text()) {
            tell(&text, session.out);
        }
        Ok(())
    })
}

/// `cluster_state:ok` and the like, each a metric.
pub(crate) fn tell(text: &str, out: &mut Output<'_>) {
    for (field, value) in text.lines().filter_map(|line| line.trim().split_once(':')) {
        info::encode(field, value, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::testing::samples;

    #[test]
    fn every_number_is_a_metric() {
        let text =
            "cluster_state:ok\r\ncluster_slots_assigned:16384\r\ncluster_stats_messages_sent:7\r\ncluster_x:y\r\n";
        let expected = [
            "redis_cluster_messages_sent_total 7",
            "redis_cluster_slots_assigned 16384",
            "redis_cluster_state 1",
        ];
        assert_eq!(samples(|out| tell(text, out)), expected);
    }
}
