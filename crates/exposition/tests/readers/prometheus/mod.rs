//! A Prometheus server that scrapes the table in every format.

mod api;
mod process;
mod scrape;
mod target;
