//! The requests of a probe: what the module says, and what has to change from one redirect to the next.

use std::str::FromStr;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, Uri, Version};

use super::auth::{self, Extra};
use super::connect::Way;
use super::cookies::{Jar, Place};
use super::redirect::Hop;
use crate::config::HttpModule;
use crate::failure::{Failure, Reason, Step};
use crate::probers::files;

/// Headers that strangers do not get.
const SENSITIVE: [&str; 6] = [
    "authorization",
    "www-authenticate",
    "cookie",
    "cookie2",
    "proxy-authorization",
    "proxy-authenticate",
];

/// Headers that are about the body, and go with it.
const OF_BODY: [HeaderName; 4] = [
    header::CONTENT_ENCODING,
    header::CONTENT_LANGUAGE,
    header::CONTENT_LOCATION,
    header::CONTENT_TYPE,
];

/// Headers that follow from the request itself, whatever the module says.
const FRAMING: [HeaderName; 4] = [
    header::HOST,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::TRAILER,
];

/// What all requests of a probe are made from.
#[derive(Debug)]
pub(super) struct Template {
    /// The first request's method.
    pub(super) method: Method,
    headers: HeaderMap,
    extras: Vec<Extra>,
    /// Who we are, unless the address or a header says so.
    authorization: Option<HeaderValue>,
    body: Bytes,
}

impl Template {
    /// What the module says.
    ///
    /// # Errors
    /// When a file cannot be read, or a value does not fit.
    pub(super) fn new(module: &HttpModule) -> Result<Self, Failure> {
        let method = if module.method.is_empty() {
            "GET"
        } else {
            &module.method
        };
        let wrong = |_| Failure::new(Step::Prepare, Reason::BadModule, format!("invalid method {method:?}"));
        let mut headers = HeaderMap::new();
        for (name, value) in &module.headers {
            headers.insert(auth::header_name(name)?, auth::value(value)?);
        }
        for name in FRAMING {
            headers.remove(name);
        }
        headers
            .entry(header::USER_AGENT)
            .or_insert(HeaderValue::from_static(super::USER_AGENT));
        headers
            .entry(header::CONNECTION)
            .or_insert(HeaderValue::from_static("close"));
        let body = match module.body_file.as_str() {
            "" => Bytes::copy_from_slice(module.body.as_bytes()),
            path => files::read(path)?.into(),
        };
        Ok(Self {
            method: Method::from_bytes(method.as_bytes()).map_err(wrong)?,
            headers,
            extras: auth::extra_headers(module)?,
            authorization: auth::authorization(module)?,
            body,
        })
    }

    /// Takes the token that was got first.
    pub(super) fn authorize(&mut self, value: HeaderValue) {
        self.authorization = Some(value);
    }

    /// The request for a hop. `name` is the name of its host.
    ///
    /// # Errors
    /// When the address or the host fits in no request.
    pub(super) fn request(
        &self,
        hop: &Hop,
        jar: &Jar,
        name: &str,
        way: &Way<'_>,
    ) -> Result<Request<Full<Bytes>>, Failure> {
        let wrong = |what: &str| Failure::new(Step::Send, Reason::BadTarget, format!("{what} fits in no request"));
        let host = hop.host.clone().unwrap_or_else(|| hop.url.authority());
        let mut headers = self.headers_for(hop);
        self.add_cookies(&mut headers, jar, hop, name);
        if let Some(referer) = &hop.referer {
            let referer = HeaderValue::from_str(referer).map_err(|_| wrong("the referer"))?;
            headers.entry(header::REFERER).or_insert(referer);
        }
        if let Some(proxy) = way.proxy.and_then(|proxy| proxy.basic_authorization()) {
            headers.insert(header::PROXY_AUTHORIZATION, auth::secret_value(&proxy)?);
        }
        if way.version > Version::HTTP_11 {
            headers.remove(header::CONNECTION);
        } else {
            headers.insert(
                header::HOST,
                HeaderValue::from_str(&host).map_err(|_| wrong("the host"))?,
            );
        }
        let body = if hop.with_body { self.body.clone() } else { Bytes::new() };
        if body.is_empty() && [Method::POST, Method::PUT, Method::PATCH].contains(&hop.method) {
            // Servers refuse such a request if it does not tell its length.
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(0));
        }
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = hop.method.clone();
        *request.version_mut() = way.version;
        *request.uri_mut() = uri(hop, &host, way).map_err(|_| wrong("the address"))?;
        *request.headers_mut() = headers;
        Ok(request)
    }

    fn headers_for(&self, hop: &Hop) -> HeaderMap {
        let mut headers = self.headers.clone();
        if hop.stranger {
            SENSITIVE.iter().for_each(|name| drop(headers.remove(*name)));
        }
        if !hop.with_body {
            OF_BODY.iter().for_each(|name| drop(headers.remove(name)));
        }
        for extra in self
            .extras
            .iter()
            .filter(|extra| !(hop.stranger && extra.value.is_sensitive()))
        {
            headers.append(extra.name.clone(), extra.value.clone());
        }
        if !headers.contains_key(header::AUTHORIZATION) {
            let of_module = self.authorization.clone().filter(|_| !hop.stranger);
            let of_url = hop
                .url
                .basic_authorization()
                .and_then(|value| auth::secret_value(&value).ok());
            if let Some(value) = of_url.or(of_module) {
                headers.insert(header::AUTHORIZATION, value);
            }
        }
        headers
    }

    /// Adds the jar's cookies to the module's own, of which those that an answer has set anew are dropped.
    fn add_cookies(&self, headers: &mut HeaderMap, jar: &Jar, hop: &Hop, name: &str) {
        let own = headers.remove(header::COOKIE);
        let own = own.as_ref().and_then(|own| own.to_str().ok()).unwrap_or_default();
        let stale = |pair: &&str| jar.has(pair.split_once('=').map_or(*pair, |(name, _)| name).trim());
        let own: Vec<&str> = own
            .split("; ")
            .filter(|pair| !pair.is_empty() && !stale(pair))
            .collect();
        let set = jar.header(place(hop, name));
        let all: Vec<&str> = own
            .into_iter()
            .chain(Some(set.as_str()).filter(|set| !set.is_empty()))
            .collect();
        if let Ok(value) = HeaderValue::from_str(&all.join("; "))
            && !all.is_empty()
        {
            headers.insert(header::COOKIE, value);
        }
    }
}

/// What stands in the request line: the whole address for proxies and from HTTP/2 on, else its path.
fn uri(hop: &Hop, host: &str, way: &Way<'_>) -> Result<Uri, <Uri as FromStr>::Err> {
    let target = hop.url.path_and_query();
    match way.version > Version::HTTP_11 || way.proxy.is_some() {
        true => format!("{}://{host}{target}", hop.url.scheme).parse(),
        false => target.parse(),
    }
}

/// Where a hop's cookies belong.
pub(super) fn place<'p>(hop: &'p Hop, name: &'p str) -> Place<'p> {
    Place {
        host: name,
        path: &hop.url.path,
        secure: hop.url.is_https(),
    }
}
