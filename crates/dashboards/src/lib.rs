//! Grafana's dashboards without Grafana: the model of their JSON, the filling of their variables, queries to Prometheus, and
//! what is drawn from the answers.
#![forbid(unsafe_code)]

pub mod lint;
pub mod model;
pub mod prometheus;
pub mod variables;
