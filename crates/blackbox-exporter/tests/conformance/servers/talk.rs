//! Servers of protocols with lines, from scripts: SMTP, IMAP and POP3 with STARTTLS, IRC.

use std::sync::Arc;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpStream, UnixListener};
use tokio_rustls::TlsAcceptor;

use super::Start;
use super::identity::Identity;

/// What a server does, in order.
#[derive(Clone, Copy)]
enum Turn {
    Say(&'static str),
    /// Goes on if the next line is this one, else closes.
    Hear(&'static str),
}
use Turn::{Hear, Say};

/// Before and after the handshake; in the clear where there is no second part.
struct Script {
    name: &'static str,
    clear: &'static [Turn],
    after_handshake: &'static [Turn],
}

const SCRIPTS: &[Script] = &[
    Script {
        name: "smtp",
        clear: &[
            Say("220 mail.test ESMTP Postfix\r\n"),
            Hear("EHLO prober\r\n"),
            Say("250-mail.test\r\n250-STARTTLS\r\n250 OK\r\n"),
            Hear("STARTTLS\r\n"),
            Say("220 Ready to start TLS\r\n"),
        ],
        after_handshake: &[
            Hear("EHLO prober\r\n"),
            Say("250-mail.test\r\n250-AUTH PLAIN\r\n250 OK\r\n"),
            Hear("QUIT\r\n"),
            Say("221 Bye\r\n"),
        ],
    },
    Script {
        name: "imap",
        clear: &[
            Say("* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n"),
            Hear(". STARTTLS\n"),
            Say(". OK Begin TLS\r\n"),
        ],
        after_handshake: &[
            Hear(". capability\n"),
            Say("* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n. OK done\r\n"),
        ],
    },
    Script {
        name: "pop3",
        clear: &[Say("+OK ready\r\n"), Hear("STLS\n"), Say("+OK Begin TLS\r\n")],
        after_handshake: &[Hear("CAPA\n"), Say("+OK\r\nUSER\r\n.\r\n")],
    },
    Script {
        name: "irc",
        clear: &[
            Hear("NICK prober\n"),
            Hear("USER prober prober prober :prober\n"),
            Say(":irc.test NOTICE * :hello\r\nPING :a1b2\r\n"),
            Hear("PONG a1b2\n"),
            Say(":irc.test 001 prober :welcome\r\n"),
        ],
        after_handshake: &[],
    },
    Script {
        name: "named_groups",
        clear: &[Say("token=abc user=ada\n"), Hear("abc/ada/${3}/$\n"), Say("fine\n")],
        after_handshake: &[],
    },
];

impl Start<'_> {
    /// Those without TLS.
    pub(super) async fn talks(&mut self) {
        for script in SCRIPTS.iter().filter(|script| script.after_handshake.is_empty()) {
            self.serve(script.name, |stream| async {
                converse(&mut BufReader::new(stream), script.clear).await;
            })
            .await;
        }
        self.unix_socket().await;
    }

    pub(super) async fn talking_tls(&mut self, identity: &Identity) {
        let acceptor = TlsAcceptor::from(Arc::new(identity.server(&[])));
        for script in SCRIPTS.iter().filter(|script| !script.after_handshake.is_empty()) {
            let acceptor = acceptor.clone();
            self.serve(script.name, move |stream| upgrade(stream, script, acceptor.clone()))
                .await;
        }
        self.serve("tls_hello", move |stream| {
            let acceptor = acceptor.clone();
            async move {
                if let Ok(stream) = acceptor.accept(stream).await {
                    converse(&mut BufReader::new(stream), &[Say("hello over TLS\n"), Hear("bye\n")]).await;
                }
            }
        })
        .await;
    }

    async fn unix_socket(&mut self) {
        let path = self.folder.join("hello.sock");
        let listener = UnixListener::bind(&path).unwrap();
        self.name("hello_socket", path.display());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(async {
                    converse(
                        &mut BufReader::new(stream),
                        &[Say("hello 42\n"), Hear("bye 42\n"), Say("bye\n")],
                    )
                    .await;
                });
            }
        });
    }
}

async fn upgrade(stream: TcpStream, script: &'static Script, acceptor: TlsAcceptor) {
    let mut stream = BufReader::new(stream);
    if !converse(&mut stream, script.clear).await {
        return;
    }
    if let Ok(stream) = acceptor.accept(stream.into_inner()).await {
        converse(&mut BufReader::new(stream), script.after_handshake).await;
    }
}

/// Whether all went as in the script.
async fn converse(stream: &mut BufReader<impl AsyncRead + AsyncWrite + Unpin>, turns: &[Turn]) -> bool {
    for turn in turns {
        let goes_on = match turn {
            Say(text) => stream.write_all(text.as_bytes()).await.is_ok() && stream.flush().await.is_ok(),
            Hear(expected) => {
                let mut line = String::new();
                stream.read_line(&mut line).await.is_ok() && line == *expected
            }
        };
        if !goes_on {
            return false;
        }
    }
    true
}
