//! Answers of Docker and Podman as they come, with the fields that are needed. Any may be missing or null.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;

/// Text that is copied only where it has escapes, also within an `Option`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Text<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

pub(super) type Labels = BTreeMap<String, Option<String>>;

/// An entry of `/containers/json`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Entry<'a> {
    #[serde(borrow)]
    pub(super) id: Text<'a>,
    #[serde(borrow)]
    pub(super) names: Option<Vec<Text<'a>>>,
    #[serde(borrow)]
    pub(super) image: Option<Text<'a>>,
    pub(super) labels: Option<Labels>,
    /// In seconds since 1970.
    pub(super) created: Option<i64>,
    #[serde(borrow)]
    pub(super) state: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) host_config: Option<HostConfig<'a>>,
}

/// `/containers/ID/json`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Whole<'a> {
    #[serde(borrow)]
    pub(super) id: Text<'a>,
    #[serde(borrow)]
    pub(super) name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) created: Option<Text<'a>>,
    pub(super) restart_count: Option<i64>,
    #[serde(borrow)]
    pub(super) state: Option<Status<'a>>,
    #[serde(borrow)]
    pub(super) config: Option<Config<'a>>,
    #[serde(borrow)]
    pub(super) host_config: Option<HostConfig<'a>>,
    #[serde(borrow)]
    pub(super) graph_driver: Option<GraphDriver<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Status<'a> {
    #[serde(borrow)]
    pub(super) status: Option<Text<'a>>,
    pub(super) running: Option<bool>,
    pub(super) paused: Option<bool>,
    pub(super) restarting: Option<bool>,
    pub(super) dead: Option<bool>,
    #[serde(rename = "OOMKilled")]
    pub(super) oom_killed: Option<bool>,
    pub(super) pid: Option<i64>,
    pub(super) exit_code: Option<i64>,
    #[serde(borrow)]
    pub(super) started_at: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) finished_at: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) health: Option<HealthStatus<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct HealthStatus<'a> {
    #[serde(borrow)]
    pub(super) status: Option<Text<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Config<'a> {
    #[serde(borrow)]
    pub(super) image: Option<Text<'a>>,
    pub(super) labels: Option<Labels>,
    #[serde(borrow)]
    pub(super) env: Option<Vec<Text<'a>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct HostConfig<'a> {
    #[serde(borrow)]
    pub(super) network_mode: Option<Text<'a>>,
    pub(super) memory: Option<i64>,
    pub(super) memory_swap: Option<i64>,
    pub(super) memory_reservation: Option<i64>,
    pub(super) cpu_shares: Option<i64>,
    pub(super) cpu_period: Option<i64>,
    pub(super) cpu_quota: Option<i64>,
    pub(super) nano_cpus: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GraphDriver<'a> {
    #[serde(borrow)]
    pub(super) data: Option<GraphData<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GraphData<'a> {
    #[serde(borrow)]
    pub(super) upper_dir: Option<Text<'a>>,
}
