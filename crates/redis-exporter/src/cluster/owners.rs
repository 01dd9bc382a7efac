//! Nodes that have the keys which the target does not have.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::time::Instant;

use crate::connection::{Answers, Connection, Request};
use crate::context::Context;
use crate::failure::Failure;
use crate::target::Target;

/// Where a key is, as a node that does not have it says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Elsewhere {
    /// The node that has it.
    pub(crate) address: String,
    /// The slot is on its way there, and the node wants to be told that one knows.
    pub(crate) asking: bool,
}

/// Reads `MOVED 3999 10.0.0.2:6379` and `ASK 3999 10.0.0.2:6379`.
pub(crate) fn elsewhere(error: &[u8]) -> Option<Elsewhere> {
    let mut words = std::str::from_utf8(error).ok()?.splitn(3, ' ');
    let asking = match words.next()? {
        "MOVED" => false,
        "ASK" => true,
        _ => return None,
    };
    let address = words.nth(1)?.to_owned();
    Some(Elsewhere { address, asking })
}

/// Connections to other nodes, for as long as a scrape takes.
#[derive(Default)]
pub(crate) struct Owners {
    /// By address; a node that could not be reached is not tried again.
    nodes: HashMap<String, Result<Connection, Failure>>,
}

impl Owners {
    /// Asks the node that is named, as the one who may ask `target`.
    ///
    /// # Errors
    /// When it cannot be reached, or not all replies came.
    pub(crate) async fn ask(
        &mut self,
        context: &Context,
        target: &Target,
        elsewhere: &Elsewhere,
        question: (&Request, Instant),
    ) -> Result<Answers, Failure> {
        let (request, deadline) = question;
        let address = &elsewhere.address;
        let node = match self.nodes.entry(address.to_owned()) {
            Entry::Occupied(node) => node.into_mut(),
            Entry::Vacant(place) => place.insert(context.connect_node(target, address, deadline).await),
        };
        let answers = match node {
            Ok(connection) if elsewhere.asking => connection.ask(&request.asking()).await.without_asking(),
            Ok(connection) => connection.ask(request).await,
            Err(failure) => return Err(failure.clone()),
        };
        match answers.failure().cloned() {
            None => Ok(answers),
            Some(failure) => {
                *node = Err(failure.clone());
                Err(failure)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_says_where_a_key_is() {
        for (error, expected) in [
            ("MOVED 3999 10.0.0.2:6379", Some(("10.0.0.2:6379", false))),
            ("MOVED 3999 ::1:6379", Some(("::1:6379", false))),
            ("ASK 3999 10.0.0.2:6379", Some(("10.0.0.2:6379", true))),
            ("MOVED 3999", None),
            ("ASK", None),
            ("ERR MOVED 1 x:1", None),
        ] {
            let expected = expected.map(|(address, asking)| Elsewhere {
                address: address.to_owned(),
                asking,
            });
            assert_eq!(elsewhere(error.as_bytes()), expected, "{error}");
        }
    }
}
