//! A Prometheus process with its configuration and data in a directory of its own; all is gone when it is dropped.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};

use exposition::Format;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::target::path;
use crate::tools;

pub(super) struct Prometheus {
    pub(super) address: SocketAddr,
    child: Child,
    directory: TempDir,
}

impl Prometheus {
    /// Starts a server with one job for each format, named like it.
    pub(super) fn start(target: SocketAddr) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        // JSON is YAML, too.
        let config = directory.path().join("prometheus.yml");
        fs::write(&config, config_of(target).to_string()).expect("a new file");
        let log = File::create(directory.path().join("log")).expect("a new file");
        let address = free_address();
        let child = Command::new(tools::prometheus_program("prometheus"))
            .arg(format!("--config.file={}", config.display()))
            .arg(format!(
                "--storage.tsdb.path={}",
                directory.path().join("data").display()
            ))
            .arg(format!("--web.listen-address={address}"))
            // It takes protobuf only with native histograms switched on.
            .arg("--enable-feature=native-histograms,exemplar-storage")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("prometheus starts");
        Self {
            address,
            child,
            directory,
        }
    }

    /// What it has logged so far.
    pub(super) fn log(&self) -> String {
        fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        // Both fail only for a process that has ended and was waited for.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Prometheus does not tell which port it got for 0, so it gets one that was free just now.
fn free_address() -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("bound")
}

fn config_of(target: SocketAddr) -> Value {
    let job = |format: Format| {
        json!({
            "job_name": format!("{format:?}"),
            "metrics_path": path(format),
            "static_configs": [{"targets": [target.to_string()]}],
        })
    };
    json!({
        "global": {"scrape_interval": "1s"},
        "storage": {"exemplars": {"max_exemplars": 1000}},
        "scrape_configs": Format::ALL.map(job),
    })
}
