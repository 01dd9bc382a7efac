//! Whether a request comes in: rate limit, headers, users, in upstream's order.

use std::sync::Arc;
use std::time::Instant;

use hyper::StatusCode;
use hyper::header::{HeaderMap, HeaderName, HeaderValue, WWW_AUTHENTICATE};

use super::basic;
use super::load::Loaded;
use super::users::Users;
use super::worker::{NoVerdict, Worker};

/// What becomes of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It is to be answered.
    Admitted {
        /// To be added to the answer.
        headers: Vec<(HeaderName, HeaderValue)>,
    },
    /// It is answered with this and nothing more.
    Rejected {
        /// 401, 429, 500 or 503.
        status: StatusCode,
        /// All but the text's type.
        headers: Vec<(HeaderName, HeaderValue)>,
        /// The status in words, which tells nothing of the configuration.
        text: String,
    },
}

impl Admission {
    /// No to this request.
    pub(super) fn rejected(status: StatusCode, headers: Vec<(HeaderName, HeaderValue)>) -> Self {
        let text = format!("{}\n", status.canonical_reason().unwrap_or_default());
        Self::Rejected { status, headers, text }
    }
}

/// Decides by a configuration that is whole.
pub(super) async fn decide(loaded: &Loaded, worker: &Worker, request: &HeaderMap, now: Instant) -> Admission {
    if loaded.limiter.as_ref().is_some_and(|limiter| !limiter.allow(now)) {
        return Admission::rejected(StatusCode::TOO_MANY_REQUESTS, vec![]);
    }
    let mut headers = loaded.headers.clone();
    match is_known(&loaded.users, worker, request).await {
        Ok(true) => Admission::Admitted { headers },
        Ok(false) => {
            headers.push((WWW_AUTHENTICATE, HeaderValue::from_static("Basic")));
            Admission::rejected(StatusCode::UNAUTHORIZED, headers)
        }
        Err(NoVerdict::Busy) => Admission::rejected(StatusCode::SERVICE_UNAVAILABLE, headers),
        Err(NoVerdict::Gone) => Admission::rejected(StatusCode::INTERNAL_SERVER_ERROR, headers),
    }
}

/// Whether the request comes from a user, or there are no users to be.
async fn is_known(users: &Arc<Users>, worker: &Worker, request: &HeaderMap) -> Result<bool, NoVerdict> {
    if users.is_empty() {
        return Ok(true);
    }
    let Some(credentials) = basic::credentials(request) else {
        return Ok(false);
    };
    let trial = users.trial(&credentials);
    if let Some(right) = users.remembered(trial.digest) {
        return Ok(right);
    }
    let is_right = move |matches| matches && trial.known;
    let memory = Arc::clone(users);
    let keep = move |matches| memory.remember(trial.digest, is_right(matches));
    worker.check(credentials.password, trial.hash, keep).await.map(is_right)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    use hyper::header::AUTHORIZATION;

    use crate::web_config::WebConfig;
    use crate::web_config::testing::{Folder, basic};
    use crate::web_config::users::verify;

    fn users(pairs: &[(&str, &str)]) -> String {
        let hashed = pairs.iter().map(|(user, password)| {
            let hash = bcrypt::hash(password, 4).unwrap();
            format!("  {user}: {hash}\n")
        });
        format!("basic_auth_users:\n{}", hashed.collect::<String>())
    }

    fn refused_for_want_of_a_password() -> Admission {
        Admission::Rejected {
            status: StatusCode::UNAUTHORIZED,
            headers: vec![(WWW_AUTHENTICATE, HeaderValue::from_static("Basic"))],
            text: "Unauthorized\n".to_owned(),
        }
    }

    #[tokio::test]
    async fn only_users_with_their_own_password_come_in() {
        let folder = Folder::new();
        let config = folder.open(&users(&[("alice", "hunter2"), ("bob", "sesame"), ("empty", "")]));
        for (user, password) in [("alice", "hunter2"), ("bob", "sesame"), ("empty", "")] {
            let admitted = Admission::Admitted { headers: vec![] };
            assert_eq!(config.admit(&basic(user, password)).await, admitted, "{user}");
        }
        for (user, password) in [
            ("alice", "sesame"),
            ("alice", ""),
            ("alice", "hunter2 "),
            ("Alice", "hunter2"),
            ("mallory", "hunter2"),
            ("mallory", "fakepassword"),
            ("", ""),
        ] {
            let admission = config.admit(&basic(user, password)).await;
            assert_eq!(admission, refused_for_want_of_a_password(), "{user:?} {password:?}");
        }
    }

    #[tokio::test]
    async fn malformed_headers_are_refused() {
        let folder = Folder::new();
        let config = folder.open(&users(&[("alice", "hunter2")]));
        assert_eq!(config.admit(&HeaderMap::new()).await, refused_for_want_of_a_password());
        for value in [
            &b""[..],
            b"Basic",
            b"Basic !",
            b"Bearer x",
            b"Basic YWxpY2U=",
            b"\xff\xfe",
            b"Basic //79OnA=",
        ] {
            let value = HeaderValue::from_bytes(value).unwrap();
            let request = HeaderMap::from_iter([(AUTHORIZATION, value.clone())]);
            assert_eq!(
                config.admit(&request).await,
                refused_for_want_of_a_password(),
                "{value:?}"
            );
        }
    }

    #[tokio::test]
    async fn a_verdict_is_reached_once_and_forgotten_with_the_users() {
        static VERIFIED: AtomicU32 = AtomicU32::new(0);
        fn counted(password: &[u8], hash: &str) -> bool {
            VERIFIED.fetch_add(1, Ordering::Relaxed);
            verify(password, hash)
        }
        let folder = Folder::new();
        folder.write(&users(&[("alice", "hunter2")]));
        let config = WebConfig::open_with(&folder.file(), Duration::ZERO, counted).unwrap();
        for (password, verified) in [
            ("hunter2", 1),
            ("hunter2", 1),
            ("wrong", 2),
            ("wrong", 2),
            ("hunter2", 2),
        ] {
            let admission = config.admit(&basic("alice", password)).await;
            assert_eq!(matches!(admission, Admission::Admitted { .. }), password == "hunter2");
            assert_eq!(VERIFIED.load(Ordering::Relaxed), verified);
        }
        folder.write(&users(&[("alice", "sesame")]));
        assert_eq!(
            config.admit(&basic("alice", "hunter2")).await,
            refused_for_want_of_a_password()
        );
        assert!(matches!(
            config.admit(&basic("alice", "sesame")).await,
            Admission::Admitted { .. }
        ));
        assert_eq!(VERIFIED.load(Ordering::Relaxed), 4);
        let same = std::fs::read_to_string(folder.file()).unwrap();
        folder.write(&format!(
            "{same}http_server_config: {{headers: {{X-XSS-Protection: '0'}}}}"
        ));
        assert!(matches!(
            config.admit(&basic("alice", "sesame")).await,
            Admission::Admitted { .. }
        ));
        assert_eq!(
            VERIFIED.load(Ordering::Relaxed),
            4,
            "the same users keep their verdicts"
        );
    }

    #[tokio::test]
    async fn the_limit_comes_before_the_password() {
        let folder = Folder::new();
        let text = users(&[("alice", "hunter2")]) + "rate_limit: {interval: 1s, burst: 2}\n";
        let config = folder.open(&text);
        let start = Instant::now();
        let too_many = Admission::Rejected {
            status: StatusCode::TOO_MANY_REQUESTS,
            headers: vec![],
            text: "Too Many Requests\n".to_owned(),
        };
        for (millis, limited) in [
            (0, false),
            (0, false),
            (0, true),
            (999, true),
            (1_000, false),
            (1_000, true),
        ] {
            let admission = config
                .admit_at(&HeaderMap::new(), start + Duration::from_millis(millis))
                .await;
            let expected = if limited {
                too_many.clone()
            } else {
                refused_for_want_of_a_password()
            };
            assert_eq!(admission, expected, "at {millis} ms");
        }
    }

    #[tokio::test]
    async fn headers_are_on_all_answers_to_those_within_the_limit() {
        let folder = Folder::new();
        let text = users(&[("alice", "hunter2")]) + "http_server_config: {headers: {X-Frame-Options: deny}}\n";
        let config = folder.open(&text);
        let header = (
            HeaderName::from_static("x-frame-options"),
            HeaderValue::from_static("deny"),
        );
        let admitted = config.admit(&basic("alice", "hunter2")).await;
        assert_eq!(
            admitted,
            Admission::Admitted {
                headers: vec![header.clone()]
            }
        );
        let Admission::Rejected { headers, .. } = config.admit(&basic("alice", "wrong")).await else {
            panic!("admitted")
        };
        assert!(headers.contains(&header) && headers.len() == 2);
    }
}
