//! A conversation on a connection.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

use exposition::{Desc, Encoder, Labels};
use log::Level;
use tokio::io::{AsyncReadExt, AsyncWrite as _, AsyncWriteExt};

use super::machine::{Exchange, Info, Machine, Miss, Turn};
use crate::config::{ExpectLabel, QueryResponse, TlsConfig};
use crate::failure::{Failure, Reason, Step};
use crate::net::Connection;
use crate::probe::Probe;

/// So much is read at once: a line of most protocols, and little enough to stand in every probe.
const READ: usize = 2048;

const DUE_TO_REGEX: Desc<'_> = Desc::gauge(
    "probe_failed_due_to_regex",
    "Indicates if probe failed due to regex",
    &[],
);
const DUE_TO_BYTES: Desc<'_> = Desc::gauge(
    "probe_failed_due_to_bytes",
    "Indicates if probe failed due to bytes",
    &[],
);
const EXPECTED: Desc<'_> = Desc::gauge("probe_expect_info", "Explicit content matched", &[]);

/// What to talk about, and how to go on when TLS starts.
pub(crate) struct Terms<'s> {
    /// The entries.
    pub(crate) exchanges: &'s [QueryResponse],
    /// How to speak TLS.
    pub(crate) tls: &'s TlsConfig,
    /// Whom to expect then.
    pub(crate) name: &'s str,
}

/// What came of a conversation.
#[derive(Debug, Default)]
pub(crate) struct Conversation {
    begun: bool,
    missed: Option<Miss>,
    infos: Vec<Info>,
}

impl Conversation {
    /// Holds it.
    ///
    /// # Errors
    /// What broke, or was not as expected.
    pub(crate) async fn hold(
        &mut self,
        probe: &Probe<'_>,
        mut connection: Connection,
        terms: &Terms<'_>,
    ) -> Result<(), Failure> {
        self.begun = true;
        let exchanges: Vec<Exchange<'_>> = terms.exchanges.iter().map(exchange).collect();
        let mut machine = Machine::new(&exchanges);
        loop {
            let turn = machine.turn();
            self.infos.append(&mut machine.take_infos());
            match turn {
                Ok(Turn::Listen) => listen(probe, &mut connection, &mut machine).await?,
                Ok(Turn::Say(text)) => say(probe, &mut connection, &text).await?,
                Ok(Turn::StartTls) => {
                    connection = probe.handshake(connection, terms.tls, terms.name, &[]).await?;
                }
                Ok(Turn::Done) => break,
                Err(miss) => {
                    self.missed = Some(miss);
                    return Err(failure(miss, &machine));
                }
            }
        }
        farewell(&mut connection).await;
        Ok(())
    }

    /// Writes what came of it; nothing when it did not begin, as upstream does.
    pub(crate) fn encode(&self, out: &mut Encoder) {
        if !self.begun {
            return;
        }
        let due_to = |miss| f64::from(u8::from(self.missed == Some(miss)));
        out.scalar(&DUE_TO_REGEX, due_to(Miss::Line));
        out.scalar(&DUE_TO_BYTES, due_to(Miss::Bytes));
        let mut family = out.family(&EXPECTED);
        for info in &self.infos {
            family.sample(Labels::Pairs(&labels(info)), 1.0);
        }
    }
}

/// By name; of a name that is there twice the last, of an empty one nothing.
fn labels(info: &Info) -> Vec<(&str, &str)> {
    let mut labels: Vec<(&str, &str)> = Vec::with_capacity(info.len());
    for (name, value) in info.iter().filter(|(name, _)| !name.is_empty()) {
        match labels.binary_search_by_key(&name.as_str(), |label| label.0) {
            Ok(place) => labels[place].1 = value,
            Err(place) => labels.insert(place, (name, value)),
        }
    }
    labels
}

fn exchange(entry: &QueryResponse) -> Exchange<'_> {
    Exchange {
        expect: entry.expect.as_ref().map(|pattern| &pattern.regex),
        expect_bytes: entry.expect_bytes.as_bytes(),
        labels: entry.labels.iter().map(label).collect(),
        send: &entry.send,
        starttls: entry.starttls,
    }
}

fn label(label: &ExpectLabel) -> (&str, &str) {
    (&label.name, &label.value)
}

async fn listen(probe: &Probe<'_>, connection: &mut Connection, machine: &mut Machine<'_>) -> Result<(), Failure> {
    probe.step.set(Step::Receive);
    let mut bytes = [0; READ];
    let room = machine.room().min(READ);
    let read = connection.read(&mut bytes[..room]).await;
    let entry = machine.at();
    match read.map_err(|error| Failure::io(Step::Receive, &error, &format!("query_response[{entry}]: reading")))? {
        0 => machine.end(),
        count => machine.hear(&bytes[..count]),
    }
    Ok(())
}

async fn say(probe: &Probe<'_>, connection: &mut Connection, text: &str) -> Result<(), Failure> {
    probe.step.set(Step::Send);
    // Not the text: it may be a password.
    probe.log.line(Level::Debug, "Sending line", &[("bytes", &text.len())]);
    let sent = async {
        connection.write_all(text.as_bytes()).await?;
        connection.flush().await
    };
    sent.await
        .map_err(|error| Failure::io(Step::Send, &error, "sending a line"))
}

/// Says that nothing more will be said, without waiting for anything: a peer that does not listen must not turn a success
/// into a failure.
pub(crate) async fn farewell(connection: &mut Connection) {
    poll_fn(|context| {
        // Whatever comes of it: the connection goes away now.
        drop(Pin::new(&mut *connection).poll_shutdown(context));
        Poll::Ready(())
    })
    .await;
}

fn failure(miss: Miss, machine: &Machine<'_>) -> Failure {
    let (step, reason, text) = match miss {
        Miss::Line if machine.missed().is_empty() => (
            Step::Receive,
            Reason::ConnectionClosed,
            "the connection ended without a line".to_owned(),
        ),
        Miss::Line => (
            Step::Validate,
            Reason::Content,
            format!("no line matched until the end; the last was {:?}", machine.missed()),
        ),
        Miss::TooLong => (
            Step::Receive,
            Reason::TooLarge,
            "a line is longer than 64 KiB".to_owned(),
        ),
        Miss::Bytes => (Step::Validate, Reason::Content, "other bytes came".to_owned()),
        Miss::Short => (
            Step::Receive,
            Reason::ConnectionClosed,
            "the connection ended before all bytes came".to_owned(),
        ),
    };
    Failure::new(step, reason, format!("query_response[{}]: {text}", machine.at()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_in_order_once_and_have_names() {
        let info = [("b", "1"), ("a", "2"), ("", "3"), ("b", "4")];
        let info: Info = info.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        assert_eq!(labels(&info), [("a", "2"), ("b", "4")]);
    }
}
