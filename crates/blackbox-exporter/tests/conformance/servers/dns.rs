//! A DNS server on hickory's messages, over UDP, TCP and TLS: a small zone, and names whose first label says what goes wrong.

use std::sync::Arc;
use std::time::Duration;

use hickory_proto::op::{Message, Metadata, ResponseCode};
use hickory_proto::rr::{DNSClass, Name, RData, Record, RecordType};
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};
use tokio_rustls::TlsAcceptor;

use super::Start;

/// Names, types and data.
const ZONE: &[(&str, RecordType, &str)] = &[
    ("www.zone.test.", RecordType::A, "192.0.2.1"),
    ("www.zone.test.", RecordType::A, "192.0.2.2"),
    ("www.zone.test.", RecordType::AAAA, "2001:db8::1"),
    ("zone.test.", RecordType::MX, "10 mail.zone.test."),
    ("zone.test.", RecordType::NS, "ns.zone.test."),
    (
        "zone.test.",
        RecordType::SOA,
        "ns.zone.test. admin.zone.test. 2026112201 7200 3600 1209600 300",
    ),
    ("zone.test.", RecordType::TXT, "\"v=spf1 -all\""),
    ("alias.zone.test.", RecordType::CNAME, "www.zone.test."),
    ("localhost.", RecordType::A, "127.0.0.1"),
    ("host.test.", RecordType::A, "127.0.0.1"),
    ("six.test.", RecordType::AAAA, "::1"),
];

const SOA: &str = "ns.zone.test. admin.zone.test. 2026112201 7200 3600 1209600 300";

impl Start<'_> {
    pub(super) async fn dns(&mut self) {
        let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = tcp.local_addr().unwrap();
        self.name("dns", address);
        self.name("dns_port", address.port());
        let udp = UdpSocket::bind(address).await.unwrap();
        tokio::spawn(over_udp(udp));
        tokio::spawn(async move {
            while let Ok((stream, _)) = tcp.accept().await {
                tokio::spawn(over_stream(stream));
            }
        });
    }

    pub(super) async fn dns_over_tls(&mut self, config: ServerConfig) {
        let acceptor = TlsAcceptor::from(Arc::new(config));
        self.serve("dot", move |stream| {
            let acceptor = acceptor.clone();
            async move {
                if let Ok(stream) = acceptor.accept(stream).await {
                    over_stream(stream).await;
                }
            }
        })
        .await;
    }
}

async fn over_udp(socket: UdpSocket) {
    let mut buffer = [0; 2000];
    while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
        for answer in answers(buffer.get(..length).unwrap_or_default(), true) {
            socket.send_to(&answer, from).await.ok();
        }
    }
}

async fn over_stream(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    let Ok(length) = stream.read_u16().await else {
        return;
    };
    let mut question = vec![0; usize::from(length)];
    if stream.read_exact(&mut question).await.is_err() {
        return;
    }
    for answer in answers(&question, false) {
        let mut framed = u16::try_from(answer.len()).unwrap().to_be_bytes().to_vec();
        framed.extend(answer);
        stream.write_all(&framed).await.ok();
        stream.flush().await.ok();
    }
    // So that a probe that finds too little waits, as it does over UDP.
    tokio::time::sleep(Duration::from_secs(5)).await;
}

/// What is sent for a question: mostly one message.
fn answers(question: &[u8], udp: bool) -> Vec<Vec<u8>> {
    let Ok(question) = Message::from_vec(question) else {
        return Vec::new();
    };
    let name = question.queries[0].name().to_string();
    let answer = zone_answer(&question);
    let with_id = |id: u16| {
        let mut answer = answer.clone();
        answer.metadata.id = id;
        answer.to_vec().unwrap()
    };
    let id = question.metadata.id;
    match name.split('.').next().unwrap_or_default() {
        "silent" => Vec::new(),
        "garbage" => vec![b"this is no DNS message, whatever it may be".to_vec()],
        "short" => vec![vec![0; 5]],
        "wrong-id" => vec![with_id(id.wrapping_add(1))],
        "wrong-id-first" => vec![with_id(id.wrapping_add(1)), with_id(id)],
        "cut" => {
            let whole = with_id(id);
            vec![whole[..whole.len() - 5].to_vec()]
        }
        "truncated" if udp => {
            let mut answer = response(&question);
            answer.metadata.truncation = true;
            vec![answer.to_vec().unwrap()]
        }
        _ => vec![with_id(id)],
    }
}

fn response(question: &Message) -> Message {
    let mut answer = Message::response(question.metadata.id, question.metadata.op_code);
    answer.metadata = Metadata::response_from_request(&question.metadata);
    answer.metadata.recursion_available = true;
    answer.add_query(question.queries[0].clone());
    answer
}

fn record(name: &Name, class: DNSClass, kind: RecordType, data: &str) -> Record {
    let mut record = Record::from_rdata(name.clone(), 300, RData::try_from_str(kind, data).unwrap());
    record.dns_class = class;
    record
}

fn zone_answer(question: &Message) -> Message {
    let mut answer = response(question);
    let query = &question.queries[0];
    let (name, class, kind) = (query.name(), query.query_class(), query.query_type());
    let text = name.to_string().to_lowercase();
    let code = match text.split('.').next().unwrap_or_default() {
        "nowhere" => ResponseCode::NXDomain,
        "servfail" => ResponseCode::ServFail,
        "refused" => ResponseCode::Refused,
        _ => ResponseCode::NoError,
    };
    answer.metadata.response_code = code;
    let zone = Name::from_ascii("zone.test.").unwrap();
    if code == ResponseCode::NXDomain {
        answer.add_authority(record(&zone, class, RecordType::SOA, SOA));
    }
    if text.starts_with("asked.") {
        // Tells what it was asked.
        let told = format!("\"rd={} class={class}\"", question.metadata.recursion_desired);
        answer.add_answer(record(name, class, RecordType::TXT, &told));
    }
    if text.starts_with("many.") {
        let address = |last| record(name, class, RecordType::A, &format!("192.0.2.{last}"));
        answer.add_answers((1..=20).map(address));
    }
    for (owner, of, data) in ZONE {
        if *owner == text && (*of == kind || kind == RecordType::ANY) {
            answer.add_answer(record(name, class, *of, data));
        }
    }
    if kind == RecordType::MX && !answer.answers.is_empty() {
        answer.add_authority(record(&zone, class, RecordType::NS, "ns.zone.test."));
        let mail = Name::from_ascii("mail.zone.test.").unwrap();
        answer.add_additional(record(&mail, class, RecordType::A, "192.0.2.25"));
        answer.add_additional(record(&mail, class, RecordType::AAAA, "2001:db8::25"));
    }
    answer
}
