//! What can go wrong with a query: each text names the query, and what to do.

use std::time::Duration;

/// Why there is no answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The address is no address.
    #[error("{url:?} is no address of a Prometheus; give one such as http://127.0.0.1:9090")]
    Address {
        /// As it was given.
        url: String,
    },
    /// The file with the password.
    #[error("reading {path}: {why}")]
    Login {
        /// Its path.
        path: String,
        /// What is wrong.
        why: String,
    },
    /// Nobody answers there.
    #[error("asking {url} for {what}: {why}; is Prometheus running there?")]
    Unreachable {
        /// Of Prometheus.
        url: String,
        /// What was asked.
        what: String,
        /// What the connection says.
        why: String,
    },
    /// The answer takes too long.
    #[error("asking for {what}: no answer within {} s; ask for less, or for a shorter time", within.as_secs_f64())]
    Late {
        /// What was asked.
        what: String,
        /// How long was waited.
        within: Duration,
    },
    /// The answer is too large.
    #[error("asking for {what}: more than {} MiB of answer; aggregate it, or select fewer series", limit >> 20)]
    TooLarge {
        /// What was asked.
        what: String,
        /// In bytes.
        limit: usize,
    },
    /// Prometheus refuses the query.
    #[error("asking for {what}: {why}")]
    Refused {
        /// What was asked.
        what: String,
        /// In Prometheus' words.
        why: String,
    },
    /// A status without Prometheus' words.
    #[error("asking for {what}: status {status}; {}", advice(*status))]
    Status {
        /// What was asked.
        what: String,
        /// Of HTTP.
        status: u16,
    },
    /// Something else answers there.
    #[error("asking for {what}: that is no answer of Prometheus: {why}; is its address right, with its path?")]
    Malformed {
        /// What was asked.
        what: String,
        /// What is wrong with it.
        why: String,
    },
}

fn advice(status: u16) -> &'static str {
    match status {
        401 | 403 => "give a user and a password with --basic-auth-file FILE",
        404 => "is this Prometheus' address, with its path?",
        300..=399 => "it is somewhere else now: give that address",
        503 => "Prometheus is starting, or a proxy before it cannot reach it: ask again",
        502 | 504 => "the proxy before Prometheus cannot reach it",
        _ => "see Prometheus' log",
    }
}
