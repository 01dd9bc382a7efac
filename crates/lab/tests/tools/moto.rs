//! PyPI's moto: a server that speaks EC2's language. `deploy/prepare.sh ec2` gets it.

use std::{
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// What a client of EC2 needs, for a server that lets everybody in.
pub(crate) const KEYS: [(&str, &str); 3] = [
    ("AWS_ACCESS_KEY_ID", "none"),
    ("AWS_SECRET_ACCESS_KEY", "none"),
    ("AWS_EC2_METADATA_DISABLED", "true"),
];

/// A tool of the folder that `deploy/prepare.sh ec2` fills.
pub(crate) fn tool(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tools/ec2/bin");
    let file = folder.join(name);
    assert!(file.is_file(), "no {}: deploy/prepare.sh ec2 gets it", file.display());
    file
}

/// A running one. Dropping it ends it.
pub(crate) struct Moto {
    child: Child,
    pub(crate) endpoint: String,
}

impl Moto {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let address = listener.local_addr().expect("an address");
        drop(listener);
        let port = address.port().to_string();
        let child = Command::new(tool("moto_server"))
            .args(["-H", "127.0.0.1", "-p", &port])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let moto = Self {
            child: child.expect("moto starts"),
            endpoint: format!("http://{address}"),
        };
        let deadline = Instant::now() + Duration::from_secs(60);
        while TcpStream::connect(address).is_err() {
            assert!(Instant::now() < deadline, "moto does not listen");
            thread::sleep(Duration::from_millis(50));
        }
        moto
    }

    /// The lines that a script prints; `sys.argv` has the endpoint, then `arguments`.
    pub(crate) fn told(&self, script: &str, arguments: &[&str]) -> Vec<String> {
        let made = Command::new(tool("python"))
            .args(["-c", script, &self.endpoint])
            .args(arguments)
            .envs(KEYS)
            .output()
            .expect("python");
        let complaints = String::from_utf8_lossy(&made.stderr);
        assert!(made.status.success(), "{complaints}");
        String::from_utf8_lossy(&made.stdout)
            .lines()
            .map(str::to_owned)
            .collect()
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
