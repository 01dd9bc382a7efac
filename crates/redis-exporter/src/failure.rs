//! Why a target could not be scraped, for the log and the `err` label: nothing secret, nothing that changes each time.

use std::time::Duration;

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Failure {
    /// The address is none.
    #[error("{0}")]
    Address(String),
    /// The name has no address, or cannot be looked up.
    #[error("looking up {host}: {error}")]
    Lookup {
        /// The name.
        host: String,
        /// In the system's words.
        error: String,
    },
    /// Nobody took the connection.
    #[error("connecting to {address}: {error}")]
    Connect {
        /// Where to.
        address: String,
        /// In the system's words.
        error: String,
    },
    /// No encrypted connection came about.
    #[error("TLS with {address}: {error}")]
    Tls {
        /// With whom.
        address: String,
        /// In rustls' words.
        error: String,
    },
    /// The answer did not come in time.
    #[error("timed out after {} s in {command}", seconds(*after))]
    TimedOut {
        /// How long was waited.
        after: Duration,
        /// For what.
        command: &'static str,
    },
    /// The connection ended before the answer.
    #[error("connection closed in {command}")]
    Closed {
        /// Before which answer.
        command: &'static str,
    },
    /// The connection broke.
    #[error("connection broke in {command}: {error}")]
    Broken {
        /// Before which answer.
        command: &'static str,
        /// In the system's words.
        error: String,
    },
    /// What answers is something else.
    #[error("not Redis: {command} was answered with {answer:?}")]
    NotRedis {
        /// What was asked.
        command: &'static str,
        /// How the answer begins.
        answer: String,
    },
    /// The answer is too large.
    #[error("the answer to {command} is too large")]
    TooMuch {
        /// What was asked.
        command: &'static str,
    },
    /// The target refused a command without which nothing is known of it.
    #[error("{command}: {error}")]
    Refused {
        /// The command.
        command: &'static str,
        /// In the target's words.
        error: String,
    },
}

/// Whole tenths: what is left of a scrape's time differs from scrape to scrape, and would be another label each time.
fn seconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 10.0).round() / 10.0
}

/// An error of the system without the number, which the words say already.
pub(crate) fn plain(error: &std::io::Error) -> String {
    let text = error.to_string();
    let words = text.split(" (os error").next().unwrap_or_default();
    words.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_told_in_words_that_stay_the_same() {
        let after = Duration::from_millis(2987);
        for (failure, text) in [
            (
                Failure::TimedOut {
                    after,
                    command: "INFO ALL",
                },
                "timed out after 3 s in INFO ALL",
            ),
            (
                Failure::Connect {
                    address: "[::1]:6379".to_owned(),
                    error: plain(&std::io::Error::from_raw_os_error(111)),
                },
                "connecting to [::1]:6379: connection refused",
            ),
            (
                Failure::NotRedis {
                    command: "INFO ALL",
                    answer: "HTTP/1.1 400 Bad Request".to_owned(),
                },
                "not Redis: INFO ALL was answered with \"HTTP/1.1 400 Bad Request\"",
            ),
            (
                Failure::Refused {
                    command: "AUTH",
                    error: "WRONGPASS invalid username-password pair or user is disabled.".to_owned(),
                },
                "AUTH: WRONGPASS invalid username-password pair or user is disabled.",
            ),
        ] {
            assert_eq!(failure.to_string(), text);
        }
    }
}
