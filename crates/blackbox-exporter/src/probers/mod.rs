//! The probers: one file or folder each, one line each.

mod address;
mod conversation;
mod dns;
mod files;
mod grpc;
mod http;
mod icmp;
mod phase;
#[cfg(test)]
mod rig;
mod source;
mod tcp;
#[cfg(test)]
mod trial;
mod unix;
mod websocket;

use crate::probe::ProberSpec;

/// All probers by name.
pub(crate) const PROBERS: &[ProberSpec] = &[
    dns::SPEC,
    grpc::SPEC,
    http::SPEC,
    icmp::SPEC,
    tcp::SPEC,
    unix::SPEC,
    websocket::SPEC,
];
