//! The blocks of the tcp and unix probers.

use std::collections::BTreeMap;

use super::block::block;
use super::ip::{IpChoice, IpProtocol};
use super::pattern::Pattern;
use super::tls::TlsConfig;

block! {
    /// A conversation over TCP.
    pub(crate) struct TcpModule {
        /// Which addresses of the target are taken.
        preferred_ip_protocol: IpProtocol,
        /// Whether the other kind will do.
        ip_protocol_fallback: bool = true,
        /// The address to come from.
        source_ip_address: String,
        /// What to say and to hear, in order.
        query_response: Vec<QueryResponse>,
        /// Whether to speak TLS from the beginning.
        tls: bool,
        /// How to speak TLS.
        tls_config: TlsConfig,
    }
}

block! {
    /// A conversation over a Unix socket.
    pub(crate) struct UnixModule {
        /// What to say and to hear, in order.
        query_response: Vec<QueryResponse>,
        /// Whether to speak TLS from the beginning.
        tls: bool,
        /// How to speak TLS.
        tls_config: TlsConfig,
    }
}

block! {
    /// One step of a conversation.
    pub(crate) struct QueryResponse finished by checked {
        /// A line that must come.
        expect: Option<Pattern>,
        /// Bytes that must come.
        expect_bytes: String,
        /// Labels to make of what matched.
        labels: Vec<ExpectLabel>,
        /// What to say, a line end behind it; `${1}` and `${name}` are what matched.
        send: String,
        /// Whether to speak TLS from here.
        starttls: bool,
    }
}

block! {
    /// A label of `probe_expect_info`.
    pub(crate) struct ExpectLabel {
        /// Its name.
        name: String,
        /// Its value; `${1}` and `${name}` are what matched.
        value: String,
    }
}

impl TcpModule {
    /// Which addresses of the target are taken.
    pub(crate) fn ip_choice(&self) -> IpChoice {
        IpChoice {
            preferred: self.preferred_ip_protocol,
            fallback: self.ip_protocol_fallback,
        }
    }
}

/// Metadata and headers of several values.
pub(crate) type Multimap = BTreeMap<String, Vec<String>>;

fn checked(mut step: QueryResponse) -> Result<QueryResponse, &'static str> {
    // Nothing to expect is the same as an empty expression.
    step.expect = step.expect.filter(|expect| !expect.text().is_empty());
    if step.expect.is_some() && !step.expect_bytes.is_empty() {
        return Err("expect and expect_bytes are mutually exclusive");
    }
    Ok(step)
}
