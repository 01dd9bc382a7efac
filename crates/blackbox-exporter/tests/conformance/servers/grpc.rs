//! gRPC's health service on hyper: the name of the service says how it is.

use std::convert::Infallible;
use std::sync::Arc;

use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;

use super::Start;

impl Start<'_> {
    pub(super) async fn grpc(&mut self) {
        self.serve("grpc", serve).await;
    }

    pub(super) async fn grpc_over_tls(&mut self, config: ServerConfig) {
        let acceptor = TlsAcceptor::from(Arc::new(config));
        self.serve("grpc_tls", move |stream| {
            let acceptor = acceptor.clone();
            async move {
                if let Ok(stream) = acceptor.accept(stream).await {
                    serve(stream).await;
                }
            }
        })
        .await;
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
    let service = hyper::service::service_fn(|request| async { Ok::<_, Infallible>(answer(request).await) });
    hyper::server::conn::http2::Builder::new(TokioExecutor::new())
        .serve_connection(TokioIo::new(stream), service)
        .await
        .ok();
}

/// The status of the call, and what the service says of itself.
async fn answer(request: Request<Incoming>) -> Response<BoxBody<Bytes, Infallible>> {
    let (head, body) = request.into_parts();
    let message = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    // A frame's head of 5 bytes, then field 1: a tag and a length.
    let service = String::from_utf8_lossy(message.get(7..).unwrap_or_default()).into_owned();
    let has_token = head.headers.get_all("x-token").iter().eq(["one", "two"]);
    let (code, health) = match (head.uri.path(), service.as_str()) {
        ("/grpc.health.v1.Health/Check", "" | "serving") => (0, Some(1)),
        ("/grpc.health.v1.Health/Check", "token") if has_token => (0, Some(1)),
        ("/grpc.health.v1.Health/Check", "token") => (16, None),
        ("/grpc.health.v1.Health/Check", "unknown") => (0, Some(0)),
        ("/grpc.health.v1.Health/Check", "down") => (0, Some(2)),
        ("/grpc.health.v1.Health/Check", "service-unknown") => (0, Some(3)),
        ("/grpc.health.v1.Health/Check", "unimplemented") => (12, None),
        ("/grpc.health.v1.Health/Check", "slow") => std::future::pending().await,
        ("/grpc.health.v1.Health/Check", _) => (5, None),
        _ => (12, None),
    };
    response(code, health)
}

fn response(code: u8, health: Option<u8>) -> Response<BoxBody<Bytes, Infallible>> {
    let body = match health {
        None => Vec::new(),
        // Protobuf leaves out zeros.
        Some(0) => vec![0, 0, 0, 0, 0],
        Some(health) => vec![0, 0, 0, 0, 2, 8, health],
    };
    let trailers = HeaderMap::from_iter([(
        HeaderName::from_static("grpc-status"),
        HeaderValue::from(u16::from(code)),
    )]);
    let body = Full::from(body).with_trailers(async { Some(Ok(trailers)) });
    let response = Response::builder().header("content-type", "application/grpc");
    response.body(body.boxed()).unwrap()
}
