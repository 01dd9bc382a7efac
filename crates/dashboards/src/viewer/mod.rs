//! The mini-Grafana: dashboards' files as pages, without Grafana.

mod assets;
mod controls;
mod files;
mod list;
mod page;
mod query;
mod server;

pub use files::{Entry, Shelf};
pub use page::report;
pub use server::{Site, serve};
