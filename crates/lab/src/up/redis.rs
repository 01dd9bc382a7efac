//! The Redis that redis-exporter asks: one of this machine's own, with nothing to keep. Where there is none to start, the
//! rest goes on without it.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
};

use super::{
    listener,
    options::Options,
    service::{Ready, Service},
};
use crate::program;

/// A lab's Redis never fills the memory.
const MAX_MEMORY: &str = "64mb";

/// Its name, also in flags.
pub(crate) const NAME: &str = "redis";

/// Where its data would go, if it kept any.
pub(crate) fn folder(options: &Options) -> PathBuf {
    options.state_dir.join(NAME)
}

/// The service, if one is wanted.
///
/// # Errors
/// There is none to start; the text says why, and what that means.
pub(crate) fn service(options: &Options) -> Result<Option<Service>, String> {
    let file = options.redis_server.as_deref();
    if file == Some("") {
        return Ok(None);
    }
    let program = program::redis_server(file.map(Path::new), options.prometheus_dir.as_deref())
        .map_err(|why| format!("redis-exporter will have no Redis to ask: {why:#}"))?;
    let service = with_program(options, program);
    // A machine that has a Redis on this port has what is to be shown.
    match TcpListener::bind(service.listen) {
        Ok(_) => Ok(Some(service)),
        Err(error) => Err(format!(
            "redis-exporter will ask what is there: {}",
            listener::explain(service.name, service.listen, &service.listen_flag, &error)
        )),
    }
}

fn with_program(options: &Options, program: PathBuf) -> Service {
    let listen = options.redis_listen;
    Service {
        name: NAME,
        program,
        args: vec![
            "--bind".into(),
            listen.ip().to_string().into(),
            "--port".into(),
            listen.port().to_string().into(),
            "--dir".into(),
            folder(options).into(),
            "--save".into(),
            "".into(),
            "--maxmemory".into(),
            MAX_MEMORY.into(),
        ],
        listen,
        listen_flag: format!("--{NAME}-listen"),
        ready: Ready::Listening,
        scraped: false,
        needed: false,
    }
}
