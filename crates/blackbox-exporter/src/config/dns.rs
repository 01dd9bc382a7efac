//! The block of the dns prober.

use super::block::block;
use super::dns_names::{is_class, is_type};
use super::ip::{IpChoice, IpProtocol};
use super::pattern::Pattern;
use super::tls::TlsConfig;

block! {
    /// A question and what the answer must be.
    pub(crate) struct DnsModule finished by checked {
        /// Which addresses of the server are taken.
        preferred_ip_protocol: IpProtocol,
        /// Whether the other kind will do.
        ip_protocol_fallback: bool = true,
        /// DNS over TLS; needs `transport_protocol: tcp`.
        dns_over_tls: bool,
        /// How to speak TLS.
        tls_config: TlsConfig,
        /// The address to come from.
        source_ip_address: String,
        /// `udp` or `tcp`.
        transport_protocol: String,
        /// The class to ask for, IN if empty.
        query_class: String,
        /// The name to ask for.
        query_name: String,
        /// The type to ask for, ANY if empty.
        query_type: String,
        /// Whether the server is to ask others.
        recursion_desired: bool = true,
        /// Codes that are a success, NOERROR if none.
        valid_rcodes: Vec<String>,
        /// What the answers must be.
        validate_answer_rrs: RecordMatchers,
        /// What the authorities must be.
        validate_authority_rrs: RecordMatchers,
        /// What else must be there.
        validate_additional_rrs: RecordMatchers,
    }
}

block! {
    /// Expressions on the text of records.
    pub(crate) struct RecordMatchers {
        /// Fail if any record matches any of these.
        fail_if_matches_regexp: Vec<Pattern>,
        /// Fail if all records match one of these.
        fail_if_all_match_regexp: Vec<Pattern>,
        /// Fail if any record does not match all of these.
        fail_if_not_matches_regexp: Vec<Pattern>,
        /// Fail if no record matches one of these.
        fail_if_none_matches_regexp: Vec<Pattern>,
    }
}

impl DnsModule {
    /// Which addresses of the server are taken.
    pub(crate) fn ip_choice(&self) -> IpChoice {
        IpChoice {
            preferred: self.preferred_ip_protocol,
            fallback: self.ip_protocol_fallback,
        }
    }
}

fn checked(dns: DnsModule) -> Result<DnsModule, String> {
    if dns.query_name.is_empty() {
        return Err("query name must be set for DNS module".to_owned());
    }
    if !dns.query_class.is_empty() && !is_class(&dns.query_class) {
        return Err(format!("query class '{}' is not valid", dns.query_class));
    }
    if !dns.query_type.is_empty() && !is_type(&dns.query_type) {
        return Err(format!("query type '{}' is not valid", dns.query_type));
    }
    Ok(dns)
}
