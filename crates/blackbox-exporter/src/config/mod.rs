//! blackbox.yml: modules by name, each with a block for its prober. The keys are upstream's, and so are the errors.

mod block;
pub(crate) mod cel;
mod client;
mod compression;
mod dns;
mod dns_names;
mod grpc;
mod http;
mod icmp;
mod ip;
mod load;
mod module;
mod pattern;
mod scalar;
mod shown;
mod tcp;
mod tls;
mod websocket;

#[cfg(test)]
pub(crate) use client::{Authorization, HttpHeader};
pub(crate) use client::{BasicAuth, OAuth2};
pub(crate) use dns::{DnsModule, RecordMatchers};
pub(crate) use grpc::GrpcModule;
pub(crate) use http::{HeaderMatch, HttpModule};
pub(crate) use icmp::IcmpModule;
pub(crate) use ip::{IpChoice, IpProtocol};
pub(crate) use load::parse;
pub(crate) use module::{Config, Module};
pub(crate) use pattern::Pattern;
pub(crate) use scalar::Secret;
pub(crate) use shown::{Layout, yaml};
pub(crate) use tcp::{ExpectLabel, QueryResponse};
pub(crate) use tls::{TlsConfig, TlsVersion};
pub(crate) use websocket::WebsocketModule;
