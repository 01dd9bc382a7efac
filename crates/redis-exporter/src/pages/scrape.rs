//! `/scrape?target=…`: scrapes a target that the request names.

use std::sync::Arc;
use std::time::Instant;

use exporter_toolkit::collector::Collector;
use exporter_toolkit::scrape::deadline_from_header;
use exporter_toolkit::web::{self, PageRequest, Reply, Wanted};
use exposition::{Encoder, Gzip, assemble};
use hyper::StatusCode;

use super::RedisPages;
use crate::build_info::BuildInfo;
use crate::context::Context;
use crate::output::Output;
use crate::program::PROGRAM;
use crate::scrape::{Scrape, scrape};
use crate::settings::Options;
use crate::target::Target;
use crate::totals::Totals;

/// Scrapes as the request says.
pub(super) async fn answer(pages: &RedisPages, request: PageRequest<'_>) -> Reply {
    let wanted =
        target(request.query).and_then(|target| Ok((target, options(&pages.context.settings.options, request.query)?)));
    let (target, options) = match wanted {
        Ok(wanted) => wanted,
        Err(text) => {
            pages.totals.count_request_error();
            return web::text(StatusCode::BAD_REQUEST, format!("{text}\n"));
        }
    };
    let header = request.headers.get("X-Prometheus-Scrape-Timeout-Seconds");
    let time = deadline_from_header(header.and_then(|value| value.to_str().ok()));
    let wanted = Wanted::of(request.headers, &PROGRAM.offer);
    let order = Order {
        context: Arc::clone(&pages.context),
        build: pages.build.clone(),
        options,
        target,
        deadline: Instant::now() + time,
        wanted,
    };
    match pages.workers.run(move || carry_out(order)).await {
        Some(body) => wanted.reply(body),
        // A panic ended it; its own message is on standard error.
        None => web::text(
            StatusCode::INTERNAL_SERVER_ERROR,
            "The scrape was lost; see the log.\n".to_owned(),
        ),
    }
}

/// A scrape to be made on a worker's thread.
struct Order {
    context: Arc<Context>,
    build: Option<BuildInfo>,
    options: Options,
    target: Target,
    deadline: Instant,
    wanted: Wanted,
}

/// The target that is named, or why there is none.
fn target(query: &str) -> Result<Target, String> {
    let named = param(query, "target").ok_or("'target' parameter must be specified")?;
    let target =
        Target::parse(&named).map_err(|failure| format!("Invalid 'target' parameter, parse err: {failure}"))?;
    Ok(target.without_password())
}

/// What to ask for: as the flags say, unless the request chooses otherwise.
fn options(flags: &Options, query: &str) -> Result<Options, String> {
    let keys = flags.keys.chosen(|name| param(query, name));
    let keys = keys.map_err(|error| format!("NewRedisExporter() error: {error}"))?;
    Ok(Options {
        keys: Arc::new(keys),
        ..flags.clone()
    })
}

/// The first value of a parameter; an empty one is none.
fn param(query: &str, name: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    let value = pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    value.filter(|value| !value.is_empty())
}

/// Scrapes, and makes the answer's body. As upstream has it, every request is the first.
async fn carry_out(order: Order) -> Vec<u8> {
    let mut encoder = Encoder::new(order.wanted.format);
    encoder.reset(order.wanted.format, order.wanted.escaping);
    let totals = Totals::default();
    totals.begin();
    {
        let mut out = Output::new(&mut encoder, &order.context.settings.namespace);
        let scrape_order = Scrape {
            context: &order.context,
            target: &order.target,
            options: &order.options,
            deadline: order.deadline,
        };
        totals.observe(scrape(&scrape_order, &mut String::new(), &mut out).await);
        out.set_role(None);
        totals.encode(&mut out);
    }
    if let Some(mut build) = order.build {
        // It cannot fail.
        drop(build.collect(&mut encoder));
    }
    let mut body = Vec::new();
    // A series that comes twice is a target's own fault; here the first one counts.
    drop(assemble([&encoder], &mut body));
    if !order.wanted.gzip {
        return body;
    }
    let mut packed = Vec::new();
    Gzip::new().compress(&body, &mut packed);
    packed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_named_without_its_password() {
        let target = target("target=redis%3A%2F%2Fu%3Ahunter2%40a%3A1&check-keys=x").unwrap();
        assert_eq!(target.to_string(), "redis://a:1");
        assert_eq!(target.credentials.user.as_deref(), Some("u"));
        assert_eq!(target.credentials.password, None);
    }

    #[test]
    fn a_request_without_a_usable_target_is_told_so() {
        for (query, text) in [
            ("", "'target' parameter must be specified"),
            ("target=", "'target' parameter must be specified"),
            (
                "target=redis://u:hunter2@a:b",
                "Invalid 'target' parameter, parse err: the address has no usable host and port",
            ),
        ] {
            assert_eq!(target(query), Err(text.to_owned()), "{query}");
        }
    }
}
