//! A scripted daemon, and what is told of it.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::super::testing::{Reply, Script};
use super::*;
use crate::container::Facts;

struct Daemon {
    script: Script,
    updates: mpsc::Receiver<Update>,
    followed: JoinSet<()>,
}

impl Daemon {
    /// Follows a daemon that has these containers.
    fn with(ids: &[&str]) -> Self {
        let script = Script::start();
        script.on("/_ping", Reply::ok("OK").with_head("Api-Version: 1.41\r\n"));
        script.on("/v1.41/version", Reply::ok(r#"{"Version":"20.10"}"#));
        script.on("/v1.41/events", Reply::stream());
        let mut daemon = Self::follow(script);
        daemon.has(ids);
        daemon
    }

    fn follow(script: Script) -> Self {
        let (sender, updates) = mpsc::channel(4);
        let mut followed = JoinSet::new();
        followed.spawn(follow(Runtime::Docker, script.path(), Environment::new(&[]), sender));
        Self {
            script,
            updates,
            followed,
        }
    }

    fn has(&mut self, ids: &[&str]) {
        let entries: Vec<_> = ids
            .iter()
            .map(|id| format!(r#"{{"Id":"{id}","Names":["/{id}"]}}"#))
            .collect();
        let list = format!("[{}]", entries.join(","));
        self.script.on("/v1.41/containers/json", Reply::ok(list));
        for id in ids {
            self.is(id, "running");
        }
    }

    fn is(&self, id: &str, status: &str) {
        let json = format!(r#"{{"Id":"{id}","Name":"/{id}","State":{{"Status":"{status}"}}}}"#);
        self.answers(id, Reply::ok(json));
    }

    fn answers(&self, id: &str, reply: Reply) {
        self.script.on(&format!("/v1.41/containers/{id}/json"), reply);
    }

    fn event(&self, action: &str, id: &str) {
        self.events(&[action], id);
    }

    /// Events that come at once.
    fn events(&self, actions: &[&str], id: &str) {
        let event = |action| format!(r#"{{"Type":"container","Action":"{action}","Actor":{{"ID":"{id}"}}}}"#) + "\n";
        self.script.say(&actions.iter().map(event).collect::<String>());
    }

    fn inspections(&self, id: &str) -> usize {
        self.script.times_asked(&format!("/v1.41/containers/{id}/json"))
    }

    /// The next news in short.
    async fn news(&mut self) -> String {
        let brief = |facts: &Facts| format!("{} {}", facts.name, facts.state.name());
        match self.updates.recv().await.unwrap() {
            Update::Listed(_, list) => format!("list: {}", list.iter().map(brief).collect::<Vec<_>>().join(", ")),
            Update::Changed(facts) => brief(&facts),
            Update::Removed(_, id) => format!("{id} is gone"),
            Update::Lost(_, error) => format!("lost: {}", error.split_once(" for ").unwrap().1),
            Update::Version(_, version) => format!("version {version}"),
            Update::Absent(_) => "absent".to_owned(),
        }
    }

    /// The news up to the first list.
    async fn listed(&mut self) -> String {
        assert_eq!(self.news().await, "version 20.10");
        self.news().await
    }

    /// Whether there is no news for some time.
    async fn is_silent_for(&mut self, seconds: u64) -> bool {
        timeout(Duration::from_secs(seconds), self.updates.recv())
            .await
            .is_err()
    }
}

#[tokio::test(start_paused = true)]
async fn the_list_is_told_once_it_is_whole() {
    let mut daemon = Daemon::with(&["a", "b"]);
    daemon.is("b", "paused");
    assert_eq!(daemon.listed().await, "list: a running, b paused");
    let asked = daemon.script.asked();
    let events = asked
        .iter()
        .position(|path| path.starts_with("/v1.41/events?since=1"))
        .unwrap();
    let list = asked
        .iter()
        .position(|path| path == "/v1.41/containers/json?all=1")
        .unwrap();
    assert!(events < list, "{asked:?}");
}

#[tokio::test(start_paused = true)]
async fn each_event_that_changes_a_container_tells_it_anew() {
    let mut daemon = Daemon::with(&["a"]);
    daemon.listed().await;
    for (action, status) in [
        ("pause", "paused"),
        ("health_status: healthy", "running"),
        ("die", "exited"),
        ("restart", "running"),
    ] {
        daemon.is("a", status);
        daemon.event(action, "a");
        assert_eq!(daemon.news().await, format!("a {status}"), "{action}");
    }
    daemon.event("exec_die", "a");
    daemon.event("destroy", "a");
    assert_eq!(daemon.news().await, "a is gone");
}

#[tokio::test(start_paused = true)]
async fn a_burst_of_events_is_one_question() {
    let mut daemon = Daemon::with(&[]);
    assert_eq!(daemon.listed().await, "list: ");
    daemon.is("a", "running");
    daemon.events(&["create", "start", "oom", "die", "restart"], "a");
    assert_eq!(daemon.news().await, "a running");
    assert_eq!(daemon.inspections("a"), 1);
}

#[tokio::test(start_paused = true)]
async fn containers_that_come_and_go_at_once_are_not_asked_about() {
    let mut daemon = Daemon::with(&[]);
    daemon.listed().await;
    for number in 0..500 {
        let id = format!("c{number}");
        daemon.events(&["create", "start", "die", "destroy"], &id);
        assert_eq!(daemon.news().await, format!("{id} is gone"));
    }
    daemon.is("a", "running");
    daemon.event("start", "a");
    assert_eq!(daemon.news().await, "a running");
    let asked = daemon.script.asked();
    assert!(
        !asked.iter().any(|path| path.starts_with("/v1.41/containers/c")),
        "{asked:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn few_questions_are_under_way_at_once_and_each_is_asked_once() {
    let ids: Vec<_> = (0..200).map(|number| format!("c{number:03}")).collect();
    let ids: Vec<_> = ids.iter().map(String::as_str).collect();
    let mut daemon = Daemon::with(&ids);
    assert!(daemon.listed().await.ends_with("c199 running"));
    assert!(daemon.script.most_at_once() <= 5, "{}", daemon.script.most_at_once());
    assert!(ids.iter().all(|id| daemon.inspections(id) == 1));
}

#[tokio::test(start_paused = true)]
async fn one_that_ended_before_it_was_asked_about_is_left_out() {
    let mut daemon = Daemon::with(&["a", "b"]);
    daemon.answers("a", Reply::status(404));
    assert_eq!(daemon.listed().await, "list: b running");
    daemon.answers("b", Reply::status(404));
    daemon.event("die", "b");
    assert_eq!(daemon.news().await, "b is gone");
}

#[tokio::test(start_paused = true)]
async fn a_malformed_answer_about_one_container_is_its_loss_alone() {
    let mut daemon = Daemon::with(&["a", "b"]);
    daemon.answers("a", Reply::ok(r#"{"Id":"a","State":7"#));
    assert_eq!(daemon.listed().await, "list: a created, b running");
    daemon.event("start", "a");
    daemon.event("start", "b");
    assert_eq!(daemon.news().await, "b running");
    daemon.is("a", "paused");
    daemon.event("pause", "a");
    assert_eq!(daemon.news().await, "a paused");
}

#[tokio::test(start_paused = true)]
async fn one_that_the_daemon_is_stuck_on_holds_up_nobody_for_long_and_is_asked_about_again() {
    let mut daemon = Daemon::with(&["a", "b"]);
    daemon.answers("a", Reply::hang());
    let begun = Instant::now();
    assert_eq!(daemon.listed().await, "list: a created, b running");
    assert_eq!(begun.elapsed().as_secs(), 10);
    daemon.event("start", "b");
    assert_eq!(daemon.news().await, "b running");
    daemon.is("a", "running");
    assert_eq!(daemon.news().await, "a running");
    assert_eq!(begun.elapsed().as_secs(), 40);
}

#[tokio::test(start_paused = true)]
async fn events_during_the_first_questions_are_in_the_list() {
    let mut daemon = Daemon::with(&["a", "b"]);
    daemon.answers("a", Reply::hang());
    assert_eq!(daemon.news().await, "version 20.10");
    while daemon.inspections("a") == 0 {
        sleep(Duration::from_millis(1)).await;
    }
    daemon.is("c", "running");
    daemon.event("start", "c");
    daemon.event("destroy", "b");
    daemon.event("destroy", "a");
    assert_eq!(daemon.news().await, "list: ");
    assert_eq!(daemon.news().await, "c running");
}

#[tokio::test(start_paused = true)]
async fn a_daemon_that_restarts_is_lost_once_and_listed_anew() {
    let mut daemon = Daemon::with(&["a"]);
    daemon.listed().await;
    daemon.script.stop().await;
    assert!(daemon.news().await.starts_with("lost: /v1.41/events: "));
    assert!(daemon.is_silent_for(100).await);
    daemon.has(&["b"]);
    daemon.script.listen();
    assert_eq!(daemon.listed().await, "list: b running");
    daemon.script.end_streams();
    assert_eq!(daemon.news().await, "lost: /v1.41/events: the stream ended");
    assert_eq!(daemon.listed().await, "list: b running");
}

#[tokio::test(start_paused = true)]
async fn a_silent_daemon_is_pinged_and_a_hanging_one_lost() {
    let mut daemon = Daemon::with(&["a"]);
    daemon.listed().await;
    daemon.script.asked();
    let begun = Instant::now();
    assert!(daemon.is_silent_for(610).await);
    assert_eq!(daemon.script.asked(), ["/_ping"; 10]);
    daemon.script.on("/_ping", Reply::hang());
    assert_eq!(daemon.news().await, "lost: /_ping: no answer within 10 s");
    assert!(
        (669..=671).contains(&begun.elapsed().as_secs()),
        "{:?}",
        begun.elapsed()
    );
    assert!(daemon.is_silent_for(600).await);
    daemon
        .script
        .on("/_ping", Reply::ok("OK").with_head("Api-Version: 1.41\r\n"));
    assert_eq!(daemon.listed().await, "list: a running");
}

#[tokio::test(start_paused = true)]
async fn nonsense_among_the_events_makes_a_new_list() {
    let mut daemon = Daemon::with(&["a"]);
    daemon.listed().await;
    daemon.script.say("{\"Type\":\n");
    let news = daemon.news().await;
    assert_eq!(news, "lost: /v1.41/events: malformed answer: line 2 column 0");
    assert_eq!(daemon.listed().await, "list: a running");
}

#[tokio::test(start_paused = true)]
async fn a_list_that_is_none_is_asked_for_less_and_less() {
    for (reply, error) in [
        (Reply::ok("{"), "malformed answer: line 1 column 0"),
        (Reply::half("[]"), "error reading a body"),
        (Reply::status(500), "status 500"),
        (Reply::hang(), "no answer within 10 s"),
    ] {
        let mut daemon = Daemon::with(&[]);
        daemon.script.on("/v1.41/containers/json", reply);
        assert_eq!(daemon.news().await, "version 20.10");
        let news = daemon.news().await;
        assert!(
            news.starts_with(&format!("lost: /v1.41/containers/json: {error}")),
            "{news}"
        );
    }
    let mut daemon = Daemon::with(&[]);
    daemon.script.on("/v1.41/containers/json", Reply::ok("{"));
    daemon.news().await;
    daemon.news().await;
    daemon.script.asked();
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(600) {
        timeout(Duration::from_secs(60), daemon.news())
            .await
            .unwrap_or_default();
    }
    let lists = daemon.script.times_asked("/v1.41/containers/json?all=1");
    assert!((20..=25).contains(&lists), "{lists}");
}

#[tokio::test(start_paused = true)]
async fn an_absent_daemon_is_told_of_once_and_looked_for_each_half_minute() {
    let mut script = Script::start();
    script.stop().await;
    script.remove();
    let mut daemon = Daemon::follow(script);
    assert_eq!(daemon.news().await, "absent");
    assert!(daemon.is_silent_for(1_000).await);
    let begun = Instant::now();
    daemon.script.on("/version", Reply::ok(r#"{"Version":"20.10"}"#));
    daemon.script.on("/events", Reply::stream());
    daemon.script.on("/containers/json", Reply::ok("[]"));
    daemon.script.listen();
    assert_eq!(daemon.listed().await, "list: ");
    assert!(begun.elapsed().as_secs() <= 30);
}

#[tokio::test(start_paused = true)]
async fn it_ends_when_nobody_listens() {
    let mut daemon = Daemon::with(&["a"]);
    daemon.listed().await;
    drop(daemon.updates);
    daemon.followed.join_next().await.unwrap().unwrap();
}
