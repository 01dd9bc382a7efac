//! The block of the websocket prober, which upstream has after 0.28.

use std::collections::BTreeMap;

use super::block::block;
use super::client::{Authorization, BasicAuth, HttpHeader};
use super::ip::{IpChoice, IpProtocol};
use super::scalar::Secret;
use super::tcp::QueryResponse;
use super::tls::TlsConfig;

block! {
    /// A conversation in messages over a WebSocket.
    pub(crate) struct WebsocketModule {
        /// Who we are, and how to speak TLS.
        http_config: WebsocketClient,
        /// More headers of the request.
        headers: BTreeMap<String, HttpHeader>,
        /// What to say and to hear, in order; of an entry only `expect` and `send`.
        query_response: Vec<QueryResponse>,
        /// Which addresses of the target are taken.
        preferred_ip_protocol: IpProtocol,
        /// Whether the other kind will do.
        ip_protocol_fallback: bool = true,
    }
}

block! {
    /// Of an HTTP client's configuration what counts for a WebSocket.
    pub(crate) struct WebsocketClient {
        /// User and password.
        basic_auth: Option<BasicAuth>,
        /// Another scheme.
        authorization: Option<Authorization>,
        /// The older way to say Bearer.
        bearer_token: Secret,
        /// A file with the token.
        bearer_token_file: String,
        /// How to speak TLS.
        tls_config: TlsConfig,
    }
}

impl WebsocketModule {
    /// Which addresses of the target are taken.
    pub(crate) fn ip_choice(&self) -> IpChoice {
        IpChoice {
            preferred: self.preferred_ip_protocol,
            fallback: self.ip_protocol_fallback,
        }
    }
}
