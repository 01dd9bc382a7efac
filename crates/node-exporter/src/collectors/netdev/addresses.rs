//! `node_network_address_info`: the addresses of all devices, whichever this collector's own
//! filter shows, from netlink.

use std::net::IpAddr;

use exporter_toolkit::collector::CollectError;
use exposition::{Desc, Encoder};
use kernel_stats::rtnl_addr::{self, InterfaceAddress};

use crate::context::Context;
use crate::device_names::DeviceNames;
use crate::filter::Filter;
use crate::netlink::failed;
use crate::netlink::table::{Dump, Table};

const ADDRESS_INFO: Desc<'_> = Desc::gauge(
    "node_network_address_info",
    "node network address by device",
    &["address", "device", "netmask", "scope"],
);

/// Netlink's tables.
#[derive(Debug)]
pub(super) struct Addresses {
    devices: Filter,
    addresses: Table,
    links: Table,
}

impl Addresses {
    pub(super) fn new(context: &Context) -> Self {
        Self {
            devices: context.network_devices(Filter::All),
            addresses: Table::of(Dump::Addresses),
            links: Table::of(Dump::LinksWithoutStats),
        }
    }

    pub(super) fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let addresses = self.addresses.read().map_err(|error| failed("addresses", &error))?;
        let addresses = rtnl_addr::parse(addresses).map_err(CollectError::failed)?;
        let names = DeviceNames::read(&mut self.links)?;
        encode(&addresses, &names, &self.devices, out);
        Ok(())
    }
}

fn encode(addresses: &[InterfaceAddress], names: &DeviceNames<'_>, devices: &Filter, out: &mut Encoder) {
    let rows = addresses.iter().filter_map(|address| row(address, names));
    let rows = rows.filter(|(_, device, ..)| devices.shows(device));
    let mut rows: Vec<_> = rows.collect();
    rows.sort_unstable();
    // A device may have one address towards several peers, and no label tells them.
    rows.dedup();
    let mut family = out.family(&ADDRESS_INFO);
    for (address, device, netmask, scope) in &rows {
        family.sample(&[address.as_str(), device, netmask, scope], 1.0);
    }
}

type Row<'a> = (String, &'a str, String, &'static str);

/// The values of the labels; `None` if the device has gone.
fn row<'a>(address: &InterfaceAddress, names: &DeviceNames<'a>) -> Option<Row<'a>> {
    let device = names.get(address.interface)?;
    let ip = address.address;
    Some((ip.to_string(), device, address.prefix_length.to_string(), scope(ip)))
}

/// How far an address is known, in node_exporter's words: this host counts as a link.
fn scope(ip: IpAddr) -> &'static str {
    let (of_link, of_interface, of_none) = match ip {
        IpAddr::V4(ip) => (
            ip.is_loopback() || ip.is_link_local() || ip.octets().starts_with(&[224, 0, 0]),
            false,
            ip.is_unspecified() || ip.is_broadcast() || ip.is_multicast(),
        ),
        IpAddr::V6(ip) => {
            let multicast_scope = ip.is_multicast().then(|| ip.octets()[1] & 0xf);
            (
                ip.is_loopback() || ip.is_unicast_link_local() || multicast_scope == Some(2),
                multicast_scope == Some(1),
                ip.is_unspecified() || ip.is_multicast(),
            )
        }
    };
    match (of_link, of_interface, of_none) {
        (true, ..) => "link-local",
        (_, true, _) => "interface-local",
        (.., true) => "",
        _ => "global",
    }
}

#[cfg(test)]
mod tests {
    use exposition::{Format, assemble};

    use super::*;

    #[test]
    fn scopes_are_told_apart() {
        for (address, expected) in [
            ("127.0.0.1", "link-local"),
            ("169.254.7.7", "link-local"),
            ("224.0.0.5", "link-local"),
            ("224.0.1.5", ""),
            ("0.0.0.0", ""),
            ("255.255.255.255", ""),
            ("10.0.0.1", "global"),
            ("198.51.100.7", "global"),
            ("::1", "link-local"),
            ("fe80::1", "link-local"),
            ("ff02::1", "link-local"),
            ("ff01::1", "interface-local"),
            ("ff0e::1", ""),
            ("::", ""),
            ("2001:db8::1", "global"),
            ("fd00::1", "global"),
        ] {
            assert_eq!(scope(address.parse().unwrap()), expected, "{address}");
        }
    }

    #[test]
    fn an_address_is_shown_once_and_only_with_a_device() {
        let names = DeviceNames::new(vec![(3, "eth0")]);
        let address = |interface, prefix_length| InterfaceAddress {
            interface,
            address: [192, 0, 2, 1].into(),
            prefix_length,
        };
        let addresses = [address(3, 32), address(3, 32), address(3, 24), address(4, 24)];
        let (mut out, mut text) = (Encoder::new(Format::Text004), Vec::new());
        encode(&addresses, &names, &Filter::All, &mut out);
        assert!(assemble([&out], &mut text).is_empty(), "a series is there twice");
        let text = String::from_utf8(text).unwrap();
        let samples: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        let expected = ["24", "32"].map(|netmask| {
            format!(
                "node_network_address_info{{address=\"192.0.2.1\",device=\"eth0\",netmask=\"{netmask}\",scope=\"global\"}} 1"
            )
        });
        assert_eq!(samples, expected);
    }
}
