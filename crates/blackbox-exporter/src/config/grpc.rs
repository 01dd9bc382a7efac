//! The block of the grpc prober.

use super::block::block;
use super::ip::{IpChoice, IpProtocol};
use super::tcp::Multimap;
use super::tls::TlsConfig;

block! {
    /// A health check over gRPC.
    pub(crate) struct GrpcModule {
        /// The service to ask about; empty: the whole server.
        service: String,
        /// Whether to speak TLS.
        tls: bool,
        /// How to speak TLS.
        tls_config: TlsConfig,
        /// Whether the other kind of address will do.
        ip_protocol_fallback: bool = true,
        /// Which addresses of the target are taken.
        preferred_ip_protocol: IpProtocol,
        /// More headers of the call.
        metadata: Multimap,
    }
}

impl GrpcModule {
    /// What a module without the block has. Only here upstream forgets the block's own default.
    pub(super) fn absent() -> Self {
        Self {
            ip_protocol_fallback: false,
            ..Self::default()
        }
    }

    /// Which addresses of the target are taken.
    pub(crate) fn ip_choice(&self) -> IpChoice {
        IpChoice {
            preferred: self.preferred_ip_protocol,
            fallback: self.ip_protocol_fallback,
        }
    }
}
