//! A talk with a target that takes more than one question.

use std::future::Future;
use std::pin::Pin;

use super::Seen;
use crate::connection::{Answers, Connection, Reply, Request};
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Output;
use crate::settings::Options;
use crate::target::Target;

/// What is asked after INFO has come.
pub(crate) struct Dialogue {
    /// Whether it is wanted, and makes sense with this target.
    pub(crate) when: fn(&Options, &Seen<'_>) -> bool,
    /// Asks and writes.
    pub(crate) hold: Hold,
}

/// Asks and writes. An error ends the scrape: the connection is of no use any more. What the target refuses is no error.
pub(crate) type Hold = for<'h> fn(&'h mut Session<'_, '_>) -> Held<'h>;

/// A dialogue under way.
pub(crate) type Held<'h> = Pin<Box<dyn Future<Output = Result<(), Failure>> + 'h>>;

/// What a dialogue needs.
pub(crate) struct Session<'s, 'o> {
    pub(crate) context: &'s Context,
    pub(crate) target: &'s Target,
    pub(crate) options: &'s Options,
    pub(crate) connection: &'s mut Connection,
    pub(crate) seen: &'s Seen<'s>,
    pub(crate) out: &'s mut Output<'o>,
}

impl Session<'_, '_> {
    /// Asks several things in one go. What is refused is said in the log, once a target.
    ///
    /// # Errors
    /// When not all replies came.
    pub(crate) async fn ask(&mut self, request: &Request) -> Result<Answers, Failure> {
        let answers = self.connection.ask(request).await;
        if let Some(failure) = answers.failure() {
            return Err(failure.clone());
        }
        for (index, command) in request.names().iter().copied().enumerate() {
            // What a key is, is not up to the target.
            if let Some(Reply::Error(error)) = answers.reply(index)
                && !error.starts_with(b"WRONGTYPE")
            {
                let error = String::from_utf8_lossy(error);
                self.context.told.refused(self.target, command, &error);
            }
        }
        Ok(answers)
    }

    /// Goes to another database; false when the target does not let us, and what is asked next would be asked of the wrong one.
    ///
    /// # Errors
    /// As [`Session::ask`].
    pub(crate) async fn select(&mut self, database: u32) -> Result<bool, Failure> {
        let mut request = Request::default();
        request.push("SELECT", &["SELECT", &database.to_string()]);
        let answers = self.ask(&request).await?;
        Ok(!matches!(answers.reply(0), None | Some(Reply::Error(_))))
    }

    /// Goes back to the target's own database.
    ///
    /// # Errors
    /// As [`Session::ask`].
    pub(crate) async fn select_own(&mut self) -> Result<(), Failure> {
        self.select(self.target.database).await.map(drop)
    }
}
