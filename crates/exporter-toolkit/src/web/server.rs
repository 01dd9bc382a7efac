//! Connections: taken, limited, encrypted where the web config says so, and ended in order.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use log::{debug, warn};
use tokio::sync::watch;
use tokio::time::timeout;

use super::listen::{Connection, Listener, Taken};
use super::patience::{Limits, Patience};
use super::places::{Place, Places};
use super::router::App;
use crate::scrape::Scrape;

/// Connections at a time; for one more, one that is idle has to go. Each costs some kilobytes.
const MOST_CONNECTIONS: usize = 512;

/// How long a client may take to shake hands.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// How long answers in flight may take once the server is to end.
const FAREWELL: Duration = Duration::from_secs(10);

/// How long to wait when the system has no connection to give, for want of file descriptors say.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A request's line and headers together; longer ones are answered 431 and end the connection.
const MOST_HEADER_BYTES: usize = 16 * 1024;

/// Serves `app` on all `listeners` until `shutdown` is ready, then lets the answers in flight end.
pub async fn serve<S: Scrape>(listeners: Vec<Listener>, app: App<S>, shutdown: impl Future<Output = ()>) {
    let app = Arc::new(app);
    let graceful = Arc::new(GracefulShutdown::new());
    let places = Places::new(MOST_CONNECTIONS);
    let (stop, stopped) = watch::channel(());
    let mut loops = tokio::task::JoinSet::new();
    for listener in listeners {
        let (app, places, graceful) = (Arc::clone(&app), Arc::clone(&places), Arc::clone(&graceful));
        loops.spawn(accept(listener, app, places, graceful, stopped.clone()));
    }
    shutdown.await;
    drop(stop);
    while loops.join_next().await.is_some() {}
    // The loops that shared it have ended.
    let Some(graceful) = Arc::into_inner(graceful) else {
        return;
    };
    if timeout(FAREWELL, graceful.shutdown()).await.is_err() {
        warn!("gave up on answers that clients did not take");
    }
}

async fn accept<S: Scrape>(
    mut listener: Listener,
    app: Arc<App<S>>,
    places: Arc<Places>,
    graceful: Arc<GracefulShutdown>,
    mut stopped: watch::Receiver<()>,
) {
    loop {
        let next = async { io::Result::Ok((listener.accept().await?, places.take().await)) };
        let next = tokio::select! {
            next = next => next,
            // The sender is dropped to say so; nothing is ever sent.
            _ = stopped.changed() => return,
        };
        match next {
            Ok((taken, place)) => {
                let hosted = host(taken, Arc::clone(&app), place, graceful.watcher());
                match app.workers() {
                    Some(workers) => workers.host(hosted),
                    None => drop(tokio::spawn(hosted)),
                }
            }
            Err(error) => {
                warn!(err:% = error; "accepting a connection failed");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// One connection, until it ends or its place is wanted.
async fn host<S: Scrape>(taken: Taken, app: Arc<App<S>>, place: Place, watcher: Watcher) {
    let connection = match taken.open() {
        Ok(connection) => connection,
        Err(error) => return warn!(err:% = error; "taking over a connection failed"),
    };
    let place = Arc::new(place);
    tokio::select! {
        () = converse(connection, app, Arc::clone(&place), watcher) => {}
        () = place.asked_to_leave() => debug!("an idle connection gave up its place"),
    }
}

/// One connection, from handshake to end.
async fn converse<S: Scrape>(connection: Box<dyn Connection>, app: Arc<App<S>>, place: Arc<Place>, watcher: Watcher) {
    if !app.config().is_tls() {
        return exchange(connection, app, place, watcher).await;
    }
    // The web config logs its own state, once a change.
    let Ok(Ok(settings)) = timeout(HANDSHAKE, app.config().tls()).await else {
        return;
    };
    match timeout(HANDSHAKE, tokio_rustls::TlsAcceptor::from(settings).accept(connection)).await {
        Ok(Ok(stream)) => exchange(Box::new(stream), app, place, watcher).await,
        Ok(Err(error)) => debug!(err:% = error; "TLS handshake failed"),
        Err(_) => debug!("TLS handshake took too long"),
    }
}

/// Requests and answers on one connection.
async fn exchange<S: Scrape>(connection: Box<dyn Connection>, app: Arc<App<S>>, place: Arc<Place>, watcher: Watcher) {
    let limits = Limits::default();
    let http2 = app.config().http2();
    let patient = Patience::new(connection, limits, place.serving());
    let service = service_fn(move |request: Request<Incoming>| {
        let (app, place) = (Arc::clone(&app), Arc::clone(&place));
        async move {
            place.set_serving(true);
            let reply: Response<_> = app.answer(request).await;
            place.set_serving(false);
            Ok::<_, Infallible>(reply)
        }
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .title_case_headers(true)
        .header_read_timeout(limits.idle)
        .max_buf_size(MOST_HEADER_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Duration::from_secs(60))
        .max_concurrent_streams(64)
        .max_header_list_size(MOST_HEADER_BYTES as u32);
    let builder = if http2 { builder } else { builder.http1_only() };
    let ended = watcher
        .watch(builder.serve_connection(TokioIo::new(patient), service).into_owned())
        .await;
    if let Err(error) = ended {
        debug!(err = error.to_string(); "connection ended early");
    }
}
