//! Which proxy a request goes through, and the ways through it: `CONNECT`, and SOCKS 5.

use std::collections::BTreeMap;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::no_proxy::NoProxy;
use super::target::Url;
use crate::config::{HttpModule, OAuth2, Secret};
use crate::failure::{Failure, Reason, Step};
use crate::net::Connection;

/// The head of a proxy's answer to CONNECT may be this long.
const LONGEST_HEAD: usize = 16 << 10;

/// Headers for the proxy.
type ProxyHeaders = BTreeMap<String, Vec<Secret>>;

/// The proxies of a module, or of its `oauth2`.
#[derive(Debug, Default)]
pub(super) struct Proxies<'m> {
    http: Option<Url>,
    https: Option<Url>,
    /// `None`: all go through the proxy, this host too.
    none: Option<NoProxy>,
    connect_headers: Option<&'m ProxyHeaders>,
}

impl<'m> Proxies<'m> {
    /// Those of a module.
    ///
    /// # Errors
    /// When an address makes no sense.
    pub(super) fn of_module(module: &'m HttpModule) -> Result<Self, Failure> {
        let url = module.proxy_url.as_ref();
        Self::new(
            url,
            &module.no_proxy,
            module.proxy_from_environment,
            &module.proxy_connect_header,
        )
    }

    /// Those that lead to where tokens come from.
    ///
    /// # Errors
    /// When an address makes no sense.
    pub(super) fn of_oauth2(oauth2: &'m OAuth2) -> Result<Self, Failure> {
        let url = oauth2.proxy_url.as_ref();
        Self::new(
            url,
            &oauth2.no_proxy,
            oauth2.proxy_from_environment,
            &oauth2.proxy_connect_header,
        )
    }

    fn new(
        url: Option<&Secret>,
        no_proxy: &str,
        from_environment: bool,
        headers: &'m ProxyHeaders,
    ) -> Result<Self, Failure> {
        if from_environment {
            let variable = |name: &str| {
                let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
                set(name).or_else(|| set(&name.to_ascii_lowercase()))
            };
            return Self::from_environment(variable, headers);
        }
        let Some(url) = url.filter(|url| !url.is_empty()) else {
            return Ok(Self::default());
        };
        let url = proxy_url(&url.0)?;
        Ok(Self {
            http: Some(url.clone()),
            https: Some(url),
            none: (!no_proxy.is_empty()).then(|| NoProxy::parse(no_proxy)),
            connect_headers: Some(headers),
        })
    }

    fn from_environment(variable: impl Fn(&str) -> Option<String>, headers: &'m ProxyHeaders) -> Result<Self, Failure> {
        let url = |name| variable(name).map(|url| proxy_url(&url)).transpose();
        Ok(Self {
            http: url("HTTP_PROXY")?,
            https: url("HTTPS_PROXY")?,
            none: Some(NoProxy::parse(&variable("NO_PROXY").unwrap_or_default())),
            connect_headers: Some(headers),
        })
    }

    /// The proxy for an address, whose host may also be called by a name.
    pub(super) fn of(&self, url: &Url, name: &str) -> Option<&Url> {
        let proxy = if url.is_https() { &self.https } else { &self.http };
        let direct = |rules: &NoProxy| {
            let port = url.port_or_default();
            rules.holds(&url.host, port) || rules.holds(name, port)
        };
        proxy.as_ref().filter(|_| !self.none.as_ref().is_some_and(direct))
    }

    /// Asks a proxy to pass on everything to `address`.
    ///
    /// # Errors
    /// When it refuses.
    pub(super) async fn tunnel(&self, connection: &mut Connection, proxy: &Url, address: &str) -> Result<(), Failure> {
        let mut request = format!(
            "CONNECT {address} HTTP/1.1\r\nHost: {address}\r\nUser-Agent: {}\r\n",
            super::USER_AGENT
        );
        if let Some(authorization) = proxy.basic_authorization() {
            line(&mut request, "Proxy-Authorization", &authorization);
        }
        for (name, values) in self.connect_headers.into_iter().flatten() {
            for value in values {
                line(&mut request, name, &value.0);
            }
        }
        request.push_str("\r\n");
        connection.write_all(request.as_bytes()).await.map_err(broken)?;
        let head = read_head(connection).await?;
        check_status(&head)
    }
}

fn line(request: &mut String, name: &str, value: &str) {
    // A line break would begin another header.
    let value: String = value.chars().filter(|c| !c.is_control()).collect();
    request.push_str(&format!("{name}: {value}\r\n"));
}

fn broken(error: std::io::Error) -> Failure {
    Failure::io(Step::Proxy, &error, "talking to the proxy")
}

fn refused(text: impl Into<String>) -> Failure {
    Failure::new(Step::Proxy, Reason::ProxyRefused, text)
}

async fn read_head(connection: &mut Connection) -> Result<Vec<u8>, Failure> {
    let mut head = Vec::with_capacity(512);
    loop {
        if connection.read_buf(&mut head).await.map_err(broken)? == 0 {
            let text = "the proxy closed the connection";
            return Err(Failure::new(Step::Proxy, Reason::ConnectionClosed, text));
        }
        match head.windows(4).position(|end| end == b"\r\n\r\n") {
            Some(at) if at + 4 == head.len() => return Ok(head),
            Some(_) if !head.starts_with(b"HTTP/1.1 2") && !head.starts_with(b"HTTP/1.0 2") => return Ok(head),
            Some(_) => {
                return Err(Failure::new(
                    Step::Proxy,
                    Reason::Protocol,
                    "the proxy said more than it was asked",
                ));
            }
            None if head.len() > LONGEST_HEAD => {
                return Err(Failure::new(
                    Step::Proxy,
                    Reason::Protocol,
                    "the proxy's answer has no end",
                ));
            }
            None => {}
        }
    }
}

fn check_status(head: &[u8]) -> Result<(), Failure> {
    let head = String::from_utf8_lossy(head);
    let status = head.lines().next().unwrap_or_default();
    match status.strip_prefix("HTTP/1.").and_then(|rest| rest.split_once(' ')) {
        Some((_, "200")) => Ok(()),
        Some((_, status)) if status.starts_with("200 ") => Ok(()),
        Some((_, status)) => Err(refused(format!("the proxy answered {status:?}"))),
        None => Err(Failure::new(
            Step::Proxy,
            Reason::Protocol,
            format!("the proxy answered {status:?}"),
        )),
    }
}

/// The SOCKS 5 proxy's way to a host (RFC 1928), with a user and a password where the proxy's address has them (RFC 1929).
///
/// # Errors
/// When it refuses.
pub(super) async fn socks(connection: &mut Connection, proxy: &Url, host: &str, port: u16) -> Result<(), Failure> {
    let methods: &[u8] = if proxy.user.is_some() {
        &[5, 2, 0, 2]
    } else {
        &[5, 1, 0]
    };
    connection.write_all(methods).await.map_err(broken)?;
    match (read_array::<2>(connection).await?, &proxy.user) {
        ([5, 0], _) => {}
        ([5, 2], Some((user, password))) => socks_login(connection, user, password).await?,
        ([5, _], _) => return Err(refused("the proxy wants another way to say who we are")),
        _ => {
            return Err(Failure::new(
                Step::Proxy,
                Reason::Protocol,
                "the proxy does not speak SOCKS 5",
            ));
        }
    }
    let mut request = vec![5, 1, 0];
    match host.parse() {
        Ok(std::net::IpAddr::V4(address)) => request.extend([&[1][..], &address.octets()].concat()),
        Ok(std::net::IpAddr::V6(address)) => request.extend([&[4][..], &address.octets()].concat()),
        Err(_) => request.extend([&[3, length(host)?][..], host.as_bytes()].concat()),
    }
    request.extend(port.to_be_bytes());
    connection.write_all(&request).await.map_err(broken)?;
    let [_, status, _, kind] = read_array::<4>(connection).await?;
    if status != 0 {
        return Err(refused(format!("the proxy refused with the SOCKS error {status}")));
    }
    let rest = match kind {
        1 => 4,
        4 => 16,
        _ => usize::from(read_array::<1>(connection).await?[0]),
    };
    let mut bound = vec![0; rest + 2];
    connection.read_exact(&mut bound).await.map_err(broken)?;
    Ok(())
}

async fn socks_login(connection: &mut Connection, user: &str, password: &str) -> Result<(), Failure> {
    let login = [
        &[1, length(user)?][..],
        user.as_bytes(),
        &[length(password)?],
        password.as_bytes(),
    ]
    .concat();
    connection.write_all(&login).await.map_err(broken)?;
    match read_array::<2>(connection).await? {
        [_, 0] => Ok(()),
        _ => Err(refused("the proxy does not know the user")),
    }
}

async fn read_array<const N: usize>(connection: &mut Connection) -> Result<[u8; N], Failure> {
    let mut bytes = [0; N];
    connection.read_exact(&mut bytes).await.map_err(broken)?;
    Ok(bytes)
}

fn length(text: &str) -> Result<u8, Failure> {
    u8::try_from(text.len()).map_err(|_| Failure::new(Step::Proxy, Reason::BadModule, "too long for SOCKS 5"))
}

fn proxy_url(text: &str) -> Result<Url, Failure> {
    const SCHEMES: [&str; 4] = ["http", "https", "socks5", "socks5h"];
    let known = |url: &Url| SCHEMES.contains(&url.scheme.as_str()) && !url.host.is_empty();
    let url = Url::parse(text).ok().filter(known);
    let bare = || Some(text).filter(|text| !text.contains("://"));
    let url = url.or_else(|| Url::parse(&format!("http://{}", bare()?)).ok().filter(known));
    let mut url =
        url.ok_or_else(|| Failure::new(Step::Prepare, Reason::BadModule, "the proxy's address makes no sense"))?;
    if url.scheme.starts_with("socks") && url.port.is_none() {
        url.port = Some(1080);
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).expect("an address")
    }

    #[test]
    fn the_environment_names_a_proxy_for_each_scheme() {
        let variable = |name: &str| match name {
            "HTTP_PROXY" => Some("plain:3128".to_owned()),
            "HTTPS_PROXY" => Some("socks5://secure".to_owned()),
            "NO_PROXY" => Some("direct.example".to_owned()),
            _ => None,
        };
        let headers = ProxyHeaders::new();
        let proxies = Proxies::from_environment(variable, &headers).expect("they make sense");
        let of = |target: &str, name: &str| proxies.of(&url(target), name).map(Url::without_user);
        assert_eq!(of("http://h/", "h").as_deref(), Some("http://plain:3128"));
        assert_eq!(of("https://h/", "h").as_deref(), Some("socks5://secure:1080"));
        assert_eq!(of("http://10.0.0.1/", "direct.example"), None);
        assert_eq!(of("http://127.0.0.1/", "h"), None);
    }

    #[test]
    fn the_modules_proxy_is_for_all_but_no_proxy() {
        let module = |no_proxy: &str| HttpModule {
            proxy_url: Some(Secret("http://u:p@proxy".to_owned())),
            no_proxy: no_proxy.to_owned(),
            ..HttpModule::default()
        };
        for (rules, target, goes) in [
            ("", "http://127.0.0.1/", true),
            ("h", "http://h/", false),
            ("h", "http://o/", true),
        ] {
            let module = module(rules);
            let proxies = Proxies::of_module(&module).expect("it makes sense");
            let target = url(target);
            assert_eq!(proxies.of(&target, &target.host).is_some(), goes, "{rules:?}");
        }
    }

    #[test]
    fn a_proxys_answer_to_connect_is_judged() {
        let cases = [
            ("HTTP/1.1 200 Connection established\r\n\r\n", None),
            ("HTTP/1.0 200\r\n\r\n", None),
            (
                "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
                Some(Reason::ProxyRefused),
            ),
            ("HTTP/1.1 204 No Content\r\n\r\n", Some(Reason::ProxyRefused)),
            ("SSH-2.0\r\n\r\n", Some(Reason::Protocol)),
        ];
        for (head, reason) in cases {
            assert_eq!(
                check_status(head.as_bytes()).err().map(|failure| failure.reason),
                reason,
                "{head:?}"
            );
        }
    }
}
