//! A connection to a Unix socket, perhaps with TLS, and a conversation: `query_response`.

use exposition::Encoder;

use super::conversation::{Conversation, Terms};
use crate::failure::Failure;
use crate::found::TlsReport;
use crate::probe::{Probe, Prober, ProberSpec, Work};

/// The table's line.
pub(super) const SPEC: ProberSpec = ProberSpec {
    name: "unix",
    tls: Some(TlsReport::Stream),
    make: || Box::new(Unix::default()),
};

/// Who is at the other end of a Unix socket: this host.
const PEER: &str = "localhost";

#[derive(Default)]
struct Unix {
    conversation: Conversation,
}

impl Prober for Unix {
    fn probe<'p>(&'p mut self, probe: &'p Probe<'p>) -> Work<'p> {
        Box::pin(self.converse(probe))
    }

    fn encode(&self, out: &mut Encoder) {
        self.conversation.encode(out);
    }
}

impl Unix {
    async fn converse(&mut self, probe: &Probe<'_>) -> Result<(), Failure> {
        let module = &probe.module.unix;
        let mut connection = probe.connect_unix(probe.target).await?;
        let name = match module.tls_config.server_name.as_str() {
            "" => PEER,
            name => name,
        };
        let terms = Terms {
            exchanges: &module.query_response,
            tls: &module.tls_config,
            name,
        };
        if module.tls {
            connection = probe.handshake(connection, terms.tls, terms.name, &[]).await?;
        }
        self.conversation.hold(probe, connection, &terms).await
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use tokio::io::AsyncWriteExt;
    use tokio::net::UnixListener;

    use crate::failure::{Reason, Step};
    use crate::probers::rig::{PLENTY, probe, run_local};

    const MODULE: &str = "{prober: unix, unix: {query_response: [{expect: '^hello'}]}}";

    fn greet_at(path: &Path) {
        let listener = UnixListener::bind(path).expect("a socket");
        drop(tokio::task::spawn_local(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                drop(stream.write_all(b"hello\r\n").await);
            }
        }));
    }

    #[test]
    fn a_socket_is_a_file_or_an_abstract_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("s");
        let name = format!("@{}", path.display());
        run_local(async {
            greet_at(&path);
            greet_at(Path::new(&name.replacen('@', "\0", 1)));
            for target in [path.to_str().expect("a path"), &name] {
                let told = probe(MODULE, target, PLENTY).await;
                assert_eq!(told.failure, None, "{target}");
                let expected = ["probe_failed_due_to_bytes 0", "probe_failed_due_to_regex 0"];
                assert_eq!(told.samples, expected);
            }
        });
    }

    #[test]
    fn where_no_socket_is_nobody_listens() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("file");
        std::fs::write(&file, "").expect("a file");
        let long = "x".repeat(200);
        run_local(async {
            for (target, reason) in [
                (folder.path().join("none").to_str(), Reason::ConnectionRefused),
                (file.to_str(), Reason::ConnectionRefused),
                (Some("@nobody is here"), Reason::ConnectionRefused),
                (Some(&*long), Reason::BadTarget),
            ] {
                let target = target.expect("a path");
                let told = probe(MODULE, target, PLENTY).await;
                assert_eq!(told.why(), Some((Step::Connect, reason)), "{target}");
                assert_eq!(told.samples, Vec::<String>::new());
            }
        });
    }
}
