//! The target's address, chosen as upstream chooses.

use std::net::{IpAddr, Ipv6Addr};
use std::time::Instant;

use log::Level;

use super::names::{Trouble, Wanted};
use crate::config::{IpChoice, IpProtocol};
use crate::failure::{Failure, Reason, Step};
use crate::probe::Probe;

impl Probe<'_> {
    /// The address of `host`, a name or an address, that this probe takes. The first of a probe's lookups is reported:
    /// how long it took, and what it found.
    pub(crate) async fn resolve(&self, host: &str, choice: IpChoice) -> Result<IpAddr, Failure> {
        self.step.set(Step::Resolve);
        let protocol = name(choice.preferred);
        let (target, about): (&dyn std::fmt::Display, &dyn std::fmt::Display) = (&host, &protocol);
        let said = [("target", target), ("ip_protocol", about)];
        self.log.line(Level::Debug, "Resolving target address", &said);
        let stopwatch = Stopwatch::start(self);
        let chosen = self.choose(host, choice).await;
        drop(stopwatch);
        match chosen {
            Ok(address) => {
                self.found.borrow_mut().address.get_or_insert(address);
                self.log.line(
                    Level::Debug,
                    "Resolved target address",
                    &[("target", &host), ("ip", &address)],
                );
                Ok(address)
            }
            Err(trouble) => {
                let failure = failure(host, choice, trouble);
                let [target, about] = said;
                self.log.error(
                    "Resolution with IP protocol failed",
                    &[target, about, ("err", &failure)],
                );
                Err(failure)
            }
        }
    }

    async fn choose(&self, host: &str, choice: IpChoice) -> Result<IpAddr, Trouble> {
        if let Some(address) = self.literal(host) {
            return pick(&[address], choice);
        }
        let wanted = match choice {
            IpChoice { fallback: true, .. } => Wanted::Both,
            IpChoice {
                preferred: IpProtocol::Ip4,
                ..
            } => Wanted::V4,
            IpChoice {
                preferred: IpProtocol::Ip6,
                ..
            } => Wanted::V6,
        };
        let (names, server) = (&self.network.names, &self.module.dns_server);
        let addresses = if server.is_empty() {
            names.addresses(host, wanted).await?
        } else {
            names.addresses_from(server, host, wanted).await?
        };
        pick(&addresses, choice)
    }

    /// An address that was written as such; its zone is kept for the connection.
    fn literal(&self, host: &str) -> Option<IpAddr> {
        if let Ok(address) = host.parse::<IpAddr>() {
            return Some(address.to_canonical());
        }
        let (address, zone) = host.split_once('%')?;
        let address: Ipv6Addr = address.parse().ok()?;
        let number = zone.parse().ok().or_else(|| interface(zone))?;
        self.found.borrow_mut().zone = Some((address, number));
        Some(address.into())
    }
}

/// The number of a network interface.
fn interface(name: &str) -> Option<u32> {
    if name.contains('/') || name == ".." {
        return None;
    }
    std::fs::read_to_string(format!("/sys/class/net/{name}/ifindex"))
        .ok()?
        .trim()
        .parse()
        .ok()
}

/// The first address of the preferred kind. Of the other kind upstream takes the last.
fn pick(addresses: &[IpAddr], choice: IpChoice) -> Result<IpAddr, Trouble> {
    let preferred = |address: &&IpAddr| address.is_ipv6() == (choice.preferred == IpProtocol::Ip6);
    let fallback = || addresses.last().filter(|_| choice.fallback);
    let picked = addresses.iter().find(preferred).or_else(fallback);
    picked.copied().ok_or(Trouble::NoAddress)
}

fn name(protocol: IpProtocol) -> &'static str {
    match protocol {
        IpProtocol::Ip4 => "ip4",
        IpProtocol::Ip6 => "ip6",
    }
}

fn failure(host: &str, choice: IpChoice, trouble: Trouble) -> Failure {
    let kind = match choice.preferred {
        IpProtocol::Ip4 => "IPv4",
        IpProtocol::Ip6 => "IPv6",
    };
    let (reason, text) = match trouble {
        Trouble::NotFound => (Reason::NameNotFound, format!("resolving {host:?}: no such host")),
        Trouble::NoAddress if choice.fallback => (Reason::NoAddress, format!("resolving {host:?}: it has no address")),
        Trouble::NoAddress => {
            let text = format!("resolving {host:?}: it has no {kind} address, and ip_protocol_fallback is off");
            (Reason::NoAddress, text)
        }
        Trouble::Server(text) => (Reason::NameServer, format!("resolving {host:?}: {text}")),
    };
    Failure::new(Step::Resolve, reason, text)
}

/// Tells how long the lookup took, also if it is dropped.
struct Stopwatch<'p> {
    probe: &'p Probe<'p>,
    started: Instant,
}

impl<'p> Stopwatch<'p> {
    fn start(probe: &'p Probe<'_>) -> Self {
        Self {
            probe,
            started: Instant::now(),
        }
    }
}

impl Drop for Stopwatch<'_> {
    fn drop(&mut self) {
        let took = self.started.elapsed();
        self.probe.found.borrow_mut().lookup.get_or_insert(took);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::names::testing::serve;
    use crate::net::testing::Setup;

    fn choice(preferred: IpProtocol, fallback: bool) -> IpChoice {
        IpChoice { preferred, fallback }
    }

    #[tokio::test]
    async fn address_is_chosen_as_the_module_prefers() {
        let (server, _) = serve().await;
        let mut setup = Setup::new();
        setup.module.dns_server = server.to_string();
        let (v4, v6) = (IpProtocol::Ip4, IpProtocol::Ip6);
        for (host, choice, expected) in [
            ("both.test", choice(v6, true), Ok("::1")),
            ("both.test", choice(v4, true), Ok("127.0.0.1")),
            ("two.test", choice(v4, true), Ok("127.0.0.5")),
            ("two.test", choice(v6, true), Ok("127.0.0.6")),
            ("v6.test", choice(v4, true), Ok("::1")),
            ("v4.test", choice(v6, false), Err(Reason::NoAddress)),
            ("v6.test", choice(v4, false), Err(Reason::NoAddress)),
            ("none.test", choice(v4, true), Err(Reason::NoAddress)),
            ("nx.test", choice(v4, true), Err(Reason::NameNotFound)),
            ("refused.test", choice(v4, true), Err(Reason::NameServer)),
            ("192.0.2.1", choice(v6, true), Ok("192.0.2.1")),
            ("192.0.2.1", choice(v6, false), Err(Reason::NoAddress)),
            ("::ffff:192.0.2.1", choice(v4, false), Ok("192.0.2.1")),
            ("::1", choice(v4, false), Err(Reason::NoAddress)),
            ("fe80::1%1", choice(v6, false), Ok("fe80::1")),
        ] {
            let probe = setup.probe();
            let resolved = probe.resolve(host, choice).await.map_err(|failure| failure.reason);
            let expected = expected.map(|address| address.parse::<IpAddr>().unwrap());
            assert_eq!(resolved, expected, "{host} {choice:?}");
            let found = probe.found.borrow();
            assert_eq!((found.lookup.is_some(), found.address), (true, expected.ok()), "{host}");
        }
    }

    #[tokio::test]
    async fn what_is_missing_is_said_clearly() {
        let setup = Setup::new();
        let failure = setup
            .probe()
            .resolve("192.0.2.1", choice(IpProtocol::Ip6, false))
            .await
            .unwrap_err();
        let expected = "resolving \"192.0.2.1\": it has no IPv6 address, and ip_protocol_fallback is off";
        assert_eq!((failure.step, &*failure.text), (Step::Resolve, expected));
    }

    #[tokio::test]
    async fn dropped_lookup_still_tells_how_long_it_took() {
        let (server, _) = serve().await;
        let mut setup = Setup::new();
        setup.module.dns_server = server.to_string();
        let probe = setup.probe();
        let lookup = probe.resolve("silent.test", IpChoice::default());
        let patience = std::time::Duration::from_millis(20);
        assert!(tokio::time::timeout(patience, lookup).await.is_err());
        assert!(probe.found.borrow().lookup.is_some_and(|took| took >= patience));
    }
}
