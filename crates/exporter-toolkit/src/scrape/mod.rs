//! From a scraper's request to bytes: which collectors run, on which threads, until when.

mod crew;
mod registry;
mod request;
mod round;
mod status;

pub use registry::{Registry, RegistryBuilder, ScrapeDescs, SelectError};
pub use request::{Answer, Refusal, Request, Scrape, deadline_from_header};
