//! A Debian host of one's own: a virtual machine with systemd, D-Bus, logind, cgroup v2 and Docker, which is told what to do
//! by a script, and gone when that has ended. `run` boots it.
//!
//! ```no_run
//! use std::path::Path;
//!
//! // guest/usr/local/lib/pilot/observe runs there as root, and leaves what it saw in /run/pilot.
//! let program = Path::new("target/release/node-exporter");
//! let seen = private_host::Host::with(Path::new("tests/guest"))
//!     .file(program, "/usr/local/bin/node-exporter")
//!     .observe(Path::new("target/tmp/host"))?;
//! # anyhow::Ok(())
//! ```
#![forbid(unsafe_code)]

use std::ffi::OsString;
use std::fs;
use std::net::SocketAddrV4;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// A machine that was not booted yet.
#[derive(Debug)]
pub struct Host {
    guest: PathBuf,
    /// `FILE=PATH`, as the script takes them.
    files: Vec<OsString>,
    /// `ADDRESS:PORT=GUESTPORT`.
    forwarded: Vec<String>,
}

impl Host {
    /// With these files in its root.
    pub fn with(guest: &Path) -> Self {
        Self {
            guest: guest.to_owned(),
            files: Vec::new(),
            forwarded: Vec::new(),
        }
    }

    /// And this one at `path`, which is executable there.
    #[must_use]
    pub fn file(mut self, file: &Path, path: &str) -> Self {
        let mut pair = file.as_os_str().to_owned();
        pair.push("=");
        pair.push(path);
        self.files.push(pair);
        self
    }

    /// Whoever connects to this address of the host reaches this port there, at 10.0.2.15, which the machine gives itself; without
    /// any such, it has no network.
    #[must_use]
    pub fn forward(mut self, address: SocketAddrV4, port: u16) -> Self {
        self.forwarded.push(format!("{address}={port}"));
        self
    }

    /// Boots it, lets its `observe` run to the end, and puts what that saw into the folder `seen`, which is made anew.
    ///
    /// # Errors
    /// The machine does not start, or not end by itself; its console's last lines are on standard error.
    #[expect(clippy::disallowed_methods, reason = "to run a machine is what this is for")]
    pub fn observe(&self, seen: &Path) -> Result<()> {
        if seen.exists() {
            fs::remove_dir_all(seen).with_context(|| format!("removing {}", seen.display()))?;
        }
        fs::create_dir_all(seen).with_context(|| format!("making {}", seen.display()))?;
        let status = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("run"))
            .args(self.forwarded.iter().flat_map(|pair| ["--forward", pair]))
            .args([seen, &self.guest])
            .args(&self.files)
            .status()
            .context("starting the machine")?;
        if !status.success() {
            bail!("the machine failed; what it wrote is in {}", seen.display());
        }
        Ok(())
    }
}
