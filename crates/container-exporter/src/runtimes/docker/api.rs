//! The questions that are asked, in a version of the interface that the daemon knows.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Deserialize;

use super::super::Environment;
use super::super::http::{Answer, Error, Lines, Socket, Why};
use super::{events, json};
use crate::container::{Facts, Runtime};

/// The newest version that is asked for. Daemons refuse versions older than some years, and newer than their own.
const NEWEST: (u16, u16) = (1, 51);
/// The largest list, in bytes: some 30,000 containers.
const LARGEST_LIST: usize = 32 << 20;
/// The largest answer about one container, in bytes.
const LARGEST_CONTAINER: usize = 4 << 20;
/// Of answers that are a line.
const LARGEST_OTHER: usize = 64 << 10;

/// A daemon, and how to ask it.
#[derive(Clone, Debug)]
pub(super) struct Api {
    runtime: Runtime,
    socket: Socket,
    /// `/v1.41`, or nothing: the daemon's own choice.
    prefix: String,
    env: Environment,
}

impl Api {
    /// Finds out which version to ask for, and the daemon's own version.
    ///
    /// # Errors
    /// When the daemon does not answer.
    pub(super) async fn negotiate(
        runtime: Runtime,
        socket: &Socket,
        env: &Environment,
    ) -> Result<(Self, String), Error> {
        let mut api = Self {
            runtime,
            socket: socket.clone(),
            prefix: String::new(),
            env: env.clone(),
        };
        api.prefix = match api.ping().await {
            Ok(answer) => prefix(&answer),
            Err(Error {
                why: Why::Status(400..500),
                ..
            }) => String::new(),
            Err(error) => return Err(error),
        };
        let version = match api.version().await {
            // Says a daemon that knows only newer ones.
            Err(Error {
                why: Why::Status(400), ..
            }) => {
                api.prefix.clear();
                api.version().await?
            }
            version => version?,
        };
        Ok((api, version))
    }

    /// Whether it still answers.
    ///
    /// # Errors
    /// It does not.
    pub(super) async fn ping(&self) -> Result<Answer, Error> {
        self.socket.get("/_ping", LARGEST_OTHER).await
    }

    async fn version(&self) -> Result<String, Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Version {
            #[serde(default)]
            version: String,
        }
        let path = format!("{}/version", self.prefix);
        let answer = self.socket.get(&path, LARGEST_OTHER).await?;
        let version: Version = serde_json::from_slice(&answer.body).map_err(|why| self.socket.error(&path, why))?;
        Ok(version.version)
    }

    /// All containers, with as much as the list says of them. Those whose entry is malformed are left out.
    ///
    /// # Errors
    /// No answer, or one that is no list.
    pub(super) async fn list(&self) -> Result<Vec<Facts>, Error> {
        let path = format!("{}/containers/json?all=1", self.prefix);
        let answer = self.socket.get(&path, LARGEST_LIST).await?;
        json::list(&answer.body, self.runtime).map_err(|why| self.socket.error(&path, why))
    }

    /// Everything about one container; `None` when there is no such container (any more).
    ///
    /// # Errors
    /// No answer, or a malformed one.
    pub(super) async fn inspect(&self, id: &str) -> Result<Option<Facts>, Error> {
        let path = format!("{}/containers/{id}/json", self.prefix);
        match self.socket.get(&path, LARGEST_CONTAINER).await {
            Ok(answer) => {
                let facts = json::container(&answer.body, self.runtime, &self.env);
                facts.map(Some).map_err(|why| self.socket.error(&path, why))
            }
            Err(Error {
                why: Why::Status(404), ..
            }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What happens to containers, from shortly before now on, so that nothing is lost that a list which is asked for
    /// afterwards does not have.
    ///
    /// # Errors
    /// When the daemon does not answer.
    pub(super) async fn events(&self) -> Result<Lines, Error> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let since = now.saturating_sub(Duration::from_secs(1)).as_secs();
        let filters = events::filters(self.runtime);
        let filters: String = form_urlencoded::byte_serialize(filters.as_bytes()).collect();
        let path = format!("{}/events?since={since}&filters={filters}", self.prefix);
        self.socket.lines(&path).await
    }
}

/// The newest version that both sides know, as it is put before paths.
fn prefix(ping: &Answer) -> String {
    let theirs = ping
        .headers
        .get("api-version")
        .and_then(|version| version.to_str().ok());
    let theirs = theirs.and_then(|version| {
        let (major, minor) = version.split_once('.')?;
        Some((major.parse().ok()?, minor.parse().ok()?))
    });
    theirs.map_or_else(String::new, |theirs| {
        let (major, minor) = NEWEST.min(theirs);
        format!("/v{major}.{minor}")
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{Reply, Script};
    use super::*;

    async fn negotiated(script: &Script) -> Result<(String, String), Error> {
        let negotiated = Api::negotiate(Runtime::Docker, &script.socket(), &Environment::new(&[])).await;
        negotiated.map(|(api, version)| (api.prefix, version))
    }

    #[tokio::test(start_paused = true)]
    async fn the_newest_version_that_both_know_is_asked_for() {
        for (theirs, prefix) in [
            ("Api-Version: 1.24\r\n", "/v1.24"),
            ("Api-Version: 1.41\r\n", "/v1.41"),
            ("Api-Version: 1.51\r\n", "/v1.51"),
            ("Api-Version: 1.99\r\n", "/v1.51"),
            ("Api-Version: 2.0\r\n", "/v1.51"),
            ("Api-Version: new\r\n", ""),
            ("", ""),
        ] {
            let script = Script::start();
            script.on("/_ping", Reply::ok("OK").with_head(theirs));
            script.on(&format!("{prefix}/version"), Reply::ok(r#"{"Version":"20.10.24"}"#));
            let expected = (prefix.to_owned(), "20.10.24".to_owned());
            assert_eq!(negotiated(&script).await.unwrap(), expected, "{theirs}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_daemon_that_knows_no_version_of_ours_chooses_itself() {
        let script = Script::start();
        script.on("/_ping", Reply::ok("OK").with_head("Api-Version: 1.70\r\n"));
        script.on("/v1.51/version", Reply::status(400));
        script.on("/version", Reply::ok(r#"{"Version":"40.0"}"#));
        assert_eq!(negotiated(&script).await.unwrap(), (String::new(), "40.0".to_owned()));
    }

    #[tokio::test(start_paused = true)]
    async fn one_without_ping_is_asked_without_a_version() {
        let script = Script::start();
        script.on("/version", Reply::ok("{}"));
        assert_eq!(negotiated(&script).await.unwrap(), (String::new(), String::new()));
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_is_ill_is_not_asked() {
        let script = Script::start();
        script.on("/_ping", Reply::status(503));
        let error = negotiated(&script).await.unwrap_err();
        assert!(error.to_string().ends_with("for /_ping: status 503"), "{error}");
    }
}
