//! Nodes that have the keys which the target does not have.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::time::Instant;

use crate::connection::{Answers, Connection, Request};
use crate::context::Context;
use crate::failure::Failure;
use crate::target::Target;

/// Where a key is, as a node that does not have it says: `MOVED 3999 10.0.0.2:6379`.
pub(crate) fn moved(error: &[u8]) -> Option<&str> {
    let error = std::str::from_utf8(error).ok()?;
    error
        .strip_prefix("MOVED ")?
        .split_once(' ')
        .map(|(_, address)| address)
}

/// Connections to other nodes, for as long as a scrape takes.
#[derive(Default)]
pub(crate) struct Owners {
    /// By address; a node that could not be reached is not tried again.
    nodes: HashMap<String, Result<Connection, Failure>>,
}

impl Owners {
    /// Asks the node at this address, as the one who may ask `target`.
    ///
    /// # Errors
    /// When it cannot be reached, or not all replies came.
    pub(crate) async fn ask(
        &mut self,
        context: &Context,
        target: &Target,
        address: &str,
        question: (&Request, Instant),
    ) -> Result<Answers, Failure> {
        let (request, deadline) = question;
        let node = match self.nodes.entry(address.to_owned()) {
            Entry::Occupied(node) => node.into_mut(),
            Entry::Vacant(place) => place.insert(context.connect_node(target, address, deadline).await),
        };
        let answers = match node {
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
        for (error, address) in [
            ("MOVED 3999 10.0.0.2:6379", Some("10.0.0.2:6379")),
            ("MOVED 3999 ::1:6379", Some("::1:6379")),
            ("MOVED 3999", None),
            ("ASK 3999 10.0.0.2:6379", None),
            ("ERR MOVED 1 x:1", None),
        ] {
            assert_eq!(moved(error.as_bytes()), address, "{error}");
        }
    }
}
