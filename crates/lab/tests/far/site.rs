//! Hosts and a Prometheus as docs/security.md has them: certificates, a password, web configurations.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use tempfile::TempDir;

use crate::{running, tools};

/// The three ways of deploy/web-config, from the most open to the most closed.
pub(crate) const WAYS: [&str; 3] = ["tls", "tls-basic-auth", "mutual-tls"];

pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// A folder of certificates for exporters on this machine.
pub(crate) struct Site {
    pub(crate) folder: TempDir,
}

impl Site {
    /// Certificates alone.
    pub(crate) fn bare() -> Self {
        let site = Self {
            folder: tempfile::tempdir().expect("a folder"),
        };
        let output = site.certs(&["127.0.0.1,localhost"]);
        assert!(output.status.success(), "{}", tools::text(&output));
        site
    }

    /// With a password, and with the web configurations beside the host's certificate.
    pub(crate) fn new() -> Self {
        let site = Self::bare();
        fs::write(site.path("prometheus/password.txt"), format!("{PASSWORD}\n")).expect("the folder is ours");
        let hash = hash_of(PASSWORD);
        for way in WAYS {
            let config = tools::root().join(format!("deploy/web-config/{way}.yml"));
            let config = fs::read_to_string(config).expect("a text file");
            let config = config.replace("REPLACE-WITH-THE-HASH", hash.trim());
            fs::write(site.web_config(way), config).expect("the folder is ours");
        }
        site
    }

    pub(crate) fn certs(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(tools::root().join("deploy/tls/certs"));
        command.arg("--out").arg(self.folder.path()).args(arguments);
        command.output().expect("bash")
    }

    /// A client's certificate of the same authority for somebody who is not Prometheus: its path without `.crt` and `.key`.
    pub(crate) fn another_client(&self) -> &'static str {
        const SCRIPT: &str =
            "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout other.key -subj /CN=other |
            openssl x509 -req -CA ca.crt -CAkey ca.key -days 1 -out other.crt -extfile other.cnf";
        let extensions = "extendedKeyUsage = clientAuth\nsubjectAltName = DNS:other\n";
        fs::write(self.path("other.cnf"), extensions).expect("the folder is ours");
        let output = Command::new("sh")
            .args(["-c", SCRIPT])
            .current_dir(self.folder.path())
            .output();
        let output = output.expect("sh");
        assert!(output.status.success(), "{}", tools::text(&output));
        "other"
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn host(&self) -> PathBuf {
        self.path("hosts/127.0.0.1")
    }

    pub(crate) fn web_config(&self, way: &str) -> PathBuf {
        self.host().join(format!("{way}.yml"))
    }

    /// An exporter with one of the web configurations.
    pub(crate) fn exporter(&self, name: &str, way: &str) -> running::Running {
        let flag = format!("--web.config.file={}", self.web_config(way).display());
        running::exporter(name, self.folder.path(), &[flag])
    }
}

/// What `lab hash-password` makes of it.
pub(crate) fn hash_of(password: &str) -> String {
    let mut lab = Command::new(env!("CARGO_BIN_EXE_lab"))
        .arg("hash-password")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("lab can be started");
    let mut stdin = lab.stdin.take().expect("it is piped");
    writeln!(stdin, "{password}").expect("it is read");
    drop(stdin);
    let output = lab.wait_with_output().expect("it is our child");
    assert!(output.status.success(), "{}", tools::text(&output));
    tools::text(&output)
}

/// A copy of a file of prometheus/ with its targets and what else lies beside it, once a second instead of four times a minute.
pub(crate) fn configured(folder: &Path, name: &str, targets: &[(&str, Vec<String>)]) -> PathBuf {
    let text = fs::read_to_string(tools::root().join("prometheus").join(name)).expect("a text file");
    let text = if text.contains("\nglobal:") {
        text.replace("15s", "1s")
    } else {
        format!("global: {{scrape_interval: 1s}}\n{text}")
    };
    fs::create_dir_all(folder.join("targets")).expect("the folder is ours");
    for (job, addresses) in targets {
        let list = serde_json::json!([{"targets": addresses}]);
        let file = folder.join("targets").join(format!("{job}.yml"));
        fs::write(file, list.to_string()).expect("the folder is ours");
    }
    let file = folder.join(name);
    fs::write(&file, text).expect("the folder is ours");
    file
}
