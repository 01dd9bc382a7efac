//! A health check over gRPC: one call of `grpc.health.v1.Health/Check` over HTTP/2, in the clear or with TLS.

mod call;
mod health;
mod request;
mod status;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use exposition::{Desc, Encoder};

use super::address::HostPort;
use crate::failure::{Failure, Reason, Step};
use crate::found::TlsReport;
use crate::net::Connection;
use crate::probe::{Probe, Prober, ProberSpec, Work};
use health::Serving;
use status::Code;

/// The table's line.
pub(super) const SPEC: ProberSpec = ProberSpec {
    name: "grpc",
    tls: Some(TlsReport::Brief),
    make: || Box::new(Grpc::default()),
};

const DURATION: Desc<'_> = Desc::gauge(
    "probe_grpc_duration_seconds",
    "Duration of gRPC request by phase",
    &["phase"],
);
const SSL: Desc<'_> = Desc::gauge("probe_grpc_ssl", "Indicates if SSL was used for the connection", &[]);
const STATUS: Desc<'_> = Desc::gauge("probe_grpc_status_code", "Response gRPC status code", &[]);
const HEALTH: Desc<'_> = Desc::gauge(
    "probe_grpc_healthcheck_response",
    "Response HealthCheck response",
    &["serving_status"],
);

#[derive(Default)]
struct Grpc {
    resolve: Duration,
    check: Check,
    ssl: bool,
    code: Code,
    serving: Option<Serving>,
}

/// The phase `check`: from the address to the answer.
#[derive(Default)]
enum Check {
    #[default]
    Before,
    Since(Instant),
    Took(Duration),
}

impl Prober for Grpc {
    fn probe<'p>(&'p mut self, probe: &'p Probe<'p>) -> Work<'p> {
        Box::pin(self.ask(probe))
    }

    fn encode(&self, out: &mut Encoder) {
        let check = match self.check {
            Check::Before => None,
            Check::Since(started) => Some(started.elapsed()),
            Check::Took(took) => Some(took),
        };
        let mut phases = out.family(&DURATION);
        if let Some(check) = check {
            phases.sample(&["check"], check.as_secs_f64());
        }
        phases.sample(&["resolve"], self.resolve.as_secs_f64());
        out.scalar(&SSL, f64::from(u8::from(self.ssl)));
        out.scalar(&STATUS, f64::from(self.code.0));
        if check.is_some() {
            self.encode_health(out);
        }
    }
}

impl Grpc {
    /// A series for each status that there is, and one for a status that there is not, if it is the answer.
    fn encode_health(&self, out: &mut Encoder) {
        let mut family = out.family(&HEALTH);
        let known = Serving::ALL.iter().copied();
        let foreign = self.serving.filter(|serving| !Serving::ALL.contains(serving));
        for serving in known.chain(foreign) {
            let is_answer = self.serving == Some(serving);
            family.sample(&[serving.name().as_ref()], f64::from(u8::from(is_answer)));
        }
    }

    async fn ask(&mut self, probe: &Probe<'_>) -> Result<(), Failure> {
        let module = &probe.module.grpc;
        let target = target(probe.target, module.tls)?;
        let resolved = probe.resolve(target.host, module.ip_choice()).await;
        self.resolve = probe.found.borrow().lookup.unwrap_or_default();
        let address = resolved?;
        self.check = Check::Since(Instant::now());
        // What stands here if the time is up in between.
        self.code = Code::DEADLINE_EXCEEDED;
        let checked = self.check(probe, &target, address).await;
        if let Check::Since(started) = self.check {
            self.check = Check::Took(started.elapsed());
        }
        checked
    }

    async fn check(
        &mut self,
        probe: &Probe<'_>,
        target: &HostPort<'_>,
        address: std::net::IpAddr,
    ) -> Result<(), Failure> {
        let call = request::request(probe, target);
        let connected = async {
            self.connect(probe, target, SocketAddr::new(address, target.port()?))
                .await
        };
        let (call, connection) = match (call, connected.await) {
            (Ok(call), Ok(connection)) => (call, connection),
            (Err(failure), _) => {
                self.code = Code::INTERNAL;
                return Err(failure);
            }
            (_, Err(failure)) => {
                self.code = Code::UNAVAILABLE;
                return Err(failure);
            }
        };
        let verdict = call::call(probe, connection, call).await;
        (self.code, self.serving) = (verdict.code, verdict.serving);
        verdict.failure.map_or(Ok(()), Err)
    }

    async fn connect(
        &mut self,
        probe: &Probe<'_>,
        target: &HostPort<'_>,
        address: SocketAddr,
    ) -> Result<Connection, Failure> {
        let module = &probe.module.grpc;
        let connection = probe.connect(address, "").await?;
        if !module.tls {
            return Ok(connection);
        }
        let name = request::server_name(probe, target);
        let connection = probe.handshake(connection, &module.tls_config, name, &["h2"]).await?;
        self.ssl = true;
        let agreed = probe.found.borrow().tls.as_ref().map(|facts| facts.protocol.clone());
        match agreed.as_deref() {
            Some("h2") => Ok(connection),
            _ => Err(Failure::new(
                Step::Tls,
                Reason::Protocol,
                "the target did not agree on HTTP/2 (ALPN)",
            )),
        }
    }
}

/// The host and port of a target, which may be dressed as a URL.
fn target(text: &str, tls: bool) -> Result<HostPort<'_>, Failure> {
    let bare = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    let bare = bare.unwrap_or(text);
    let authority = bare.split(['/', '?', '#']).next().unwrap_or(bare);
    let place = authority.rsplit_once('@').map_or(authority, |(_, place)| place);
    HostPort::parse_or(place, if tls { "443" } else { "80" })
}

#[cfg(test)]
mod tests {
    use std::future::Future;

    use h2::server::SendResponse;
    use hyper::{HeaderMap, Request, Response};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    use super::*;
    use crate::probers::rig::{PLENTY, SHORT, nobody, probe, run_local, serve};

    const MODULE: &str = "{prober: grpc, grpc: {preferred_ip_protocol: ip4}}";
    const SERVING_BODY: &[u8] = b"\0\0\0\0\x02\x08\x01";

    type Body = std::io::Cursor<&'static [u8]>;
    type Reply = SendResponse<Body>;

    /// What a server answers to every call.
    #[derive(Clone, Copy)]
    struct Play {
        status: u16,
        kind: &'static str,
        head: &'static [(&'static str, &'static str)],
        body: &'static [u8],
        trailers: Option<&'static [(&'static str, &'static str)]>,
    }

    impl Play {
        const FINE: Self = Self {
            status: 200,
            kind: "application/grpc",
            head: &[],
            body: SERVING_BODY,
            trailers: Some(&[("grpc-status", "0")]),
        };

        fn ending(trailers: &'static [(&'static str, &'static str)]) -> Self {
            Self {
                trailers: Some(trailers),
                ..Self::FINE
            }
        }

        fn body(body: &'static [u8]) -> Self {
            Self { body, ..Self::FINE }
        }

        fn head(head: &'static [(&'static str, &'static str)]) -> Self {
            Self {
                head,
                body: b"",
                trailers: None,
                ..Self::FINE
            }
        }

        fn reply(&self, reply: &mut Reply) {
            let pairs = |pairs: &'static [(&str, &str)]| {
                let value = |text: &str| text.parse().expect("a value");
                pairs
                    .iter()
                    .map(move |(name, text)| (name.parse().expect("a name"), value(text)))
            };
            let mut response = Response::builder().status(self.status).body(()).expect("a response");
            response
                .headers_mut()
                .insert("content-type", self.kind.parse().expect("a type"));
            response.headers_mut().extend(pairs(self.head));
            let empty = self.body.is_empty() && self.trailers.is_none();
            let mut stream = reply.send_response(response, empty).expect("to answer");
            if !self.body.is_empty() {
                let end = self.trailers.is_none();
                stream.send_data(Body::new(self.body), end).expect("to send");
            }
            if let Some(trailers) = self.trailers {
                let trailers: HeaderMap = pairs(trailers).collect();
                stream.send_trailers(trailers).expect("to end");
            }
        }
    }

    async fn calls<F: Future<Output = ()>>(stream: TcpStream, answer: impl Fn(Request<h2::RecvStream>, Reply) -> F) {
        let mut connection = h2::server::Builder::new()
            .handshake::<_, Body>(stream)
            .await
            .expect("HTTP/2");
        while let Some(Ok((request, reply))) = connection.accept().await {
            answer(request, reply).await;
        }
    }

    async fn playing(play: Play) -> String {
        serve(move |stream| calls(stream, move |_, mut reply| async move { play.reply(&mut reply) })).await
    }

    /// The samples of a call that ended with `code` and, if it did, with what the service said.
    fn samples(code: u32, said: &str) -> Vec<String> {
        let health = |status: &&str| format!(r#"probe_grpc_healthcheck_response{{serving_status="{status}"}}"#);
        let mut statuses = vec!["NOT_SERVING", "SERVICE_UNKNOWN", "SERVING", "UNKNOWN"];
        if !said.is_empty() && !statuses.contains(&said) {
            statuses.insert(0, said);
        }
        let phases = ["check", "resolve"].map(|phase| format!(r#"probe_grpc_duration_seconds{{phase="{phase}"}}"#));
        let mut samples = Vec::from(phases);
        samples.extend(
            statuses
                .iter()
                .map(|name| format!("{} {}", health(name), u8::from(*name == said))),
        );
        samples.push("probe_grpc_ssl 0".to_owned());
        samples.push(format!("probe_grpc_status_code {code}"));
        samples
    }

    #[test]
    fn every_answer_is_taken_for_what_it_is() {
        let status = Some((Step::Validate, Reason::Status));
        let not_serving = Some((Step::Validate, Reason::NotServing));
        let protocol = Some((Step::Receive, Reason::Protocol));
        let long: &[u8] = Box::leak(vec![0; 100_000].into());
        let cases = [
            (Play::FINE, 0, "SERVING", None),
            (Play::body(b"\0\0\0\0\x02\x08\x02"), 0, "NOT_SERVING", not_serving),
            (Play::body(b"\0\0\0\0\0"), 0, "UNKNOWN", not_serving),
            (Play::body(b"\0\0\0\0\x02\x08\x03"), 0, "SERVICE_UNKNOWN", not_serving),
            (Play::body(b"\0\0\0\0\x02\x08\x2a"), 0, "42", not_serving),
            (
                Play::ending(&[("grpc-status", "5"), ("grpc-message", "no%20such")]),
                5,
                "",
                status,
            ),
            (
                Play::head(&[("grpc-status", "12"), ("grpc-message", "what?")]),
                12,
                "",
                status,
            ),
            (Play::head(&[("grpc-status", "99")]), 99, "", status),
            (Play::head(&[("grpc-status", "0")]), 13, "", protocol),
            (Play::head(&[]), 2, "", protocol),
            (Play::ending(&[("grpc-status", "x")]), 13, "", protocol),
            (Play::ending(&[("other", "0")]), 2, "", protocol),
            (
                Play {
                    trailers: None,
                    ..Play::FINE
                },
                13,
                "",
                protocol,
            ),
            (Play::body(b"\0\0\0\0\x09\x08\x01"), 13, "", protocol),
            (Play::body(b"garbage"), 13, "", protocol),
            (
                Play {
                    kind: "text/html",
                    ..Play::FINE
                },
                2,
                "",
                protocol,
            ),
            (
                Play {
                    status: 503,
                    ..Play::FINE
                },
                14,
                "",
                protocol,
            ),
            (
                Play {
                    status: 404,
                    kind: "text/html",
                    ..Play::FINE
                },
                12,
                "",
                protocol,
            ),
            (Play::body(long), 8, "", Some((Step::Body, Reason::TooLarge))),
        ];
        run_local(async {
            for (number, (play, code, said, why)) in cases.into_iter().enumerate() {
                let told = probe(MODULE, &playing(play).await, PLENTY).await;
                assert_eq!((told.why(), told.samples), (why, samples(code, said)), "case {number}");
            }
        });
    }

    #[test]
    fn a_call_that_is_reset_has_the_status_of_its_code() {
        let cases = [
            (h2::Reason::REFUSED_STREAM, 14),
            (h2::Reason::CANCEL, 1),
            (h2::Reason::INTERNAL_ERROR, 13),
            (h2::Reason::ENHANCE_YOUR_CALM, 8),
        ];
        run_local(async {
            for (reason, code) in cases {
                let target =
                    serve(move |stream| calls(stream, move |_, mut reply| async move { reply.send_reset(reason) }));
                let told = probe(MODULE, &target.await, PLENTY).await;
                assert_eq!(told.why(), Some((Step::Receive, Reason::ConnectionReset)), "{reason:?}");
                assert_eq!(told.samples, samples(code, ""));
            }
        });
    }

    #[test]
    fn a_server_that_takes_no_calls_is_unavailable() {
        run_local(async {
            let leaving = serve(|stream| async move {
                let mut connection = h2::server::handshake(stream).await.expect("HTTP/2");
                connection.abrupt_shutdown(h2::Reason::ENHANCE_YOUR_CALM);
                drop(std::future::poll_fn(|context| connection.poll_closed(context)).await);
            });
            let closing = serve(|mut stream| async move {
                drop(stream.read(&mut [0; 1024]).await);
                drop(stream.shutdown().await);
                drop(stream.read_to_end(&mut Vec::new()).await);
            });
            let banner = serve(|mut stream| async move {
                drop(stream.write_all(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n").await);
                drop(stream.read_to_end(&mut Vec::new()).await);
            });
            for (target, step, reason) in [
                (leaving.await, Step::Receive, Reason::ConnectionClosed),
                (closing.await, Step::Receive, Reason::ConnectionClosed),
                (banner.await, Step::Receive, Reason::Protocol),
                (nobody().await, Step::Connect, Reason::ConnectionRefused),
            ] {
                let told = probe(MODULE, &target, PLENTY).await;
                assert_eq!((told.why(), told.samples), (Some((step, reason)), samples(14, "")));
            }
        });
    }

    #[test]
    fn the_deadline_ends_a_call_that_is_not_answered() {
        run_local(async {
            let silent = serve(|mut stream| async move { drop(stream.read_to_end(&mut Vec::new()).await) });
            let holding = serve(|stream| {
                calls(stream, |_, reply| async move {
                    tokio::time::sleep(PLENTY).await;
                    drop(reply);
                })
            });
            for target in [silent.await, holding.await] {
                let told = probe(MODULE, &target, SHORT).await;
                assert_eq!(told.why(), Some((Step::Receive, Reason::Timeout)));
                assert_eq!(told.samples, samples(4, ""));
            }
        });
    }

    #[test]
    fn a_call_has_the_heads_that_servers_want() {
        run_local(async {
            let (sender, mut heard) = tokio::sync::mpsc::unbounded_channel();
            let target = serve(move |stream| {
                let sender = sender.clone();
                calls(stream, move |request, mut reply| {
                    let sender = sender.clone();
                    async move {
                        drop(sender.send(request));
                        Play::FINE.reply(&mut reply);
                    }
                })
            });
            let target = target.await;
            let module = "{prober: grpc, grpc: {service: svc, metadata: {x-key: [a, b]}}}";
            assert_eq!(probe(module, &target, PLENTY).await.failure, None);
            let request = heard.recv().await.expect("a call");
            let head = |name: &str| {
                let values = request.headers().get_all(name).iter();
                values
                    .map(|value| value.to_str().expect("text").to_owned())
                    .collect::<Vec<_>>()
                    .join(",")
            };
            assert_eq!(
                request.uri().to_string(),
                format!("http://{target}/grpc.health.v1.Health/Check")
            );
            assert_eq!(head("content-type"), "application/grpc");
            assert_eq!(head("te"), "trailers");
            assert_eq!(head("x-key"), "a,b");
            assert!(head("user-agent").starts_with("blackbox-exporter/"));
            let millis = head("grpc-timeout")
                .trim_end_matches('m')
                .parse()
                .map(Duration::from_millis);
            assert!(millis.is_ok_and(|left| left <= PLENTY && left > PLENTY / 2));
            let body = request.into_body().data().await.expect("a body").expect("bytes");
            assert_eq!(&body[..], b"\0\0\0\0\x05\x0a\x03svc");
        });
    }

    #[test]
    fn before_there_is_an_address_nothing_was_checked() {
        run_local(async {
            let told = probe(MODULE, "[::1", PLENTY).await;
            assert_eq!(told.why(), Some((Step::Prepare, Reason::BadTarget)));
            let expected = [
                r#"probe_grpc_duration_seconds{phase="resolve"}"#,
                "probe_grpc_ssl 0",
                "probe_grpc_status_code 0",
            ];
            assert_eq!(told.samples, expected);
        });
    }

    #[test]
    fn a_target_may_be_dressed_as_a_url() {
        for (text, tls, expected) in [
            ("a:7", false, "a:7"),
            ("a", false, "a:80"),
            ("a", true, "a:443"),
            ("http://a:7", true, "a:7"),
            ("https://u:p@a/path?q#f", false, "a:80"),
            ("https://[::1]:7/x", false, "[::1]:7"),
        ] {
            let parsed = target(text, tls).expect("a target");
            assert_eq!(parsed.authority(), expected, "{text}");
        }
        assert!(target("[::1", false).is_err());
    }
}
