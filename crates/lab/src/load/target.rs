//! Where the requests go. Only to this machine, unless it was said that another may be loaded.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail, ensure};
use hyper::{Uri, header::HeaderValue};
use tokio::net::lookup_host;

#[derive(Clone, Debug)]
pub(super) struct Target {
    /// Looked up once, so that the name cannot come to mean another machine.
    pub(super) addresses: Vec<SocketAddr>,
    pub(super) host: HeaderValue,
    pub(super) url: Uri,
}

impl Target {
    /// # Errors
    /// The URL is no http://HOST:PORT, its name has no address, or is another machine's without `allow_remote`.
    pub(super) async fn find(url: &Uri, allow_remote: bool) -> Result<Self> {
        ensure!(
            url.scheme_str() == Some("http"),
            "--url {url}: expected http://HOST:PORT"
        );
        ensure!(
            matches!(url.path(), "" | "/") && url.query().is_none(),
            "--url {url}: paths are given with --path"
        );
        let host = url.host().context("--url has no host")?;
        let port = url.port_u16().unwrap_or(80);
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let addresses: Vec<SocketAddr> = lookup_host((bare, port))
            .await
            .with_context(|| format!("--url {url}: looking up {host}"))?
            .collect();
        if let Some(remote) = addresses
            .iter()
            .find(|address| !address.ip().is_loopback())
            .filter(|_| !allow_remote)
        {
            bail!(
                "--url {url}: {} is not this machine; --allow-remote loads it all the same",
                remote.ip()
            );
        }
        ensure!(!addresses.is_empty(), "--url {url}: {host} has no address");
        let host = url.authority().map_or(host, |authority| authority.as_str());
        Ok(Self {
            addresses,
            host: host.parse().with_context(|| format!("--url {url}"))?,
            url: url.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_this_machine_is_aimed_at_unless_told_otherwise() {
        for (url, allow_remote, error) in [
            ("http://127.0.0.1:8000", false, None),
            ("http://127.0.0.1:8000/", false, None),
            ("http://[::1]:8000", false, None),
            ("http://192.0.2.1:8000", true, None),
            (
                "http://192.0.2.1:8000",
                false,
                Some(
                    "--url http://192.0.2.1:8000/: 192.0.2.1 is not this machine; --allow-remote loads it all the same",
                ),
            ),
            (
                "http://0.0.0.0:8000",
                false,
                Some("--url http://0.0.0.0:8000/: 0.0.0.0 is not this machine; --allow-remote loads it all the same"),
            ),
            (
                "https://127.0.0.1:1",
                false,
                Some("--url https://127.0.0.1:1/: expected http://HOST:PORT"),
            ),
            (
                "127.0.0.1:1",
                false,
                Some("--url 127.0.0.1:1: expected http://HOST:PORT"),
            ),
            (
                "http://127.0.0.1:1/a",
                false,
                Some("--url http://127.0.0.1:1/a: paths are given with --path"),
            ),
        ] {
            let found = Target::find(&url.parse().unwrap(), allow_remote).await;
            assert_eq!(found.err().map(|error| error.to_string()).as_deref(), error, "{url}");
        }
    }
}
