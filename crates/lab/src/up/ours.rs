//! Our own programs as `lab up` starts them: a new one is one more row of [`OURS`].

use std::ffi::OsString;

use anyhow::Result;

use super::{
    options::Options,
    service::{Ready, Service, flag},
};
use crate::program;

/// One of our programs. Its flags here are `--NAME FILE`, for another one than `--bin-dir` has, and `--NAME-listen`.
pub(crate) struct Ours {
    pub(crate) name: &'static str,
    /// Where it listens if no flag says otherwise: upstream's port, on loopback.
    pub(crate) listen: &'static str,
    ready_path: &'static str,
    needed: bool,
    /// Its arguments besides the one that says where to listen.
    args: fn(&Options) -> Vec<OsString>,
}

/// All of them, in the order of their start.
pub(crate) const OURS: [Ours; 5] = [
    Ours {
        name: "node-exporter",
        listen: "127.0.0.1:9100",
        ready_path: "/metrics",
        needed: true,
        args: |_| Vec::new(),
    },
    Ours {
        name: "container-exporter",
        listen: "127.0.0.1:8080",
        ready_path: "/metrics",
        // A host need not have cgroups, or not show them.
        needed: false,
        args: |options| vec![format!("--docker={}", options.docker).into()],
    },
    Ours {
        name: "blackbox-exporter",
        listen: "127.0.0.1:9115",
        ready_path: "/-/healthy",
        needed: true,
        args: |options| vec![flag("--config.file=", &options.blackbox_config)],
    },
    Ours {
        name: "redis-exporter",
        listen: "127.0.0.1:9121",
        // It is ready also while its Redis is not.
        ready_path: "/health",
        needed: true,
        args: |options| vec![format!("--redis.addr=redis://{}", options.redis_listen).into()],
    },
    Ours {
        name: "demo-app",
        listen: "127.0.0.1:8000",
        ready_path: "/healthz",
        needed: true,
        args: |_| Vec::new(),
    },
];

impl Ours {
    /// # Errors
    /// The program is missing; the text says what to do.
    pub(crate) fn service(&self, options: &Options) -> Result<Service> {
        let chosen = options.of(self);
        let listen = chosen.listen;
        let mut args = vec![format!("--web.listen-address={listen}").into()];
        args.extend((self.args)(options));
        Ok(Service {
            name: self.name,
            program: program::ours(self.name, chosen.program.as_deref(), options.bin_dir.as_deref())?,
            args,
            listen,
            listen_flag: format!("--{}-listen", self.name),
            ready: Ready::Answers(self.ready_path),
            scraped: true,
            needed: self.needed,
        })
    }
}
