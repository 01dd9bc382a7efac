//! Who a request says it is, and over which proxy it goes: the parts of upstream's HTTP client configuration.

use std::collections::BTreeMap;

use super::block::block;
use super::http::HttpModule;
use super::scalar::Secret;
use super::tls::TlsConfig;

block! {
    /// `basic_auth`.
    pub(crate) struct BasicAuth {
        /// The user.
        username: String,
        /// A file with the user.
        username_file: String,
        /// The password.
        password: Secret,
        /// A file with the password.
        password_file: String,
    }
}

block! {
    /// `authorization`.
    pub(crate) struct Authorization {
        /// The scheme, `Bearer` if empty.
        kind as "type": String,
        /// What stands behind it.
        credentials: Secret,
        /// A file with that.
        credentials_file: String,
    }
}

block! {
    /// `oauth2`: a token is fetched first.
    pub(crate) struct OAuth2 finished by checked_oauth2 {
        /// Who we are.
        client_id: String; always,
        /// The proof.
        client_secret: Secret; always,
        /// A file with the proof.
        client_secret_file: String,
        /// How to ask for a token; only `client_credentials`.
        grant_type: String,
        /// What the token is to allow.
        scopes: Vec<String>,
        /// Where tokens come from.
        token_url: String; always,
        /// More fields of the request.
        endpoint_params: BTreeMap<String, String>,
        /// How to speak TLS to it.
        tls_config: TlsConfig,
        /// Its proxy.
        proxy_url: Option<Secret>,
        /// Whom to reach without it.
        no_proxy: String,
        /// Whether the environment says which proxy.
        proxy_from_environment: bool,
        /// Headers for the proxy.
        proxy_connect_header: BTreeMap<String, Vec<Secret>>,
    }
}

block! {
    /// One header of `http_headers`: values, shown or secret, and files of values.
    pub(crate) struct HttpHeader {
        /// Values as they are.
        values: Vec<String>,
        /// Values that are never shown.
        secrets: Vec<Secret>,
        /// Files with values.
        files: Vec<String>,
    }
}

/// Headers that have options of their own, or are the connection's.
const RESERVED: [&str; 18] = [
    "Accept-Encoding",
    "Authorization",
    "Connection",
    "Content-Encoding",
    "Content-Length",
    "Content-Type",
    "Host",
    "Keep-Alive",
    "Proxy-Authenticate",
    "Proxy-Authorization",
    "User-Agent",
    "Www-Authenticate",
    "X-Amz-Content-Sha256",
    "X-Amz-Date",
    "X-Amz-Security-Token",
    "X-Prometheus-Remote-Read-Version",
    "X-Prometheus-Remote-Write-Version",
    "X-Prometheus-Scrape-Timeout-Seconds",
];

fn checked_oauth2(oauth2: OAuth2) -> Result<OAuth2, String> {
    check_proxy(
        oauth2.proxy_url.as_ref(),
        &oauth2.no_proxy,
        oauth2.proxy_from_environment,
        !oauth2.proxy_connect_header.is_empty(),
    )?;
    match oauth2.grant_type.as_str() {
        "" | "client_credentials" => Ok(oauth2),
        other => Err(format!(
            "oauth2 grant_type {other:?} is not supported, only client_credentials is"
        )),
    }
}

/// Checks what says who we are, and makes of a bearer token the authorization that it is.
pub(super) fn checked(mut http: HttpModule) -> Result<HttpModule, String> {
    check_exclusions(&http)?;
    http.authorization = authorization(&mut http)?;
    http.oauth2.as_ref().map_or(Ok(()), check_oauth2)?;
    check_proxy(
        http.proxy_url.as_ref(),
        &http.no_proxy,
        http.proxy_from_environment,
        !http.proxy_connect_header.is_empty(),
    )?;
    let canonical = |name: &String| RESERVED.iter().find(|reserved| reserved.eq_ignore_ascii_case(name));
    match http.http_headers.keys().find_map(canonical) {
        Some(name) => Err(format!("setting header {name:?} is not allowed")),
        None => Ok(http),
    }
}

/// The ways to say who we are that exclude each other.
fn check_exclusions(http: &HttpModule) -> Result<(), &'static str> {
    let token = !http.bearer_token.is_empty();
    let token_file = !http.bearer_token_file.is_empty();
    let bearer = token || token_file;
    if token && token_file {
        return Err("at most one of bearer_token & bearer_token_file must be configured");
    }
    if bearer && (http.basic_auth.is_some() || http.oauth2.is_some()) {
        return Err("at most one of basic_auth, oauth2, bearer_token & bearer_token_file must be configured");
    }
    if let Some(basic) = &http.basic_auth {
        if !basic.username.is_empty() && !basic.username_file.is_empty() {
            return Err("at most one of basic_auth username, username_file & username_ref must be configured");
        }
        if !basic.password.is_empty() && !basic.password_file.is_empty() {
            return Err("at most one of basic_auth password, password_file & password_ref must be configured");
        }
    }
    if bearer && http.authorization.is_some() {
        return Err("authorization is not compatible with bearer_token & bearer_token_file");
    }
    let ways = [
        http.basic_auth.is_some(),
        http.oauth2.is_some(),
        http.authorization.is_some(),
    ];
    if ways.into_iter().filter(|way| *way).count() > 1 {
        return Err("at most one of basic_auth, oauth2 & authorization must be configured");
    }
    Ok(())
}

/// The `authorization` in force.
fn authorization(http: &mut HttpModule) -> Result<Option<Authorization>, &'static str> {
    let bearer = !http.bearer_token.is_empty() || !http.bearer_token_file.is_empty();
    let given = http.authorization.take();
    let from_token = bearer.then(|| Authorization {
        kind: String::new(),
        credentials: std::mem::take(&mut http.bearer_token),
        credentials_file: std::mem::take(&mut http.bearer_token_file),
    });
    let Some(mut authorization) = given.or(from_token) else {
        return Ok(None);
    };
    if !authorization.credentials.is_empty() && !authorization.credentials_file.is_empty() {
        return Err("at most one of authorization credentials & credentials_file must be configured");
    }
    authorization.kind = authorization.kind.trim().to_owned();
    if authorization.kind.is_empty() {
        authorization.kind = "Bearer".to_owned();
    }
    if authorization.kind.eq_ignore_ascii_case("basic") {
        return Err("authorization type cannot be set to \"basic\", use \"basic_auth\" instead");
    }
    Ok(Some(authorization))
}

fn check_oauth2(oauth2: &OAuth2) -> Result<(), &'static str> {
    if oauth2.client_id.is_empty() {
        return Err("oauth2 client_id must be configured");
    }
    if oauth2.token_url.is_empty() {
        return Err("oauth2 token_url must be configured");
    }
    if !oauth2.client_secret.is_empty() && !oauth2.client_secret_file.is_empty() {
        return Err(
            "at most one of oauth2 client_secret, client_secret_file & client_secret_ref must be configured using \
             grant-type=client_credentials",
        );
    }
    Ok(())
}

fn check_proxy(
    url: Option<&Secret>,
    no_proxy: &str,
    from_environment: bool,
    headers: bool,
) -> Result<(), &'static str> {
    let is_url = |url: &Secret| url.is_empty() || url.0.parse::<hyper::Uri>().is_ok_and(|uri| uri.scheme().is_some());
    if url.is_some_and(|url| !is_url(url)) {
        // Not which: it may have a password in it.
        return Err("proxy_url is not a valid URL such as http://proxy:3128");
    }
    if from_environment && url.is_some_and(|url| !url.is_empty()) {
        return Err("if proxy_from_environment is configured, proxy_url must not be configured");
    }
    if from_environment && !no_proxy.is_empty() {
        return Err("if proxy_from_environment is configured, no_proxy must not be configured");
    }
    if url.is_none() && !no_proxy.is_empty() {
        return Err("if no_proxy is configured, proxy_url must also be configured");
    }
    if headers && !from_environment && url.is_none_or(Secret::is_empty) {
        return Err(
            "if proxy_connect_header is configured, proxy_url or proxy_from_environment must also be configured",
        );
    }
    Ok(())
}
