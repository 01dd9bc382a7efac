//! One connection's worth of a daemon: events first, so that nothing is lost, then the list, then each container, and
//! after that whatever the events tell.

use std::collections::{BTreeMap, BTreeSet};
use std::future::pending;
use std::time::Duration;

use log::warn;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::super::http::{Error, Lines, Socket, Why};
use super::super::link::Link;
use super::super::{Environment, Update};
use super::api::Api;
use super::events::{self, Event};
use super::queue::Queue;
use crate::container::Facts;

/// Changes of a container within this time become one question: to run one is to create and to start it.
const SETTLE: Duration = Duration::from_millis(100);
/// Events may be silent for ever; whether the daemon hangs shows only when it is asked.
const PING_EVERY: Duration = Duration::from_secs(60);
/// Until a container is asked about again that the daemon did not answer for.
const RETRY: Duration = Duration::from_secs(30);

/// What is under way with a daemon that answers.
pub(super) struct Session<'l> {
    link: &'l mut Link,
    api: Api,
    queue: Queue,
    questions: JoinSet<Answer>,
    /// The list as it becomes complete, until it is told.
    list: Option<List>,
    /// Containers about which a problem has been logged.
    troubled: BTreeSet<String>,
    next_ping: Instant,
}

/// The first list. Containers that cannot be asked about keep what the daemon's list says of them.
struct List {
    containers: BTreeMap<String, Facts>,
    unanswered: BTreeSet<String>,
}

#[expect(clippy::large_enum_variant, reason = "nearly all are the large one")]
enum Answer {
    About(String, Result<Option<Facts>, Error>),
    Ping(Result<(), Error>),
}

impl<'l> Session<'l> {
    /// Follows the daemon for as long as it answers. Returns why it does not.
    pub(super) async fn run(link: &'l mut Link, socket: &Socket, env: &Environment) -> Error {
        match Self::begin(link, socket, env).await {
            Ok((mut session, mut events)) => session.go_on(&mut events).await,
            Err(error) => error,
        }
    }

    async fn begin(link: &'l mut Link, socket: &Socket, env: &Environment) -> Result<(Self, Lines), Error> {
        let (api, version) = Api::negotiate(link.runtime, socket, env).await?;
        link.tell(Update::Version(link.runtime, version)).await;
        let events = api.events().await?;
        let now = Instant::now();
        let containers: BTreeMap<_, _> = api
            .list()
            .await?
            .into_iter()
            .map(|facts| (facts.id.clone(), facts))
            .collect();
        let mut queue = Queue::default();
        containers.keys().for_each(|id| queue.put(id.clone(), now));
        let unanswered = containers.keys().cloned().collect();
        let session = Self {
            link,
            api,
            queue,
            questions: JoinSet::new(),
            list: Some(List { containers, unanswered }),
            troubled: BTreeSet::new(),
            next_ping: now + PING_EVERY,
        };
        Ok((session, events))
    }

    async fn go_on(&mut self, events: &mut Lines) -> Error {
        loop {
            self.tell_whole_list().await;
            if let Err(error) = self.step(events).await {
                return error;
            }
        }
    }

    /// Waits for the next thing to happen.
    async fn step(&mut self, events: &mut Lines) -> Result<(), Error> {
        while let Some(id) = self.queue.take(Instant::now()) {
            let api = self.api.clone();
            self.questions.spawn(async move {
                let answer = api.inspect(&id).await;
                Answer::About(id, answer)
            });
        }
        tokio::select! {
            line = events.next() => {
                let event = events::parse(&line?).map_err(|why| events.error(why))?;
                self.follow(event).await;
            }
            Some(answer) = self.questions.join_next() => {
                let answer = answer.map_err(|error| events.error(Why::Broken(error.to_string())))?;
                self.take(answer).await?;
            }
            () = at(self.queue.next()) => {}
            () = sleep_until(self.next_ping) => self.ping(),
        }
        Ok(())
    }

    async fn follow(&mut self, event: Event) {
        match event {
            Event::Changed(id) => self.queue.put(id, Instant::now() + SETTLE),
            Event::Removed(id) => {
                self.queue.forget(&id);
                self.gone(id).await;
            }
            Event::Other => {}
        }
    }

    async fn take(&mut self, answer: Answer) -> Result<(), Error> {
        match answer {
            Answer::Ping(answer) => answer,
            Answer::About(id, answer) => {
                if self.queue.answered(&id) {
                    self.learn(id, answer).await;
                }
                Ok(())
            }
        }
    }

    async fn learn(&mut self, id: String, answer: Result<Option<Facts>, Error>) {
        match answer {
            Ok(Some(facts)) => self.know(id, facts).await,
            Ok(None) => self.gone(id).await,
            Err(error) => self.failed(id, &error),
        }
    }

    async fn know(&mut self, id: String, facts: Facts) {
        self.troubled.remove(&id);
        match &mut self.list {
            None => self.link.tell(Update::Changed(facts)).await,
            Some(list) => {
                list.unanswered.remove(&id);
                list.containers.insert(id, facts);
            }
        }
    }

    async fn gone(&mut self, id: String) {
        self.troubled.remove(&id);
        match &mut self.list {
            None => self.link.tell(Update::Removed(self.link.runtime, id)).await,
            Some(list) => {
                list.unanswered.remove(&id);
                list.containers.remove(&id);
            }
        }
    }

    /// What was said of it last holds. What makes no sense will make none later; the rest may be a bad moment.
    fn failed(&mut self, id: String, error: &Error) {
        if let Some(list) = &mut self.list {
            list.unanswered.remove(&id);
        }
        if !matches!(error.why, Why::Malformed(_) | Why::TooLarge(_)) {
            self.queue.put(id.clone(), Instant::now() + RETRY);
        }
        if self.troubled.insert(id) {
            warn!("{}: {error}", self.link.runtime.name());
        }
    }

    /// Tells the list once every container of it has been asked about.
    async fn tell_whole_list(&mut self) {
        if let Some(list) = self.list.take_if(|list| list.unanswered.is_empty()) {
            self.link.answers();
            let containers = list.containers.into_values().collect();
            self.link.tell(Update::Listed(self.link.runtime, containers)).await;
        }
    }

    fn ping(&mut self) {
        self.next_ping = Instant::now() + PING_EVERY;
        let api = self.api.clone();
        self.questions
            .spawn(async move { Answer::Ping(api.ping().await.map(drop)) });
    }
}

async fn at(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => pending().await,
    }
}
