//! `/discover-cluster-nodes`: the nodes of the cluster, in the format of Prometheus' discovery over HTTP.

use std::sync::Arc;
use std::time::{Duration, Instant};

use exporter_toolkit::web::{self, Reply};
use hyper::StatusCode;
use serde_json::json;

use super::RedisPages;
use crate::cluster::addresses;
use crate::connection::{Reply as RedisReply, Request};
use crate::context::Context;
use crate::target::{Place, Target};

/// How long whoever asks may wait.
const PATIENCE: Duration = Duration::from_secs(10);

/// Asks the target for the nodes.
pub(super) async fn answer(pages: &RedisPages) -> Reply {
    if !pages.context.settings.is_cluster {
        let text = "The discovery endpoint is only available on a redis cluster\n";
        return web::text(StatusCode::BAD_REQUEST, text.to_owned());
    }
    let context = Arc::clone(&pages.context);
    match pages.workers.run(move || async move { nodes(&context).await }).await {
        Some(Ok(nodes)) => web::json(format!("{:#}", json!([{ "targets": nodes, "labels": {} }]))),
        Some(Err(why)) => web::text(StatusCode::INTERNAL_SERVER_ERROR, format!("{why}\n")),
        // A panic ended it; its own message is on standard error.
        None => web::text(
            StatusCode::INTERNAL_SERVER_ERROR,
            "The nodes were lost; see the log.\n".to_owned(),
        ),
    }
}

/// The addresses of the nodes, or why they cannot be told.
async fn nodes(context: &Context) -> Result<Vec<String>, String> {
    let target = context.settings.target.as_ref();
    let target = target.ok_or("Couldn't connect to redis cluster: --redis.addr is empty")?;
    let nodes = fetch(context, target).await;
    if let Err(why) = &nodes {
        context.told.missing(target, "cluster nodes", why);
    }
    let scheme = match &target.place {
        Place::Host { tls: true, .. } => "rediss",
        _ => "redis",
    };
    Ok(addresses(&nodes?, scheme, context.settings.cluster_hostnames))
}

async fn fetch(context: &Context, target: &Target) -> Result<String, String> {
    let connection = context.connect(target, Instant::now() + PATIENCE).await;
    let mut connection = connection.map_err(|failure| format!("Couldn't connect to redis cluster: {failure}"))?;
    let mut request = Request::default();
    request.push("CLUSTER NODES", &["CLUSTER", "NODES"]);
    let answers = connection.ask(&request).await;
    let why = match (answers.reply(0), answers.failure()) {
        (Some(RedisReply::Text(text)), _) => return Ok(String::from_utf8_lossy(text).into_owned()),
        (Some(RedisReply::Error(error)), _) => String::from_utf8_lossy(error).into_owned(),
        (_, Some(failure)) => failure.to_string(),
        _ => "CLUSTER NODES was answered with no text".to_owned(),
    };
    Err(format!("Failed to fetch cluster nodes: {why}"))
}
