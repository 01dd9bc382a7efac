//! What `--web.config.file` says: TLS with client certificates, users, headers and a rate limit, in the format of
//! Prometheus' exporter-toolkit. All of it changes live when a file changes; a broken file closes the door.

mod admission;
mod basic;
mod client_cert;
mod error;
mod file;
mod files;
mod given;
mod live;
mod load;
mod look;
mod rate_limit;
mod settings;
mod tls;
mod tls_names;
mod tls_settings;
mod users;
mod worker;

#[cfg(test)]
mod testing;

pub use admission::Admission;
pub use error::WebConfigError;
pub use given::{Given, GivenUser};
pub use live::WebConfig;
