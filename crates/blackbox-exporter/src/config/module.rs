//! The file and its modules.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::block::block;
use super::dns::DnsModule;
use super::grpc::GrpcModule;
use super::http::HttpModule;
use super::icmp::IcmpModule;
use super::scalar::GoDuration;
use super::tcp::{TcpModule, UnixModule};
use super::websocket::WebsocketModule;

block! {
    /// The whole file.
    pub(crate) struct Config {
        /// Modules by name.
        modules: BTreeMap<String, Arc<Module>>; always,
    }
}

block! {
    /// How to probe.
    pub(crate) struct Module finished by checked {
        /// Which prober; one of [`PROBERS`](crate::probers::PROBERS).
        prober: String,
        /// How long a probe may take; 0: as long as the scrape.
        timeout: GoDuration,
        /// The DNS server, HOST or HOST:PORT, to ask for the target, an option of ours; empty: the system's.
        dns_server: String,
        /// For `http`.
        http: HttpModule,
        /// For `tcp`.
        tcp: TcpModule,
        /// For `icmp`.
        icmp: IcmpModule,
        /// For `dns`.
        dns: DnsModule,
        /// For `grpc`.
        grpc: GrpcModule = GrpcModule::absent(),
        /// For `unix`.
        unix: UnixModule,
        /// For `websocket`.
        websocket: WebsocketModule,
    }
}

/// The probers by their names in the file.
const PROBERS: [&str; 7] = ["http", "tcp", "icmp", "dns", "grpc", "unix", "websocket"];

fn checked(module: Module) -> Result<Module, String> {
    if PROBERS.contains(&module.prober.as_str()) {
        return Ok(module);
    }
    Err(format!("prober '{}' is not valid", module.prober))
}
