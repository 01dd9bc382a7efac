//! The block of the http prober.

use std::collections::BTreeMap;

use super::block::block;
use super::client::{self, Authorization, BasicAuth, HttpHeader, OAuth2};
use super::ip::{IpChoice, IpProtocol};
use super::pattern::Pattern;
use super::scalar::{ByteSize, Secret};
use super::tls::TlsConfig;
use super::{cel, compression};

block! {
    /// How to ask, and what must come back.
    pub(crate) struct HttpModule finished by checked {
        /// Statuses that are a success; none: every 2xx.
        valid_status_codes: Vec<u16>,
        /// Versions that are a success, as `HTTP/1.1`; none: every one.
        valid_http_versions: Vec<String>,
        /// Which addresses of the target are taken.
        preferred_ip_protocol: IpProtocol,
        /// Whether the other kind will do.
        ip_protocol_fallback: bool = true,
        /// Do not resolve a target that a proxy will resolve.
        skip_resolve_phase_with_proxy: bool,
        /// The older way to say whether redirects are followed; always `None` once the file is read.
        no_follow_redirects: Option<bool>,
        /// Fail over TLS.
        fail_if_ssl: bool,
        /// Fail without TLS.
        fail_if_not_ssl: bool,
        /// The upper-case method, GET if empty.
        method: String,
        /// Headers of the request; Host is the virtual host.
        headers: BTreeMap<String, String>,
        /// Fail if the body matches one of these.
        fail_if_body_matches_regexp: Vec<Pattern>,
        /// Fail if the body does not match all of these.
        fail_if_body_not_matches_regexp: Vec<Pattern>,
        /// Fail if the JSON body satisfies this expression, which compiles.
        fail_if_body_json_matches_cel: Option<String>,
        /// Fail if it does not.
        fail_if_body_json_not_matches_cel: Option<String>,
        /// Fail if a header matches.
        fail_if_header_matches: Vec<HeaderMatch>,
        /// Fail if a header does not match.
        fail_if_header_not_matches: Vec<HeaderMatch>,
        /// The request's body.
        body: String,
        /// A file with the request's body.
        body_file: String,
        /// Speak HTTP/3.
        enable_http3: bool,
        /// User and password.
        basic_auth: Option<BasicAuth>,
        /// Another scheme.
        authorization: Option<Authorization>,
        /// A token is fetched first.
        oauth2: Option<OAuth2>,
        /// The older way to say Bearer; always empty once the file is read.
        bearer_token: Secret,
        /// A file with the token; likewise.
        bearer_token_file: String,
        /// How to speak TLS.
        tls_config: TlsConfig,
        /// Whether redirects are followed; `None`: yes.
        follow_redirects: Option<bool> = Some(true),
        /// Offer HTTP/2.
        enable_http2: bool = true; always,
        /// The proxy, whose user and password are a secret.
        proxy_url: Option<Secret>,
        /// Whom to reach without it.
        no_proxy: String,
        /// Whether the environment says which proxy.
        proxy_from_environment: bool,
        /// Headers for the proxy.
        proxy_connect_header: BTreeMap<String, Vec<Secret>>,
        /// More headers of the request.
        http_headers: BTreeMap<String, HttpHeader>,
        /// How the answer must be compressed: gzip, br, deflate, identity.
        compression: String,
        /// How much of an answer's body is read; 0: all of it.
        body_size_limit: ByteSize,
    }
}

block! {
    /// A header and what it must or must not be.
    pub(crate) struct HeaderMatch finished by checked_header {
        /// The header's name.
        header: String,
        /// What it is compared with; `Some` once the file is read.
        regexp: Option<Pattern>,
        /// Whether it may be absent.
        allow_missing: bool,
    }
}

impl HttpModule {
    /// Which addresses of the target are taken.
    pub(crate) fn ip_choice(&self) -> IpChoice {
        IpChoice {
            preferred: self.preferred_ip_protocol,
            fallback: self.ip_protocol_fallback,
        }
    }
}

fn checked(http: HttpModule) -> Result<HttpModule, String> {
    for expression in [
        &http.fail_if_body_json_matches_cel,
        &http.fail_if_body_json_not_matches_cel,
    ] {
        check_cel(expression.as_deref())?;
    }
    let mut http = client::checked(http)?;
    if let Some(stay) = http.no_follow_redirects.take() {
        log::warn!(
            "no_follow_redirects is deprecated and will be removed in the next release. It is replaced by follow_redirects."
        );
        http.follow_redirects = Some(!stay);
    }
    if !http.body.is_empty() && !http.body_file.is_empty() {
        return Err("setting body and body_file both are not allowed".to_owned());
    }
    check_versions(&http)?;
    check_compression(&http)?;
    Ok(http)
}

fn check_cel(expression: Option<&str>) -> Result<(), String> {
    match expression.map(|text| (text, cel::compile(text))) {
        Some((text, Err(_))) => Err(format!("\"Could not compile CEL program\" expression=\"{text}\"")),
        _ => Ok(()),
    }
}

fn check_versions(http: &HttpModule) -> Result<(), &'static str> {
    if http.enable_http3 && http.valid_http_versions.iter().any(|version| version != "HTTP/3.0") {
        return Err(
            "HTTP/3 and HTTP/2.0/1.1 cannot be used together - only HTTP/3.0 is allowed when enable_http3 is true",
        );
    }
    if http.enable_http3 && http.enable_http2 {
        return Err("when enable_http3 is true, enable_http2 must be set to false");
    }
    Ok(())
}

fn check_compression(http: &HttpModule) -> Result<(), String> {
    let accepted = http
        .headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("accept-encoding"));
    for (name, value) in accepted {
        if !compression::is_accepted(&http.compression, value) {
            let wanted = &http.compression;
            return Err(format!(
                "invalid configuration \"{name}: {value}\", \"compression: {wanted}\""
            ));
        }
    }
    Ok(())
}

fn checked_header(header: HeaderMatch) -> Result<HeaderMatch, &'static str> {
    if header.header.is_empty() {
        return Err("header name must be set for HTTP header matchers");
    }
    if header.regexp.as_ref().is_none_or(|regexp| regexp.text().is_empty()) {
        return Err("regexp must be set for HTTP header matchers");
    }
    Ok(header)
}
