//! Grafana's dashboards without Grafana: the model of their JSON, the filling of their variables, queries to Prometheus, and
//! what is drawn from the answers.
#![forbid(unsafe_code)]

pub mod board;
pub mod charts;
pub mod data;
pub mod lint;
pub mod look;
pub mod model;
pub mod prometheus;
pub mod terminal;
pub mod time;
pub mod units;
pub mod variables;
pub mod viewer;
