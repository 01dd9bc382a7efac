//! A scrape: what is asked in which order, and what becomes of the answers.

use std::time::{Duration, Instant, SystemTime};

use exposition::{Desc, Kind};

use crate::cluster::Owners;
use crate::collectors::{DIALOGUES, QUESTIONS, Seen, Session};
use crate::connection::{Answers, Connection, Reply, Request};
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Output;
use crate::settings::Options;
use crate::target::Target;

const UP: Desc<'_> = Desc::gauge("up", "Information about the Redis instance", &[]);
const ERROR: Desc<'_> = Desc::gauge("exporter_last_scrape_error", "The last scrape error status.", &["err"]);

/// The place of INFO in a request.
struct Places {
    info: usize,
    questions: usize,
}

/// What a scrape is to be.
pub(crate) struct Scrape<'c> {
    /// What all scrapes share.
    pub(crate) context: &'c Context,
    /// Whom to ask.
    pub(crate) target: &'c Target,
    /// What to ask for.
    pub(crate) options: &'c Options,
    /// When it must be over.
    pub(crate) deadline: Instant,
}

/// Scrapes a target; how long it took. A target that is down is metrics, too. `role` is the one that the target had when
/// it was last seen, so that the series of a target that goes down stay the same.
pub(crate) async fn scrape(scrape: &Scrape<'_>, role: &mut String, out: &mut Output<'_>) -> Duration {
    let began = Instant::now();
    let Scrape {
        context,
        target,
        options,
        ..
    } = scrape;
    let (is_up, failure) = scrape.carry_out(role, out).await;
    if options.role_label {
        out.set_role(Some(role.clone()));
    }
    context.told.state(target, failure.as_ref());
    let text = failure.as_ref().map(ToString::to_string).unwrap_or_default();
    let status = f64::from(u8::from(failure.is_some()));
    out.family(&ERROR, |family| family.sample(&[&text], status));
    out.scalar(&UP, f64::from(u8::from(is_up)));
    let took = began.elapsed();
    out.plain("exporter_last_scrape_duration_seconds", Kind::Gauge, took.as_secs_f64());
    took
}

impl Scrape<'_> {
    /// Whether the target is up, and what went wrong: it may be up and not tell everything.
    async fn carry_out(&self, role: &mut String, out: &mut Output<'_>) -> (bool, Option<Failure>) {
        let began = Instant::now();
        let connection = self.context.connect(self.target, self.deadline).await;
        let took = began.elapsed().as_secs_f64();
        out.plain("exporter_last_scrape_connect_time_seconds", Kind::Gauge, took);
        let mut connection = match connection {
            Ok(connection) => connection,
            Err(failure) => return (false, Some(failure)),
        };
        if self.options.ping {
            self.ping(&mut connection, out).await;
        }
        let (request, places) = self.first_request();
        let answers = connection.ask(&request).await;
        let again;
        let info = match info_text(&answers, places.info) {
            Some(info) => info,
            None if answers.failure().is_some() => return (false, answers.into_failure()),
            None => {
                again = match self.ask_info_again(&mut connection).await {
                    Ok(answers) => answers,
                    Err(failure) => return (false, Some(failure)),
                };
                info_text(&again, 0).unwrap_or_default()
            }
        };
        let mut seen = Seen::new(&info, SystemTime::now());
        seen.role().clone_into(role);
        if self.options.role_label {
            out.set_role(Some(role.clone()));
        }
        self.tell(&request, &places, &answers, &mut seen, out);
        let failure = match answers.into_failure() {
            Some(failure) => Some(failure),
            None => self.converse(&mut connection, &seen, out).await.err(),
        };
        (true, failure)
    }

    async fn ping(&self, connection: &mut Connection, out: &mut Output<'_>) {
        let mut request = Request::default();
        request.push("PING", &["PING"]);
        let began = Instant::now();
        let answers = connection.ask(&request).await;
        match answers.reply(0) {
            Some(Reply::Error(error)) => self.refused("PING", error),
            Some(_) => {
                let took = began.elapsed().as_secs_f64();
                out.plain("exporter_last_scrape_ping_time_seconds", Kind::Gauge, took);
            }
            // The next question meets the same silence and says so.
            None => {}
        }
    }

    /// Everything that depends on no answer.
    fn first_request(&self) -> (Request, Places) {
        let mut request = Request::default();
        if self.options.set_client_name {
            request.push("CLIENT SETNAME", &["CLIENT", "SETNAME", "redis_exporter"]);
        }
        let info = request.names().len();
        request.push("INFO ALL", &["INFO", "ALL"]);
        let questions = request.names().len();
        for question in QUESTIONS {
            if let Some(words) = (question.words)(self.options) {
                request.push(question.name, &words);
            }
        }
        (request, Places { info, questions })
    }

    /// Old servers know no sections, and some hosted ones refuse `ALL`.
    async fn ask_info_again(&self, connection: &mut Connection) -> Result<Answers, Failure> {
        let command = "INFO";
        let mut request = Request::default();
        request.push(command, &["INFO"]);
        let answers = connection.ask(&request).await;
        if let Some(failure) = answers.failure() {
            return Err(failure.clone());
        }
        match answers.reply(0) {
            Some(Reply::Error(error)) => {
                let error = String::from_utf8_lossy(error).into_owned();
                Err(Failure::Refused { command, error })
            }
            _ => Ok(answers),
        }
    }

    /// Lets the collectors write what was answered.
    fn tell(&self, request: &Request, places: &Places, answers: &Answers, seen: &mut Seen<'_>, out: &mut Output<'_>) {
        for (index, command) in request.names().iter().copied().enumerate() {
            if let Some(Reply::Error(error)) = answers.reply(index) {
                self.refused(command, error);
            }
        }
        let asked = QUESTIONS
            .iter()
            .filter(|question| (question.words)(self.options).is_some());
        let replies = (places.questions..).map(|index| answers.reply(index));
        for (question, reply) in asked.zip(replies) {
            if let Some(reply) = reply.filter(|reply| !matches!(reply, Reply::Error(_))) {
                (question.tell)(&reply, self.options, seen, out);
            }
        }
        crate::collectors::tell_info(seen, self.options, out);
    }

    /// What takes more than one question, or depends on what INFO says.
    async fn converse(
        &self,
        connection: &mut Connection,
        seen: &Seen<'_>,
        out: &mut Output<'_>,
    ) -> Result<(), Failure> {
        let mut session = Session {
            context: self.context,
            target: self.target,
            options: self.options,
            connection,
            seen,
            out,
            owners: Owners::default(),
        };
        for dialogue in DIALOGUES {
            if (dialogue.when)(session.options, session.seen) {
                (dialogue.hold)(&mut session).await?;
            }
        }
        Ok(())
    }

    fn refused(&self, command: &'static str, error: &[u8]) {
        self.context
            .told
            .refused(self.target, command, &String::from_utf8_lossy(error));
    }
}

/// What INFO said, if it said something.
fn info_text(answers: &Answers, index: usize) -> Option<String> {
    let text = answers.reply(index)?.text()?;
    Some(text.into_owned()).filter(|text| !text.is_empty())
}
