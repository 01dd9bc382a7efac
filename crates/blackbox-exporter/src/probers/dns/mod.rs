//! A question to a DNS server, and what the answer must be.

mod edns;
mod exchange;
mod layout;
mod location;
mod message;
mod prober;
mod rdata;
mod record;
mod registry;
mod service;
mod target;
mod validation;
mod wire;

pub(super) use prober::SPEC;
