//! The configuration while the server runs: looked at again when it is asked for and a while has passed.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hyper::StatusCode;
use hyper::header::HeaderMap;
use rustls::ServerConfig;

use super::admission::{self, Admission};
use super::error::WebConfigError;
use super::given::Given;
use super::load::{Fixed, Loaded, Loader};
use super::look::{Current, Looker};
use super::users;
use super::worker::{Verify, Worker};

/// How long a look at the files holds. Upstream reads the file at every request.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// What `--web.config.file` says, live. Without that flag: no TLS, nobody is asked who they are, and no thread.
pub struct WebConfig {
    fixed: Fixed,
    live: Option<Live>,
}

struct Live {
    worker: Worker,
    state: Arc<Mutex<State>>,
    look_interval: Duration,
}

struct State {
    current: Current,
    looked_at: Instant,
}

impl WebConfig {
    /// Reads and checks the file and all it names. Blocks; meant for the start of the program.
    ///
    /// # Errors
    /// All that is wrong with it at once: the file, the keys and what they allow.
    pub fn open(path: Option<&Path>) -> Result<Self, WebConfigError> {
        match path {
            Some(path) => Self::open_with(path, LOOK_INTERVAL, users::verify),
            None => Ok(Self {
                fixed: Fixed {
                    is_tls: false,
                    http2: true,
                },
                live: None,
            }),
        }
    }

    /// The same for a configuration that flags say. Blocks, too.
    ///
    /// # Errors
    /// All that is wrong with it at once.
    pub fn given(given: Given) -> Result<Self, WebConfigError> {
        let loader = Loader::of_flags(given.into_file());
        Self::load_with(loader, LOOK_INTERVAL, users::verify)
    }

    pub(super) fn open_with(path: &Path, look_interval: Duration, verify: Verify) -> Result<Self, WebConfigError> {
        Self::load_with(Loader::new(path), look_interval, verify)
    }

    fn load_with(loader: Loader, look_interval: Duration, verify: Verify) -> Result<Self, WebConfigError> {
        let path = loader.path().to_owned();
        let (looker, loaded) = Looker::start(loader)?;
        let fixed = Fixed {
            is_tls: matches!(loaded.tls, Ok(Some(_))),
            http2: loaded.http2,
        };
        let live = Live::start(looker, fixed, loaded, look_interval, verify)
            .map_err(|error| WebConfigError::new(&path, vec![format!("starting the web-config thread: {error}")]))?;
        Ok(Self {
            fixed,
            live: Some(live),
        })
    }

    /// Whether connections are to be encrypted. Fixed at the start.
    pub fn is_tls(&self) -> bool {
        self.fixed.is_tls
    }

    /// `http_server_config.http2`, which upstream offers with TLS only. Fixed at the start.
    pub fn http2(&self) -> bool {
        self.fixed.http2
    }

    /// The TLS settings for a new connection, ALPN included.
    ///
    /// # Errors
    /// The configuration or a certificate is broken now, or this server has no TLS: the connection must be refused.
    pub async fn tls(&self) -> Result<Arc<ServerConfig>, Arc<WebConfigError>> {
        let none = || {
            Arc::new(WebConfigError::new(
                Path::new(""),
                vec!["no TLS is configured".to_owned()],
            ))
        };
        let Some(live) = &self.live else {
            return Err(none());
        };
        let tls = live.current().await?.tls.clone()?;
        tls.ok_or_else(none)
    }

    /// Decides on a request by its headers: 500 while the file is broken, 429 above the rate limit, 401 for strangers,
    /// 503 when too many passwords wait to be checked.
    pub async fn admit(&self, headers: &HeaderMap) -> Admission {
        self.admit_at(headers, Instant::now()).await
    }

    pub(super) async fn admit_at(&self, headers: &HeaderMap, now: Instant) -> Admission {
        let Some(live) = &self.live else {
            return Admission::Admitted { headers: vec![] };
        };
        match live.current().await {
            Ok(loaded) => admission::decide(&loaded, &live.worker, headers, now).await,
            Err(_) => Admission::rejected(StatusCode::INTERNAL_SERVER_ERROR, vec![]),
        }
    }
}

/// Nothing of the content.
impl fmt::Debug for WebConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebConfig")
            .field("fixed", &self.fixed)
            .finish_non_exhaustive()
    }
}

impl Live {
    fn start(
        mut looker: Looker,
        fixed: Fixed,
        loaded: Arc<Loaded>,
        look_interval: Duration,
        verify: Verify,
    ) -> std::io::Result<Self> {
        looker.fix(fixed);
        let state = Arc::new(Mutex::new(State {
            current: Ok(loaded),
            looked_at: Instant::now(),
        }));
        let shared = Arc::clone(&state);
        let look = move || {
            let looked_at = Instant::now();
            let current = looker.look();
            let state = State {
                current: current.clone(),
                looked_at,
            };
            *lock(&shared) = state;
            current
        };
        Ok(Self {
            worker: Worker::start(look, verify)?,
            state,
            look_interval,
        })
    }

    async fn current(&self) -> Current {
        if let Some(recent) = self.recent() {
            return recent;
        }
        let gone = || WebConfigError::new(Path::new(""), vec!["the web-config thread is gone".to_owned()]);
        self.worker.look().await.unwrap_or_else(|| Err(Arc::new(gone())))
    }

    fn recent(&self) -> Option<Current> {
        let state = lock(&self.state);
        let is_recent = state.looked_at.elapsed() < self.look_interval;
        is_recent.then(|| state.current.clone())
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web_config::testing::{Authority, Folder, Handshake, basic, handshake};

    fn status(admission: &Admission) -> u16 {
        match admission {
            Admission::Admitted { .. } => 200,
            Admission::Rejected { status, .. } => status.as_u16(),
        }
    }

    #[tokio::test]
    async fn without_a_file_everyone_is_admitted_and_nothing_is_encrypted() {
        let config = WebConfig::open(None).unwrap();
        let admitted = Admission::Admitted { headers: vec![] };
        assert_eq!(config.admit(&HeaderMap::new()).await, admitted);
        assert!(!config.is_tls() && config.http2() && config.tls().await.is_err());
    }

    #[tokio::test]
    async fn an_empty_file_is_as_none() {
        let folder = Folder::new();
        let config = folder.open("");
        assert_eq!(status(&config.admit(&HeaderMap::new()).await), 200);
        assert!(!config.is_tls() && config.http2() && config.tls().await.is_err());
    }

    #[tokio::test]
    async fn a_replaced_certificate_is_served_to_the_next_connection() {
        let folder = Folder::new();
        let (old, new) = (Authority::new("old"), Authority::new("new"));
        old.write_server_identity(folder.path(), "server");
        let config = folder.open("tls_server_config: {cert_file: server.pem, key_file: server.key}");
        assert!(config.is_tls());
        let before = handshake(&config, old.client()).await.unwrap();
        new.write_server_identity(folder.path(), "server");
        let after = handshake(&config, new.client()).await.unwrap();
        assert_ne!(before.server_cert, after.server_cert);
        assert!(handshake(&config, old.client()).await.is_err());
    }

    #[tokio::test]
    async fn a_broken_file_shuts_everything_until_it_is_mended() {
        let folder = Folder::new();
        let authority = Authority::new("ca");
        authority.write_server_identity(folder.path(), "server");
        let good = "tls_server_config: {cert_file: server.pem, key_file: server.key}";
        let config = folder.open(good);
        assert!(handshake(&config, authority.client()).await.is_ok());
        for bad in [
            "tls_server_config: {cert_file: hunter2",
            "hunter2: 1",
            "basic_auth_users: {a: hunter2}",
        ] {
            folder.write(bad);
            let Err(error) = handshake(&config, authority.client()).await else {
                panic!("{bad} was taken")
            };
            assert!(
                error.contains("web.yml") && (bad.starts_with("hunter2") || !error.contains("hunter2")),
                "{error}"
            );
            let expected = Admission::Rejected {
                status: StatusCode::INTERNAL_SERVER_ERROR,
                headers: vec![],
                text: "Internal Server Error\n".to_owned(),
            };
            assert_eq!(config.admit(&HeaderMap::new()).await, expected);
        }
        folder.remove();
        assert_eq!(status(&config.admit(&HeaderMap::new()).await), 500);
        folder.write(good);
        assert!(handshake(&config, authority.client()).await.is_ok());
        assert_eq!(status(&config.admit(&HeaderMap::new()).await), 200);
    }

    #[tokio::test]
    async fn a_broken_certificate_stops_new_connections_only() {
        let folder = Folder::new();
        let authority = Authority::new("ca");
        authority.write_server_identity(folder.path(), "server");
        let config = folder.open("tls_server_config: {cert_file: server.pem, key_file: server.key}");
        let cert = std::fs::read(folder.path().join("server.pem")).unwrap();
        authority.write_server_identity(folder.path(), "other");
        std::fs::copy(folder.path().join("other.pem"), folder.path().join("server.pem")).unwrap();
        let Err(error) = handshake(&config, authority.client()).await else {
            panic!("a pair that is none was taken")
        };
        assert!(
            error.contains("server.pem and tls_server_config.key_file") && error.contains("no pair"),
            "{error}"
        );
        assert_eq!(status(&config.admit(&HeaderMap::new()).await), 200);
        std::fs::write(folder.path().join("server.pem"), cert).unwrap();
        assert!(handshake(&config, authority.client()).await.is_ok());
    }

    #[tokio::test]
    async fn tls_and_http2_stay_as_they_were_at_the_start() {
        let folder = Folder::new();
        let authority = Authority::new("ca");
        authority.write_server_identity(folder.path(), "server");
        let tls = "tls_server_config: {cert_file: server.pem, key_file: server.key}\n";
        let encrypted = folder.open(tls);
        folder.write(&format!("{tls}http_server_config: {{http2: false}}"));
        let Handshake { protocol, .. } = handshake(&encrypted, authority.client()).await.unwrap();
        assert_eq!(protocol.as_deref(), Some(&b"h2"[..]));
        let plain = folder.open("");
        folder.write("");
        assert!(
            handshake(&encrypted, authority.client())
                .await
                .unwrap_err()
                .contains("started with TLS")
        );
        folder.write(tls);
        assert!(plain.tls().await.is_err() && !plain.is_tls());
        assert_eq!(status(&plain.admit(&HeaderMap::new()).await), 200);
    }

    #[tokio::test]
    async fn users_headers_and_limits_change_live() {
        let folder = Folder::new();
        let config = folder.open("");
        let hash = bcrypt::hash("hunter2", 4).unwrap();
        folder.write(&format!("basic_auth_users: {{alice: {hash}}}"));
        assert_eq!(status(&config.admit(&HeaderMap::new()).await), 401);
        assert_eq!(status(&config.admit(&basic("alice", "hunter2")).await), 200);
        folder.write("http_server_config: {headers: {X-Frame-Options: deny}}");
        let Admission::Admitted { headers } = config.admit(&HeaderMap::new()).await else {
            panic!("refused")
        };
        assert_eq!(headers.len(), 1);
        folder.write("rate_limit: {interval: 1h, burst: 1}");
        assert_eq!(status(&config.admit(&HeaderMap::new()).await), 200);
        folder.write("rate_limit: {interval: 1h, burst: 1}\nhttp_server_config: {http2: false}");
        assert_eq!(
            status(&config.admit(&HeaderMap::new()).await),
            429,
            "the same limit keeps its tokens"
        );
        folder.write("rate_limit: {interval: 1h, burst: 2}");
        assert_eq!(status(&config.admit(&HeaderMap::new()).await), 200);
    }

    #[tokio::test]
    async fn a_recent_look_holds() {
        let folder = Folder::new();
        folder.write("");
        let config = WebConfig::open_with(&folder.file(), Duration::from_secs(3_600), users::verify).unwrap();
        folder.write("not: good");
        assert_eq!(status(&config.admit(&HeaderMap::new()).await), 200);
    }

    #[test]
    fn debug_output_has_no_content() {
        let folder = Folder::new();
        let hash = bcrypt::hash("hunter2", 4).unwrap();
        let config = folder.open(&format!("basic_auth_users: {{alice: {hash}}}"));
        assert_eq!(
            format!("{config:?}"),
            "WebConfig { fixed: Fixed { is_tls: false, http2: true }, .. }"
        );
    }
}
