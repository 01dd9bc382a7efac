//! A talk with a target that takes more than one question.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;

use super::Seen;
use crate::cluster::{Elsewhere, Owners, elsewhere};
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

/// From the target to the node whose slot it is, and from there to the one where it is going.
const HOPS: usize = 2;

/// What a dialogue needs.
pub(crate) struct Session<'s, 'o> {
    pub(crate) context: &'s Context,
    pub(crate) target: &'s Target,
    pub(crate) options: &'s Options,
    pub(crate) connection: &'s mut Connection,
    pub(crate) seen: &'s Seen<'s>,
    pub(crate) out: &'s mut Output<'o>,
    /// Other nodes of the target's cluster, where they were asked for something.
    pub(crate) owners: Owners,
}

impl Session<'_, '_> {
    /// Asks several things in one go. What is refused is said in the log, once a target. In a cluster, keys that other nodes
    /// have are asked for there.
    ///
    /// # Errors
    /// When not all replies came.
    pub(crate) async fn ask(&mut self, request: &Request) -> Result<Answers, Failure> {
        let mut answers = self.ask_plainly(request).await?;
        if self.context.settings.is_cluster {
            self.ask_owners(request, &mut answers).await;
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

    /// The same where a refusal is an answer, too, and of no interest to anybody else.
    ///
    /// # Errors
    /// When not all replies came.
    pub(crate) async fn ask_plainly(&mut self, request: &Request) -> Result<Answers, Failure> {
        let answers = self.connection.ask(request).await;
        match answers.failure() {
            None => Ok(answers),
            Some(failure) => Err(failure.clone()),
        }
    }

    /// Asks again where the target says that another node has a key, and once more where that one says so. If it cannot be
    /// reached, the last reply stays.
    async fn ask_owners(&mut self, request: &Request, answers: &mut Answers) {
        for _ in 0..HOPS {
            let mut by_owner: BTreeMap<Elsewhere, Vec<usize>> = BTreeMap::new();
            for index in 0..request.names().len() {
                if let Some(Reply::Error(error)) = answers.reply(index)
                    && let Some(owner) = elsewhere(error)
                {
                    by_owner.entry(owner).or_default().push(index);
                }
            }
            self.ask_each(request, by_owner, answers).await;
        }
    }

    async fn ask_each(&mut self, request: &Request, by_owner: BTreeMap<Elsewhere, Vec<usize>>, answers: &mut Answers) {
        let deadline = self.connection.deadline();
        for (owner, indexes) in by_owner {
            let question = (&request.only(&indexes), deadline);
            match self.owners.ask(self.context, self.target, &owner, question).await {
                Ok(others) => answers.replace(&indexes, &others),
                Err(failure) => self
                    .context
                    .told
                    .missing(self.target, "keys of other nodes", &failure.to_string()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collectors::testing::options;
    use crate::settings::tests::settings;
    use std::time::{Duration, Instant, SystemTime};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    /// A node that says this once it was asked for something.
    async fn node(listener: TcpListener, says: String) {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut asked = [0; 1024];
        assert_ne!(stream.read(&mut asked).await.unwrap(), 0);
        stream.write_all(says.as_bytes()).await.unwrap();
        // It stays until the other side has gone.
        stream.read_to_end(&mut Vec::new()).await.unwrap();
    }

    /// What comes of asking for three keys; the first node answers the second.
    async fn asked(args: &[&str], says_second: &'static str) -> Vec<String> {
        let first = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let second = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let target = Target::parse(&first.local_addr().unwrap().to_string()).unwrap();
        let elsewhere = format!("-MOVED 7 {}\r\n", second.local_addr().unwrap());
        let nodes = tokio::spawn(async move {
            let says = format!("{elsewhere}:2\r\n{elsewhere}");
            tokio::join!(node(first, says), node(second, says_second.to_owned()));
        });
        let context = Context::new(settings(args).ok().unwrap()).ok().unwrap();
        let deadline = Instant::now() + Duration::from_secs(5);
        let mut connection = context.connect(&target, deadline).await.ok().unwrap();
        let mut request = Request::default();
        for key in ["a", "b", "c"] {
            request.push("STRLEN", &["STRLEN", key]);
        }
        let mut replies = Vec::new();
        let mut encoder = exposition::Encoder::new(exposition::Format::Text004);
        let mut session = Session {
            context: &context,
            target: &target,
            options: &options(&[]),
            connection: &mut connection,
            seen: &Seen::new("", SystemTime::UNIX_EPOCH),
            out: &mut Output::new(&mut encoder, "redis"),
            owners: Owners::default(),
        };
        let answers = session.ask(&request).await.unwrap();
        replies.extend(
            (0..3)
                .filter_map(|index| answers.reply(index))
                .map(|reply| match reply {
                    Reply::Error(error) => String::from_utf8_lossy(error).split(' ').next().unwrap().to_owned(),
                    reply => format!("{:?}", reply.integer()),
                }),
        );
        nodes.abort();
        replies
    }

    #[tokio::test]
    async fn keys_of_other_nodes_are_asked_for_there() {
        for (args, says_second, expected) in [
            (&["--is-cluster"][..], ":1\r\n:3\r\n", ["Some(1)", "Some(2)", "Some(3)"]),
            (
                &["--is-cluster"],
                "HTTP/1.1 400 Bad Request\r\n",
                ["MOVED", "Some(2)", "MOVED"],
            ),
            (&[], "", ["MOVED", "Some(2)", "MOVED"]),
        ] {
            assert_eq!(asked(args, says_second).await, expected, "{args:?} {says_second:?}");
        }
    }
}
