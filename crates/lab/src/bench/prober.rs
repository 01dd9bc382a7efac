//! A program that probes, under measurement.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Result;

use super::{
    asker::Asker,
    target::{Process, Target, free_port},
};

/// How many probes both remember.
pub(super) const HISTORY: u32 = 1000;

/// Ours and upstream's, in this order wherever there are two of something.
pub(super) struct Programs {
    pub(super) files: [PathBuf; 2],
    pub(super) config: PathBuf,
}

/// A running one. Dropping it ends it.
pub(super) struct Prober {
    pub(super) target: Target,
    pub(super) asker: Arc<Asker>,
}

impl Programs {
    /// Both, started and ready.
    ///
    /// # Errors
    /// One does not start or does not answer.
    pub(super) async fn start(&self) -> Result<[Prober; 2]> {
        let [ours, upstream] = &self.files;
        Ok([self.start_one(ours).await?, self.start_one(upstream).await?])
    }

    /// One of them.
    ///
    /// # Errors
    /// It does not start or does not answer.
    pub(super) async fn start_one(&self, program: &Path) -> Result<Prober> {
        let port = free_port()?;
        let flags = [
            format!("--config.file={}", self.config.display()),
            format!("--history.limit={HISTORY}"),
        ];
        let process = Process::spawn(&[program.as_os_str()], port, &flags)?;
        Ok(Prober {
            target: Target::listening(process, port).await?,
            asker: Arc::new(Asker::new(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))),
        })
    }
}
