//! Unicast routes of IPv4 and IPv6, from netlink.

use std::net::IpAddr;

use exporter_toolkit::collector::{CollectError, Collector, CollectorSpec};
use exposition::{Desc, Encoder};
use kernel_stats::rtnl_route::{self, Route};

use crate::context::Context;
use crate::device_names::DeviceNames;
use crate::filter::Filter;
use crate::netlink::failed;
use crate::netlink::table::{Dump, Table};

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "network_route",
    enabled_by_default: false,
    flags: &[],
    build: |context| {
        Ok(Box::new(NetworkRoute {
            devices: context.network_devices(Filter::All),
            routes: Table::of(Dump::Routes),
            links: Table::of(Dump::LinksWithoutStats),
        }))
    },
};

const INFO: Desc<'_> = Desc::gauge(
    "node_network_route_info",
    "network routing table information",
    &["dest", "device", "gw", "priority", "proto", "src", "weight"],
);
const ROUTES: Desc<'_> = Desc::gauge("node_network_routes", "network routes by interface", &["device"]);

struct NetworkRoute {
    devices: Filter,
    routes: Table,
    links: Table,
}

/// The values of the labels of [`INFO`]. The device comes second, as there.
type Row = [String; INFO.labels.len()];
const DEVICE: usize = 1;

impl Collector for NetworkRoute {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let routes = self.routes.read().map_err(|error| failed("routes", &error))?;
        let routes = rtnl_route::parse(routes).map_err(CollectError::failed)?;
        let names = DeviceNames::read(&mut self.links)?;
        let rows = routes.iter().flat_map(|route| rows(route, &names));
        encode(rows.filter(|row| self.devices.shows(&row[DEVICE])).collect(), out);
        Ok(())
    }
}

/// A row for each hop. A device that there is no more has no name, as has that of a route without one.
fn rows(route: &Route, names: &DeviceNames<'_>) -> impl Iterator<Item = Row> {
    let text = |address: Option<IpAddr>| address.map_or_else(String::new, |address| address.to_string());
    route.hops.iter().map(move |hop| {
        [
            destination(route),
            names.get(hop.interface).unwrap_or_default().to_owned(),
            text(hop.gateway),
            route.priority.to_string(),
            protocol(route.protocol).to_owned(),
            text(route.source),
            hop.weight.map_or_else(String::new, |weight| weight.to_string()),
        ]
    })
}

fn destination(route: &Route) -> String {
    match route.destination {
        Some(address) if route.prefix_length > 0 => format!("{address}/{}", route.prefix_length),
        _ => "default".to_owned(),
    }
}

fn encode(mut rows: Vec<Row>, out: &mut Encoder) {
    rows.sort_unstable();
    let mut family = out.family(&INFO);
    // No label tells routing tables apart, and the same route is often in several.
    for same in rows.chunk_by(|one, next| one == next) {
        if let Some(row) = same.first() {
            family.sample(&row.each_ref().map(String::as_str), 1.0);
        }
    }
    rows.sort_unstable_by(|one, other| one[DEVICE].cmp(&other[DEVICE]));
    let mut family = out.family(&ROUTES);
    for of_device in rows.chunk_by(|one, next| one[DEVICE] == next[DEVICE]) {
        if let Some(row) = of_device.first() {
            family.sample(&[row[DEVICE].as_str()], of_device.len() as f64);
        }
    }
}

/// Names of `RTPROT_…` in include/uapi/linux/rtnetlink.h.
fn protocol(number: u8) -> &'static str {
    match number {
        0 => "unspec",
        1 => "redirect",
        2 => "kernel",
        3 => "boot",
        4 => "static",
        8 => "gated",
        9 => "ra",
        10 => "mrt",
        11 => "zebra",
        12 => "bird",
        13 => "dnrouted",
        14 => "xorp",
        15 => "ntk",
        16 => "dhcp",
        17 => "mrouted",
        42 => "babel",
        186 => "bgp",
        187 => "isis",
        188 => "ospf",
        189 => "rip",
        192 => "eigrp",
        _ => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use exposition::{Format, assemble};
    use kernel_stats::rtnl_route::Hop;

    use super::*;

    fn route(interface: u32, weight: Option<u16>) -> Route {
        Route {
            destination: Some([203, 0, 113, 0].into()),
            prefix_length: 24,
            protocol: 186,
            source: None,
            priority: 50,
            hops: vec![Hop {
                interface,
                gateway: Some([10, 8, 0, 254].into()),
                weight,
            }],
        }
    }

    fn text(routes: &[Route]) -> Vec<String> {
        let names = DeviceNames::new(vec![(3, "eth0")]);
        let (mut out, mut text) = (Encoder::new(Format::Text004), Vec::new());
        encode(routes.iter().flat_map(|route| rows(route, &names)).collect(), &mut out);
        assert!(assemble([&out], &mut text).is_empty(), "a series is there twice");
        let text = String::from_utf8(text).unwrap();
        let samples = text.lines().filter(|line| !line.starts_with('#'));
        samples.map(|line| line.replace("node_network_", "")).collect()
    }

    #[test]
    fn a_route_in_two_tables_is_shown_once_and_counted_twice() {
        let expected = [
            r#"route_info{dest="203.0.113.0/24",device="eth0",gw="10.8.0.254",priority="50",proto="bgp",src="",weight=""} 1"#,
            r#"routes{device="eth0"} 2"#,
        ];
        assert_eq!(text(&[route(3, None), route(3, None)]), expected);
    }

    #[test]
    fn a_hop_shows_its_weight_and_a_lost_device_has_no_name() {
        let expected = [
            r#"route_info{dest="203.0.113.0/24",device="",gw="10.8.0.254",priority="50",proto="bgp",src="",weight="2"} 1"#,
            r#"routes{device=""} 1"#,
        ];
        assert_eq!(text(&[route(9, Some(2))]), expected);
    }

    #[test]
    fn a_destination_without_bits_is_the_default() {
        let v6 = Some("2001:db8:1::".parse().unwrap());
        for (destination, prefix_length, expected) in
            [(None, 0, "default"), (v6, 0, "default"), (v6, 48, "2001:db8:1::/48")]
        {
            let route = Route {
                destination,
                prefix_length,
                ..Route::default()
            };
            assert_eq!(super::destination(&route), expected);
        }
    }
}
