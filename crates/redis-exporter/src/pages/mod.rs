//! What the exporter answers beside its telemetry path.

mod discover;
mod scrape;

use std::sync::Arc;

use exporter_toolkit::web::{self, Link, PageRequest, Pages, PendingReply, Reply};
use exporter_toolkit::workers::Workers;
use hyper::StatusCode;

use crate::build_info::BuildInfo;
use crate::context::Context;
use crate::totals::Totals;

/// The exporter's pages.
pub(crate) struct RedisPages {
    context: Arc<Context>,
    /// Of the telemetry path, which tells of requests that made no sense.
    totals: Arc<Totals>,
    workers: Workers,
    build: Option<BuildInfo>,
}

impl RedisPages {
    /// Pages that scrape with these workers.
    pub(crate) fn new(context: Arc<Context>, totals: Arc<Totals>, workers: Workers, build: Option<BuildInfo>) -> Self {
        Self {
            context,
            totals,
            workers,
            build,
        }
    }

    async fn route(&self, request: PageRequest<'_>) -> Option<Reply> {
        let without_scrape = self.context.settings.without_scrape_endpoint;
        match request.path {
            "/scrape" if !without_scrape => Some(scrape::answer(self, request).await),
            "/discover-cluster-nodes" => Some(discover::answer(self).await),
            "/health" => Some(web::text(StatusCode::OK, "ok".to_owned())),
            "/-/reload" => Some(self.reload().await),
            _ => None,
        }
    }

    /// As upstream has it, any method will do.
    async fn reload(&self) -> Reply {
        if self.context.passwords.is_none() {
            return web::text(StatusCode::BAD_REQUEST, "There is no pwd file specified\n".to_owned());
        }
        let context = Arc::clone(&self.context);
        let reloaded = self.workers.run(move || async move {
            let passwords = context.passwords.as_ref();
            passwords.map_or(Ok(()), |passwords| passwords.reload())
        });
        match reloaded
            .await
            .unwrap_or_else(|| Err("the thread that reads it is gone".to_owned()))
        {
            Ok(()) => {
                log::info!("Reloaded the password file");
                web::text(StatusCode::OK, "ok".to_owned())
            }
            Err(error) => {
                log::error!(err = error; "The password file cannot be used; the old passwords stay");
                let text = format!("failed to reload passwords file: {error}\n");
                web::text(StatusCode::INTERNAL_SERVER_ERROR, text)
            }
        }
    }
}

impl Pages for RedisPages {
    fn links(&self) -> Vec<Link> {
        Vec::new()
    }

    fn answer<'a>(&'a self, request: PageRequest<'a>) -> PendingReply<'a> {
        Box::pin(self.route(request))
    }
}
