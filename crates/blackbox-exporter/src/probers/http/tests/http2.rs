//! HTTP/2, as after a handshake that agreed on it.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Instant;

use bytes::Bytes;
use http_body_util::Full;
use tokio::net::TcpListener;

use super::super::connect::Carrier;
use super::super::exchange;
use super::{PLENTY, on_a_worker};
use crate::config;
use crate::failure::{Reason, Step};
use crate::found::Found;
use crate::net::Network;
use crate::probe::Probe;
use crate::probe_log::ProbeLog;

/// A server of HTTP/2 without TLS that answers each stream in this way.
async fn http2_server(act: impl Fn(h2::server::SendResponse<Bytes>) + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(tokio::task::spawn_local(async move {
        let (stream, _) = listener.accept().await.expect("a connection");
        let mut connection = h2::server::handshake(stream).await.expect("a preface");
        while let Some(Ok((_, respond))) = connection.accept().await {
            act(respond);
        }
    }));
    address
}

/// Asks such a server, as after a handshake that agreed on HTTP/2.
async fn ask_http2(address: SocketAddr) -> Result<(u16, Bytes), Reason> {
    let config = config::parse("modules: {m: {prober: http}}").expect("a configuration");
    let (log, network) = (ProbeLog::new("m", "t", log::Level::Error), Network::default());
    let probe = Probe {
        target: "t",
        hostname: None,
        module: config.modules.get("m").expect("the module"),
        deadline: Instant::now() + PLENTY,
        log: &log,
        network: &network,
        found: RefCell::new(Found::default()),
        step: Cell::new(Step::Prepare),
    };
    let connection = probe.connect(address, "").await.expect("it listens");
    let mut request = hyper::Request::new(Full::new(Bytes::new()));
    *request.uri_mut() = format!("http://{address}/").parse().expect("an address");
    *request.version_mut() = hyper::Version::HTTP_2;
    let first_byte = Rc::default();
    let (carrier, version) = (Carrier::Stream(connection), hyper::Version::HTTP_2);
    let exchanged = exchange::exchange(&probe, carrier, version, request, &first_byte).await;
    let exchanged = exchanged.map_err(|failure| failure.reason)?;
    assert!(first_byte.get().is_some());
    let status = exchanged.response.status().as_u16();
    let body = exchanged.response.into_body().data().await;
    body.map(|body| (status, body.unwrap_or_default()))
        .map_err(|failure| failure.reason)
}

#[test]
fn http2_answers_or_breaks_off() {
    type Respond = fn(h2::server::SendResponse<Bytes>);
    let body: Respond = |mut respond| {
        let mut stream = respond.send_response(hyper::Response::new(()), false).expect("a head");
        stream.send_data(Bytes::from_static(b"hello"), true).expect("a body");
    };
    let reset: Respond = |mut respond| respond.send_reset(h2::Reason::REFUSED_STREAM);
    let half: Respond = |mut respond| {
        let mut stream = respond.send_response(hyper::Response::new(()), false).expect("a head");
        stream.send_reset(h2::Reason::INTERNAL_ERROR);
    };
    on_a_worker(async move {
        let hello = Ok((200, Bytes::from_static(b"hello")));
        for (respond, expected) in [
            (body, hello),
            (reset, Err(Reason::ConnectionReset)),
            (half, Err(Reason::ConnectionReset)),
        ] {
            assert_eq!(ask_http2(http2_server(respond).await).await, expected);
        }
    });
}
