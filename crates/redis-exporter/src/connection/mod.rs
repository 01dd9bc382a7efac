//! The one place with I/O: a connection to a target, and questions over it, each with a limit in time and size.

mod dial;
mod request;
pub(crate) mod resp;
mod tls;

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout_at;

use self::dial::Stream;
pub(crate) use self::request::{Answers, Request};
pub(crate) use self::resp::Reply;
use self::resp::{Framer, MOST_BYTES, Malformed};
pub(crate) use self::tls::{ClientTls, TlsFiles};
use crate::failure::{Failure, plain};
use crate::target::{Credentials, Target};

/// How much of a wrong answer is shown.
const MOST_SHOWN: usize = 60;

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// For connecting, and for each exchange.
    pub(crate) each: Duration,
    /// When all of it must be over.
    pub(crate) deadline: Instant,
}

impl Patience {
    /// Until when something may take that begins now.
    fn limit(self) -> Instant {
        self.deadline.min(Instant::now() + self.each)
    }
}

/// A connection that is open and authenticated.
pub(crate) struct Connection {
    stream: Box<dyn Stream>,
    patience: Patience,
}

impl Connection {
    /// Connects, says who asks, and selects the database.
    ///
    /// # Errors
    /// When one of these fails; with what words the target refused.
    pub(crate) async fn open(
        target: &Target,
        who: &Credentials,
        tls: &ClientTls,
        patience: Patience,
    ) -> Result<Self, Failure> {
        let began = Instant::now();
        let limit = patience.limit();
        let stream = timeout_at(limit.into(), dial::dial(target, tls, limit)).await;
        let stream = stream.unwrap_or_else(|_| Err(timed_out(began, "connecting")))?;
        let mut connection = Self { stream, patience };
        connection.introduce(who, target.database).await?;
        Ok(connection)
    }

    async fn introduce(&mut self, who: &Credentials, database: u32) -> Result<(), Failure> {
        let mut request = Request::default();
        match (&who.user, &who.password) {
            (_, None) => {}
            (None, Some(password)) => request.push("AUTH", &["AUTH", password]),
            (Some(user), Some(password)) => request.push("AUTH", &["AUTH", user, password]),
        }
        if database != 0 {
            request.push("SELECT", &["SELECT", &database.to_string()]);
        }
        if request.names().is_empty() {
            return Ok(());
        }
        let answers = self.ask(&request).await;
        for (index, command) in request.names().iter().copied().enumerate() {
            if let Some(Reply::Error(error)) = answers.reply(index) {
                let error = without_secrets(&String::from_utf8_lossy(error), who);
                return Err(Failure::Refused { command, error });
            }
        }
        answers.into_failure().map_or(Ok(()), Err)
    }

    /// When all talk with the target must be over.
    pub(crate) fn deadline(&self) -> Instant {
        self.patience.deadline
    }

    /// Sends commands in one go and reads the replies.
    pub(crate) async fn ask(&mut self, request: &Request) -> Answers {
        let began = Instant::now();
        let limit = self.patience.limit();
        let mut answers = Answers {
            bytes: Vec::new(),
            spans: Vec::new(),
            failure: None,
        };
        let talk = exchange(&mut *self.stream, request, &mut answers);
        let result = timeout_at(limit.into(), talk).await;
        let waited_for = request.names().get(answers.spans.len()).copied().unwrap_or("the end");
        answers.failure = result.unwrap_or_else(|_| Err(timed_out(began, waited_for))).err();
        answers
    }
}

fn timed_out(began: Instant, command: &'static str) -> Failure {
    let after = began.elapsed();
    Failure::TimedOut { after, command }
}

/// Old servers that know no AUTH repeat what they were told.
fn without_secrets(error: &str, who: &Credentials) -> String {
    let text = error.split(", with args beginning with").next().unwrap_or_default();
    match &who.password {
        Some(password) => text.replace(password.as_str(), "<secret>"),
        None => text.to_owned(),
    }
}

/// Writes all commands, then reads the replies into `answers`.
async fn exchange(stream: &mut dyn Stream, request: &Request, answers: &mut Answers) -> Result<(), Failure> {
    let mut commands = request.names().iter().copied();
    let Some(mut command) = commands.next() else {
        return Ok(());
    };
    let broken = |command, error: &std::io::Error| {
        let error = plain(error);
        Failure::Broken { command, error }
    };
    stream
        .write_all(request.bytes())
        .await
        .map_err(|error| broken(command, &error))?;
    stream.flush().await.map_err(|error| broken(command, &error))?;
    let mut start = 0;
    loop {
        let end = read_reply(stream, &mut answers.bytes, start, command).await?;
        answers.spans.push(start..end);
        start = end;
        match commands.next() {
            Some(next) => command = next,
            None => return Ok(()),
        }
    }
}

/// Reads until the reply that starts at `start` is whole; where it ends.
async fn read_reply(
    stream: &mut dyn Stream,
    bytes: &mut Vec<u8>,
    start: usize,
    command: &'static str,
) -> Result<usize, Failure> {
    let mut framer = Framer::new(start);
    loop {
        match framer.end(bytes) {
            Ok(Some(end)) => return Ok(end),
            Ok(None) if bytes.len() <= MOST_BYTES => {}
            Ok(None) | Err(Malformed::TooMuch) => return Err(Failure::TooMuch { command }),
            Err(Malformed::NotRedis) => return Err(not_redis(bytes, start, command)),
        }
        bytes.reserve(bytes.len().clamp(8 << 10, 1 << 20));
        match stream.read_buf(bytes).await {
            Ok(0) => return Err(Failure::Closed { command }),
            Ok(_) => {}
            Err(error) => {
                let error = plain(&error);
                return Err(Failure::Broken { command, error });
            }
        }
    }
}

fn not_redis(bytes: &[u8], start: usize, command: &'static str) -> Failure {
    let rest = bytes.get(start..).unwrap_or_default();
    let line = rest
        .split(|byte| matches!(byte, b'\r' | b'\n'))
        .next()
        .unwrap_or_default();
    let answer = String::from_utf8_lossy(line).chars().take(MOST_SHOWN).collect();
    Failure::NotRedis { command, answer }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(names: &[&'static str]) -> Request {
        let mut request = Request::default();
        for name in names {
            request.push(name, &[name]);
        }
        request
    }

    /// What comes of asking three things of somebody who says this and hangs up.
    async fn asked(said: &[u8]) -> (Vec<String>, Option<String>) {
        let (ours, mut theirs) = tokio::io::duplex(1 << 16);
        theirs.write_all(said).await.unwrap();
        theirs.shutdown().await.unwrap();
        let patience = Patience {
            each: Duration::from_secs(5),
            deadline: Instant::now() + Duration::from_secs(5),
        };
        let stream = Box::new(ours);
        let mut connection = Connection { stream, patience };
        let answers = connection.ask(&request(&["ONE", "TWO", "THREE"])).await;
        let replies = (0..3).filter_map(|index| answers.reply(index));
        let replies = replies.map(|reply| format!("{reply:?}")).collect();
        (replies, answers.failure().map(ToString::to_string))
    }

    #[tokio::test]
    async fn replies_come_in_the_order_of_the_commands() {
        let (replies, failure) = asked(b"+a\r\n$1\r\nb\r\n:3\r\n").await;
        assert_eq!(replies, ["Text([97])", "Text([98])", "Integer(3)"]);
        assert_eq!(failure, None);
    }

    #[tokio::test]
    async fn what_came_before_the_end_is_there() {
        for (said, count, why) in [
            (&b""[..], 0, "connection closed in ONE"),
            (b"+a\r\n$5\r\nab", 1, "connection closed in TWO"),
            (
                b"+a\r\n+b\r\nSSH-2.0\r\n",
                2,
                "not Redis: THREE was answered with \"SSH-2.0\"",
            ),
            (b"$999999999\r\n", 0, "the answer to ONE is too large"),
            (
                b"\x15\x03\x03\x00\x02",
                0,
                "not Redis: ONE was answered with \"\\u{15}\\u{3}\\u{3}\\0\\u{2}\"",
            ),
        ] {
            let (replies, failure) = asked(said).await;
            assert_eq!((replies.len(), failure.as_deref()), (count, Some(why)));
        }
    }

    #[tokio::test]
    async fn silence_ends_with_the_patience_and_says_what_was_waited_for() {
        let (ours, mut theirs) = tokio::io::duplex(1 << 16);
        theirs.write_all(b"+a\r\n").await.unwrap();
        let patience = Patience {
            each: Duration::from_millis(30),
            deadline: Instant::now() + Duration::from_secs(5),
        };
        let stream = Box::new(ours);
        let mut connection = Connection { stream, patience };
        let answers = connection.ask(&request(&["ONE", "TWO"])).await;
        assert!(matches!(
            answers.failure(),
            Some(Failure::TimedOut { command: "TWO", .. })
        ));
    }

    #[test]
    fn a_server_that_repeats_what_it_was_told_is_cut_short() {
        let who = Credentials {
            user: None,
            password: Some("hunter2".to_owned()),
        };
        for (error, shown) in [
            (
                "ERR unknown command `AUTH`, with args beginning with: `hunter2`, ",
                "ERR unknown command `AUTH`",
            ),
            ("ERR hunter2 is wrong", "ERR <secret> is wrong"),
            ("WRONGPASS invalid", "WRONGPASS invalid"),
        ] {
            assert_eq!(without_secrets(error, &who), shown);
        }
    }
}
