//! A connection over TCP, perhaps with TLS, and a conversation: `query_response`.

use std::net::SocketAddr;

use exposition::Encoder;

use super::address::HostPort;
use super::conversation::{Conversation, Terms};
use crate::failure::Failure;
use crate::found::TlsReport;
use crate::probe::{Probe, Prober, ProberSpec, Work};

/// The table's line.
pub(super) const SPEC: ProberSpec = ProberSpec {
    name: "tcp",
    tls: Some(TlsReport::Stream),
    make: || Box::new(Tcp::default()),
};

#[derive(Default)]
struct Tcp {
    conversation: Conversation,
}

impl Prober for Tcp {
    fn probe<'p>(&'p mut self, probe: &'p Probe<'p>) -> Work<'p> {
        Box::pin(self.converse(probe))
    }

    fn encode(&self, out: &mut Encoder) {
        self.conversation.encode(out);
    }
}

impl Tcp {
    async fn converse(&mut self, probe: &Probe<'_>) -> Result<(), Failure> {
        let module = &probe.module.tcp;
        let target = HostPort::parse(probe.target)?;
        let address = probe.resolve(target.host, module.ip_choice()).await?;
        let address = SocketAddr::new(address, target.port()?);
        let mut connection = probe.connect(address, &module.source_ip_address).await?;
        let terms = Terms {
            exchanges: &module.query_response,
            tls: &module.tls_config,
            name: server_name(probe, target.host),
        };
        if module.tls {
            connection = probe.handshake(connection, terms.tls, terms.name, &[]).await?;
        }
        self.conversation.hold(probe, connection, &terms).await
    }
}

/// The name that the certificate must have: the module's, the request's, or the target's.
fn server_name<'p>(probe: &Probe<'p>, host: &'p str) -> &'p str {
    match probe.module.tcp.tls_config.server_name.as_str() {
        "" => probe.hostname.unwrap_or(host),
        name => name,
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
    use tokio::net::TcpStream;

    use crate::failure::{Reason, Step};
    use crate::probers::rig::{PLENTY, SHORT, nobody, probe, run_local, serve};

    const FINE: [&str; 2] = ["probe_failed_due_to_bytes 0", "probe_failed_due_to_regex 0"];
    const REGEX: [&str; 2] = ["probe_failed_due_to_bytes 0", "probe_failed_due_to_regex 1"];
    const BYTES: [&str; 2] = ["probe_failed_due_to_bytes 1", "probe_failed_due_to_regex 0"];

    fn module(query_response: &str) -> String {
        format!("{{prober: tcp, tcp: {{query_response: [{query_response}]}}}}")
    }

    /// A server that says this, and then listens until the other side goes.
    async fn saying(text: impl Into<Vec<u8>>) -> String {
        let text = text.into();
        serve(move |stream| say(stream, text.clone(), false)).await
    }

    /// A server that says this and goes.
    async fn saying_once(text: impl Into<Vec<u8>>) -> String {
        let text = text.into();
        serve(move |stream| say(stream, text.clone(), true)).await
    }

    async fn say(mut stream: TcpStream, text: Vec<u8>, once: bool) {
        if stream.write_all(&text).await.is_err() {
            return;
        }
        if once {
            drop(stream.shutdown().await);
        }
        // Until it goes, so that nothing that it says is answered with a reset.
        drop(stream.read_to_end(&mut Vec::new()).await);
    }

    #[test]
    fn what_comes_is_expected_or_not() {
        let long = |length: usize| [vec![b'x'; length], vec![b'\n']].concat();
        let cases: [(&str, Vec<u8>, _, _); 14] = [
            ("{expect: '^SSH-2.0-'}", b"SSH-2.0-x\r\n".into(), FINE, None),
            ("{expect: 'x$'}", b"SSH-2.0-x\r\n".into(), FINE, None),
            ("{expect: '^three$'}", b"one\ntwo\nthree\n".into(), FINE, None),
            ("{expect: '^last$'}", b"one\nlast".into(), FINE, None),
            ("{expect: ''}", b"\n".into(), FINE, None),
            (
                "{expect: '^no'}",
                b"one\ntwo".into(),
                REGEX,
                Some((Step::Validate, Reason::Content)),
            ),
            (
                "{expect: 'x'}",
                b"".into(),
                REGEX,
                Some((Step::Receive, Reason::ConnectionClosed)),
            ),
            ("{expect: 'x$'}", long(65_535), FINE, None),
            (
                "{expect: 'x$'}",
                long(65_536),
                FINE,
                Some((Step::Receive, Reason::TooLarge)),
            ),
            ("{expect_bytes: 'ab'}", b"abc".into(), FINE, None),
            (
                "{expect_bytes: 'ab'}",
                b"xb".into(),
                BYTES,
                Some((Step::Validate, Reason::Content)),
            ),
            (
                "{expect_bytes: 'ab'}",
                b"a".into(),
                FINE,
                Some((Step::Receive, Reason::ConnectionClosed)),
            ),
            ("{expect_bytes: 'a'}, {expect: '^b$'}", b"ab\n".into(), FINE, None),
            ("{expect: '^a$'}, {expect_bytes: 'b'}", b"a\nb".into(), FINE, None),
        ];
        run_local(async {
            for (entries, text, samples, why) in cases {
                let told = probe(&module(entries), &saying_once(text).await, PLENTY).await;
                assert_eq!(
                    (told.why(), told.samples),
                    (why, samples.map(str::to_owned).into()),
                    "{entries}"
                );
            }
        });
    }

    #[test]
    fn a_line_without_an_end_stops_at_the_limit() {
        run_local(async {
            let target = saying(vec![b'x'; 1 << 20]).await;
            let told = probe(&module("{expect: 'y'}"), &target, PLENTY).await;
            assert_eq!(told.why(), Some((Step::Receive, Reason::TooLarge)));
        });
    }

    #[test]
    fn what_matched_becomes_labels_and_is_sent_back() {
        run_local(async {
            let target = serve(|stream| async move {
                let mut stream = BufReader::new(stream);
                let mut line = String::new();
                drop(stream.write_all(b":s NOTICE\r\nPING :tok\r\n").await);
                drop(stream.read_line(&mut line).await);
                drop(stream.write_all(format!("heard {line}").as_bytes()).await);
            });
            let entries = "{expect: 'PING (?P<what>[^ ]+)', send: 'PONG ${1}', labels: [{name: b, value: '${what}!'},
                {name: a, value: x}]}, {expect: '^heard (PONG) :tok$', labels: [{name: word, value: '$1'}]}";
            let told = probe(&module(entries), &target.await, PLENTY).await;
            assert_eq!(told.failure, None);
            let infos = [
                r#"probe_expect_info{a="x",b=":tok!"} 1"#,
                r#"probe_expect_info{word="PONG"} 1"#,
            ];
            assert_eq!(told.samples, [&infos[..], &FINE].concat());
        });
    }

    #[test]
    fn tls_starts_when_both_sides_said_so() {
        let smtp = "{expect: '^220 ', send: EHLO prober}, {expect: '^250[ -]STARTTLS', send: STARTTLS},
            {expect: '^220', starttls: true}, {send: QUIT}";
        let imap = "{expect: '^[*] OK', send: a STARTTLS}, {expect: '^a OK', starttls: true}, {send: b LOGOUT}";
        let cases: [(_, &[&str], &[&str]); 2] = [
            (
                smtp,
                &["220 mx", "250-mx\r\n250 STARTTLS", "220 go"],
                &["EHLO prober\n", "STARTTLS\n"],
            ),
            (imap, &["* OK imap", "a OK go"], &["a STARTTLS\n"]),
        ];
        run_local(async {
            for (entries, says, hears) in cases {
                let (sender, mut heard) = tokio::sync::mpsc::unbounded_channel();
                let target = serve(move |stream| {
                    let sender = sender.clone();
                    async move {
                        let mut stream = BufReader::new(stream);
                        for text in says {
                            drop(stream.write_all(format!("{text}\r\n").as_bytes()).await);
                            let mut line = String::new();
                            if next_line(&mut stream, &mut line).await {
                                drop(sender.send(line));
                            }
                        }
                    }
                });
                let told = probe(&module(entries), &target.await, PLENTY).await;
                // This server speaks no TLS: it goes when it hears what is no line.
                assert_eq!(told.why().map(|(step, _)| step), Some(Step::Tls));
                assert_eq!(told.samples, FINE);
                for line in hears {
                    assert_eq!(heard.recv().await.as_deref(), Some(*line));
                }
            }
        });
    }

    async fn next_line(stream: &mut BufReader<TcpStream>, line: &mut String) -> bool {
        // A hello of TLS need not have a line end in it.
        let first = stream.fill_buf().await.ok().and_then(|bytes| bytes.first().copied());
        first.is_some_and(|byte| byte.is_ascii_alphabetic()) && stream.read_line(line).await.is_ok()
    }

    #[test]
    fn what_is_sent_is_not_logged() {
        run_local(async {
            let target = saying("hello\n").await;
            let told = probe(&module("{send: 'PASS hunter2'}, {expect: hello}"), &target, PLENTY).await;
            assert_eq!(told.failure, None);
            assert!(
                told.log.contains("Sending line") && !told.log.contains("hunter2"),
                "{}",
                told.log
            );
        });
    }

    #[test]
    fn the_deadline_tells_how_far_it_got() {
        run_local(async {
            for text in ["", "no line end", "other\nlines\n"] {
                let told = probe(&module("{expect: '^hello'}"), &saying(text).await, SHORT).await;
                assert_eq!(told.why(), Some((Step::Receive, Reason::Timeout)), "{text}");
                assert_eq!(told.samples, FINE);
            }
        });
    }

    #[test]
    fn a_byte_at_a_time_or_lines_without_end_last_no_longer_than_the_deadline() {
        run_local(async {
            let dripping = serve(|mut stream| async move {
                while stream.write_all(b"x").await.is_ok() {
                    tokio::time::sleep(SHORT / 10).await;
                }
            });
            let endless = serve(|mut stream| async move { while stream.write_all(b"line\n").await.is_ok() {} });
            for target in [dripping.await, endless.await] {
                let told = probe(&module("{expect: '^hello'}"), &target, SHORT).await;
                assert_eq!(told.why(), Some((Step::Receive, Reason::Timeout)));
            }
        });
    }

    #[test]
    fn a_peer_that_does_not_listen_stops_the_sender_at_the_deadline() {
        run_local(async {
            let target = serve(|stream| async move {
                tokio::time::sleep(PLENTY).await;
                drop(stream);
            });
            let text = "x".repeat(16 << 20);
            let told = probe(&module(&format!("{{send: {text}}}")), &target.await, SHORT).await;
            assert_eq!(told.why(), Some((Step::Send, Reason::Timeout)));
        });
    }

    #[test]
    fn connections_that_break_are_told_apart() {
        run_local(async {
            let resetting = serve(|stream| async move {
                // What came is there and not read: closing answers it with a reset.
                drop(stream.readable().await);
            });
            let entries = module("{send: hello}, {expect: '^hello'}");
            let told = probe(&entries, &resetting.await, PLENTY).await;
            assert_eq!(told.why(), Some((Step::Receive, Reason::ConnectionReset)));
            assert_eq!(told.samples, FINE);
            let told = probe(&entries, &nobody().await, PLENTY).await;
            assert_eq!(told.why(), Some((Step::Connect, Reason::ConnectionRefused)));
            assert_eq!(told.samples, Vec::<String>::new());
        });
    }

    #[test]
    fn a_peer_that_has_said_all_still_hears() {
        run_local(async {
            let (sender, mut heard) = tokio::sync::mpsc::unbounded_channel();
            let target = serve(move |mut stream| {
                let sender = sender.clone();
                async move {
                    drop(stream.write_all(b"hello\n").await);
                    drop(stream.shutdown().await);
                    let mut text = String::new();
                    drop(stream.read_to_string(&mut text).await);
                    drop(sender.send(text));
                }
            });
            let told = probe(&module("{expect: hello, send: bye}"), &target.await, PLENTY).await;
            assert_eq!(told.failure, None);
            assert_eq!(heard.recv().await.as_deref(), Some("bye\n"));
        });
    }

    #[test]
    fn targets_must_have_a_port() {
        run_local(async {
            for target in ["localhost", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "::1:80"] {
                let told = probe("{prober: tcp}", target, PLENTY).await;
                assert_eq!(told.why(), Some((Step::Prepare, Reason::BadTarget)), "{target}");
            }
        });
    }
}
