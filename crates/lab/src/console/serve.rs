//! The console's web server: posts of a bounded size from a bounded number of clients, each for a bounded time.

use std::{convert::Infallible, sync::Arc, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::{
    Method, Request, Response, StatusCode,
    body::Incoming,
    header::{CONTENT_TYPE, HeaderValue, ORIGIN},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::{sleep, timeout},
};

use super::{Console, notification};

/// Alertmanager sends all alerts of a group: a thousand of them, with their texts.
const LARGEST: usize = 4 * 1024 * 1024;
const CLIENTS: usize = 64;
/// For a request, from its first byte to its last.
const WITHIN: Duration = Duration::from_secs(10);
/// Out of descriptors: those who hold them may be gone by then.
const PAUSE: Duration = Duration::from_millis(100);

/// Never comes back.
pub(super) async fn serve(listener: TcpListener, console: Arc<Console>) {
    let places = Arc::new(Semaphore::new(CLIENTS));
    loop {
        // Never closed, so there is always a place in the end.
        let place = Arc::clone(&places).acquire_owned().await;
        let Ok((stream, _)) = listener.accept().await else {
            sleep(PAUSE).await;
            continue;
        };
        let console = Arc::clone(&console);
        tokio::spawn(async move {
            connection(stream, &console).await;
            drop(place);
        });
    }
}

async fn connection(stream: TcpStream, console: &Console) {
    let answer = |request| async { Ok::<_, Infallible>(answer(request, console).await) };
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(WITHIN)
        .serve_connection(TokioIo::new(stream), service_fn(answer));
    // A client that hangs up or talks nonsense has nobody to tell here.
    connection.await.ok();
}

async fn answer(request: Request<Incoming>, console: &Console) -> Response<Full<Bytes>> {
    match (request.method(), request.uri().path()) {
        (&Method::GET, "/-/healthy" | "/-/ready") => reply(StatusCode::OK, "ok\n".to_owned()),
        (&Method::GET, "/") => {
            let mut response = reply(StatusCode::OK, console.report());
            let json = HeaderValue::from_static("application/json");
            response.headers_mut().insert(CONTENT_TYPE, json);
            response
        }
        (&Method::POST, _) => {
            let (status, text) = match take(request, console).await {
                // Slack's own word, to the byte: anything else is an error to Alertmanager 0.26 and newer.
                Ok(()) => (StatusCode::OK, "ok".to_owned()),
                Err((status, why)) => (status, why + "\n"),
            };
            reply(status, text)
        }
        (&Method::GET, _) => reply(StatusCode::NOT_FOUND, "GET / says what has come\n".to_owned()),
        _ => reply(StatusCode::METHOD_NOT_ALLOWED, "POST a notification\n".to_owned()),
    }
}

/// Any path will do: Slack's have one of their own.
async fn take(request: Request<Incoming>, console: &Console) -> Result<(), (StatusCode, String)> {
    if request.headers().contains_key(ORIGIN) {
        // A page of some site, in the browser of whoever runs this.
        return Err((
            StatusCode::FORBIDDEN,
            "notifications come from programs, not from pages".to_owned(),
        ));
    }
    let body = timeout(WITHIN, Limited::new(request.into_body(), LARGEST).collect()).await;
    let body = body.map_err(|_| (StatusCode::REQUEST_TIMEOUT, "the body did not come in time".to_owned()))?;
    let body = body.map_err(|error| {
        if error.is::<LengthLimitError>() {
            (StatusCode::PAYLOAD_TOO_LARGE, format!("more than {LARGEST} bytes"))
        } else {
            (StatusCode::BAD_REQUEST, format!("reading the body: {error}"))
        }
    })?;
    let notification = notification::parse(&body.to_bytes()).map_err(|why| (StatusCode::BAD_REQUEST, why))?;
    console.take(notification);
    Ok(())
}

fn reply(status: StatusCode, text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    response
}
