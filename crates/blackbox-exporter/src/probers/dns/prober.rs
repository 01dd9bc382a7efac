//! The dns prober: what is asked, and what is told of it.

use std::net::SocketAddr;

use exposition::{Desc, Encoder};

use super::exchange::{Exchange, Phases, Transport};
use super::message::{Answer, Question};
use super::{registry, target, validation};
use crate::config::DnsModule;
use crate::failure::{Failure, Reason, Step};
use crate::probe::{Probe, Prober, ProberSpec, Work};
use crate::probers::phase::Phase;
use crate::probers::source::source;
use crate::random;

/// The table's line.
pub(in crate::probers) const SPEC: ProberSpec = ProberSpec {
    name: "dns",
    tls: None,
    make: || Box::new(Dns::default()),
};

const DURATION: Desc<'_> = Desc::gauge(
    "probe_dns_duration_seconds",
    "Duration of DNS request by phase",
    &["phase"],
);
const ANSWERS: Desc<'_> = Desc::gauge(
    "probe_dns_answer_rrs",
    "Returns number of entries in the answer resource record list",
    &[],
);
const AUTHORITIES: Desc<'_> = Desc::gauge(
    "probe_dns_authority_rrs",
    "Returns number of entries in the authority resource record list",
    &[],
);
const ADDITIONALS: Desc<'_> = Desc::gauge(
    "probe_dns_additional_rrs",
    "Returns number of entries in the additional resource record list",
    &[],
);
const SUCCEEDED: Desc<'_> = Desc::gauge(
    "probe_dns_query_succeeded",
    "Displays whether or not the query was executed successfully",
    &[],
);
const SERIAL: Desc<'_> = Desc::gauge("probe_dns_serial", "Returns the serial number of the zone", &[]);

#[derive(Default)]
struct Dns {
    resolve: Phase,
    phases: Phases,
    /// The answer's facts; `None`: none came.
    facts: Option<Facts>,
}

/// What is told of an answer.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Facts {
    answers: usize,
    authorities: usize,
    additionals: usize,
    /// Only where a zone's authority was asked for.
    serial: Option<u32>,
}

impl Prober for Dns {
    fn probe<'p>(&'p mut self, probe: &'p Probe<'p>) -> Work<'p> {
        Box::pin(self.ask(probe))
    }

    fn encode(&self, out: &mut Encoder) {
        let facts = self.facts.as_ref();
        let count = |of: fn(&Facts) -> usize| facts.map_or(0, of) as f64;
        out.scalar(&ADDITIONALS, count(|facts| facts.additionals));
        out.scalar(&ANSWERS, count(|facts| facts.answers));
        out.scalar(&AUTHORITIES, count(|facts| facts.authorities));
        out.family(&DURATION)
            .sample(&["connect"], self.phases.connect.seconds())
            .sample(&["request"], self.phases.request.seconds())
            .sample(&["resolve"], self.resolve.seconds());
        out.scalar(&SUCCEEDED, f64::from(u8::from(facts.is_some())));
        if let Some(serial) = facts.and_then(|facts| facts.serial) {
            out.scalar(&SERIAL, f64::from(serial));
        }
    }
}

impl Dns {
    async fn ask(&mut self, probe: &Probe<'_>) -> Result<(), Failure> {
        let module = &probe.module.dns;
        let question = question(module)?;
        check_transport(module)?;
        let default = if module.dns_over_tls { "853" } else { "53" };
        let (host, port) = target::split(probe.target, default);
        let address = probe.resolve(host, module.ip_choice()).await?;
        self.resolve = probe.found.borrow().lookup.into();
        probe.network.admit(address)?;
        let transport = transport(module, host)?;
        source(&module.source_ip_address, address)?;
        let message = question
            .pack()
            .map_err(|error| bad_module(format!("query_name: {error}")))?;
        let exchange = Exchange {
            probe,
            server: SocketAddr::new(address, port_number(port)?),
            question: &message,
            id: question.id,
        };
        probe.log.debug(
            "Making DNS query",
            &[
                ("server", &exchange.server),
                ("query", &question.name),
                ("type", &registry::type_name(question.kind)),
                ("class", &registry::class_name(question.class)),
            ],
        );
        let answer = exchange.run(transport, &mut self.phases).await?;
        self.learn(&answer, question.kind, probe);
        probe.step.set(Step::Validate);
        validation::validate(&answer, module, probe.log)
    }

    fn learn(&mut self, answer: &Answer, kind: u16, probe: &Probe<'_>) {
        let facts = Facts {
            answers: answer.answer.len(),
            authorities: answer.authority.len(),
            additionals: answer.additional.len(),
            serial: (kind == registry::SOA).then(|| serial(answer)),
        };
        self.facts = Some(facts);
        probe.log.debug(
            "Got response",
            &[
                ("rcode", &registry::rcode_name(answer.rcode)),
                ("truncated", &answer.truncated),
                ("answers", &facts.answers),
                ("authorities", &facts.authorities),
                ("additionals", &facts.additionals),
            ],
        );
    }
}

/// The last one of the answers, as upstream takes it; 0 if there is none.
fn serial(answer: &Answer) -> u32 {
    let mut from_the_end = answer.answer.iter().rev();
    from_the_end.find_map(|record| record.serial).unwrap_or(0)
}

fn question(module: &DnsModule) -> Result<Question<'_>, Failure> {
    let class = match module.query_class.as_str() {
        "" => registry::IN,
        name => registry::class_number(name).ok_or_else(|| bad_module(format!("query class '{name}' is not valid")))?,
    };
    let kind = match module.query_type.as_str() {
        "" => registry::ANY,
        name => registry::type_number(name).ok_or_else(|| bad_module(format!("query type '{name}' is not valid")))?,
    };
    Ok(Question {
        id: random::u16(),
        name: &module.query_name,
        kind,
        class,
        recursion_desired: module.recursion_desired,
    })
}

fn check_transport(module: &DnsModule) -> Result<(), Failure> {
    match module.transport_protocol.as_str() {
        "" | "udp" | "tcp" => Ok(()),
        other => Err(bad_module(format!(
            "transport_protocol {other:?} is neither udp nor tcp"
        ))),
    }
}

fn transport<'t>(module: &'t DnsModule, host: &'t str) -> Result<Transport<'t>, Failure> {
    let tcp = module.transport_protocol == "tcp";
    match (module.dns_over_tls, tcp) {
        (true, false) => Err(bad_module("dns_over_tls needs transport_protocol tcp".to_owned())),
        (true, true) => Ok(Transport::Tls(match module.tls_config.server_name.as_str() {
            "" => host,
            name => name,
        })),
        (false, true) => Ok(Transport::Tcp),
        (false, false) => Ok(Transport::Udp),
    }
}

/// No port behind the colon is port 0, where nobody listens.
fn port_number(port: &str) -> Result<u16, Failure> {
    let wrong = || {
        let text = format!("the target's port {port:?} is no number up to 65535");
        Failure::new(Step::Prepare, Reason::BadTarget, text)
    };
    if port.is_empty() {
        Ok(0)
    } else {
        port.parse().map_err(|_| wrong())
    }
}

fn bad_module(text: String) -> Failure {
    Failure::new(Step::Prepare, Reason::BadModule, text)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, UdpSocket};

    use super::*;
    use crate::probers::trial::Trial;

    /// One A record, and a name that points at the question's.
    const RECORD: &[u8] = b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\xc0\0\x02\x01";
    const ZONE: &[u8] =
        b"\xc0\x0c\0\x06\0\x01\0\0\0\x3c\0\x16\0\0\x78\xa3\xb4\xc1\0\0\0\x01\0\0\0\x02\0\0\0\x03\0\0\0\x04";

    /// The messages that a server answers to a question, by the first label of its name.
    fn script(question: &[u8]) -> Vec<Vec<u8>> {
        let id = question.get(..2).expect("an id");
        let asked = question.get(12..).expect("a question");
        let other = [id[0], id[1] ^ 1];
        let message = |id: &[u8], flags: &[u8; 2], answers: u8, records: &[u8]| {
            let counts = [0, 1, 0, answers, 0, 0, 0, 0];
            [id, flags, &counts, asked, records].concat()
        };
        let ok = |id: &[u8]| message(id, b"\x81\x80", 1, RECORD);
        let length = usize::from(*asked.first().expect("a label"));
        match asked.get(1..=length).expect("a label") {
            b"ok" => vec![ok(id)],
            b"refused" => vec![message(id, b"\x81\x85", 0, b"")],
            b"zone" => vec![message(id, b"\x81\x80", 2, &[RECORD, ZONE].concat())],
            b"truncated" => vec![message(id, b"\x83\x80", 2, RECORD)],
            b"cut" => vec![message(id, b"\x81\x80", 2, &[RECORD, &RECORD[..9]].concat())],
            b"other" => vec![ok(&other)],
            b"late" => vec![ok(&other), ok(id)],
            b"garbage" => vec![vec![0xff; 40]],
            b"short" => vec![vec![0; 5]],
            b"many" => vec![message(id, b"\x81\x80", 40, &RECORD.repeat(40))],
            _ => vec![],
        }
    }

    /// A server on one port for both transports; for names it does not know, silent over UDP, and over TCP it hangs up.
    async fn serve() -> u16 {
        let tcp = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = tcp.local_addr().expect("an address").port();
        let udp = UdpSocket::bind(("127.0.0.1", port)).await.expect("the same port");
        tokio::spawn(async move {
            let mut buffer = [0; 512];
            while let Ok((length, from)) = udp.recv_from(&mut buffer).await {
                for message in script(&buffer[..length]) {
                    udp.send_to(&message, from).await.expect("sent");
                }
            }
        });
        tokio::spawn(async move {
            while let Ok((mut connection, _)) = tcp.accept().await {
                let length = connection.read_u16().await.expect("a length");
                let mut question = vec![0; usize::from(length)];
                connection.read_exact(&mut question).await.expect("a question");
                for message in script(&question) {
                    connection.write_u16(message.len() as u16).await.expect("sent");
                    connection.write_all(&message).await.expect("sent");
                }
            }
        });
        port
    }

    async fn ask(port: u16, keys: &str) -> Trial {
        let module = format!("{{prober: dns, dns: {{query_type: A, {keys}}}}}");
        Trial::run(&SPEC, &module, &format!("127.0.0.1:{port}"), Duration::from_millis(500)).await
    }

    type Failed = Option<(Step, Reason)>;
    /// A name, how its question fails over UDP and TCP, and how many answers it has over each.
    type Case = (&'static str, Failed, Failed, Option<u8>, Option<u8>);

    const SERIES: [&str; 7] = [
        "probe_dns_additional_rrs",
        "probe_dns_answer_rrs",
        "probe_dns_authority_rrs",
        "probe_dns_duration_seconds{phase=\"connect\"}",
        "probe_dns_duration_seconds{phase=\"request\"}",
        "probe_dns_duration_seconds{phase=\"resolve\"}",
        "probe_dns_query_succeeded",
    ];

    #[tokio::test]
    async fn every_answer_has_its_outcome_over_each_transport() {
        let port = serve().await;
        let (receive, validate) = (Step::Receive, Step::Validate);
        let protocol = Some((receive, Reason::Protocol));
        let cases: [Case; 11] = [
            ("ok", None, None, Some(1), Some(1)),
            (
                "refused",
                Some((validate, Reason::Status)),
                Some((validate, Reason::Status)),
                Some(0),
                Some(0),
            ),
            ("truncated", None, None, Some(1), Some(1)),
            ("cut", protocol, protocol, None, None),
            ("other", Some((receive, Reason::Timeout)), protocol, None, None),
            ("late", None, protocol, Some(1), None),
            ("garbage", protocol, protocol, None, None),
            ("short", protocol, protocol, None, None),
            ("many", Some((receive, Reason::TooLarge)), None, None, Some(40)),
            (
                "silent",
                Some((receive, Reason::Timeout)),
                Some((receive, Reason::ConnectionClosed)),
                None,
                None,
            ),
            ("zone", None, None, Some(2), Some(2)),
        ];
        for (name, udp, tcp, udp_answers, tcp_answers) in cases {
            for (transport, failure, answers) in [("udp", udp, udp_answers), ("tcp", tcp, tcp_answers)] {
                let keys = format!("query_name: {name}.test, transport_protocol: {transport}");
                let trial = ask(port, &keys).await;
                assert_eq!(trial.failure(), failure, "{keys}");
                assert_eq!(
                    trial
                        .series("probe_dns_")
                        .iter()
                        .filter(|name| !name.contains("lookup"))
                        .copied()
                        .collect::<Vec<_>>(),
                    SERIES,
                    "{keys}"
                );
                let succeeded = f64::from(u8::from(answers.is_some()));
                assert_eq!(trial.value("probe_dns_query_succeeded"), Some(succeeded), "{keys}");
                assert_eq!(
                    trial.value("probe_dns_answer_rrs"),
                    Some(answers.map_or(0.0, f64::from)),
                    "{keys}"
                );
            }
        }
    }

    #[tokio::test]
    async fn only_a_question_for_soa_has_a_serial_number() {
        let port = serve().await;
        for (kind, name, serial) in [
            ("SOA", "zone", Some(2_023_994_561.0)),
            ("SOA", "ok", Some(0.0)),
            ("A", "zone", None),
        ] {
            let module = format!("{{prober: dns, dns: {{query_type: {kind}, query_name: {name}.test}}}}");
            let trial = Trial::run(&SPEC, &module, &format!("127.0.0.1:{port}"), Duration::from_secs(5)).await;
            assert_eq!(
                (trial.failure(), trial.value("probe_dns_serial")),
                (None, serial),
                "{kind} {name}"
            );
        }
    }

    #[tokio::test]
    async fn records_are_validated() {
        let port = serve().await;
        let cases = [
            (
                r#"validate_answer_rrs: {fail_if_not_matches_regexp: ["^ok.test.\t60\tIN\tA\t192.0.2.1$"]}"#,
                None,
            ),
            (
                "validate_answer_rrs: {fail_if_matches_regexp: ['192']}",
                Some((Step::Validate, Reason::Record)),
            ),
            (
                "validate_authority_rrs: {fail_if_none_matches_regexp: ['.']}",
                Some((Step::Validate, Reason::Record)),
            ),
            ("validate_additional_rrs: {fail_if_matches_regexp: ['.']}", None),
        ];
        for (keys, failure) in cases {
            assert_eq!(
                ask(port, &format!("query_name: ok.test, {keys}")).await.failure(),
                failure,
                "{keys}"
            );
        }
    }

    #[tokio::test]
    async fn modules_that_cannot_be_used_say_so() {
        let port = serve().await;
        let cases = [
            "query_name: a..b",
            "query_name: ok.test, transport_protocol: sctp",
            "query_name: ok.test, dns_over_tls: true",
            "query_name: ok.test, source_ip_address: nonsense",
            "query_name: ok.test, source_ip_address: '::1'",
        ];
        for keys in cases {
            let keys = keys.replace("query_type: A, query_name: ok.test, query_type", "query_type");
            let module = format!("{{prober: dns, dns: {{{keys}}}}}");
            let trial = Trial::run(&SPEC, &module, &format!("127.0.0.1:{port}"), Duration::from_secs(5)).await;
            assert_eq!(trial.failure(), Some((Step::Prepare, Reason::BadModule)), "{keys}");
        }
    }

    #[tokio::test]
    async fn nobody_there_is_a_refused_connection() {
        let free = UdpSocket::bind("127.0.0.1:0")
            .await
            .expect("a port")
            .local_addr()
            .expect("an address")
            .port();
        let udp = ask(free, "query_name: ok.test").await;
        assert_eq!(udp.failure(), Some((Step::Receive, Reason::ConnectionRefused)));
        let tcp = ask(free, "query_name: ok.test, transport_protocol: tcp").await;
        assert_eq!(tcp.failure(), Some((Step::Connect, Reason::ConnectionRefused)));
        assert_eq!(tcp.value("probe_dns_duration_seconds{phase=\"request\"}"), Some(0.0));
    }

    #[tokio::test]
    async fn a_question_comes_from_the_source_address() {
        let server = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
        let port = server.local_addr().expect("an address").port();
        let heard = async {
            let mut buffer = [0; 512];
            server
                .recv_from(&mut buffer)
                .await
                .expect("a question")
                .1
                .ip()
                .to_string()
        };
        let keys = "query_name: ok.test, source_ip_address: 127.0.0.5";
        let (trial, heard) = tokio::join!(ask(port, keys), heard);
        assert_eq!(
            (trial.failure(), heard.as_str()),
            (Some((Step::Receive, Reason::Timeout)), "127.0.0.5")
        );
    }

    #[tokio::test]
    async fn a_port_that_is_none_is_told() {
        for target in ["127.0.0.1:99999", "127.0.0.1:http", "127.0.0.1:-1"] {
            let module = "{prober: dns, dns: {query_name: ok.test}}";
            let trial = Trial::run(&SPEC, module, target, Duration::from_secs(5)).await;
            assert_eq!(trial.failure(), Some((Step::Prepare, Reason::BadTarget)), "{target}");
            assert_eq!(trial.value("probe_ip_protocol"), Some(4.0), "{target}");
        }
    }
}
