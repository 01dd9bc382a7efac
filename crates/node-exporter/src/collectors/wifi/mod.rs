//! Wireless interfaces and the stations that they talk to, from nl80211 over generic netlink.

mod fixtures;
mod kernel;

use std::fmt::Write as _;
use std::path::PathBuf;

use exporter_toolkit::collector::{CollectError, Collector, CollectorSpec};
use exporter_toolkit::flags::Flag;
use exposition::{Desc, Encoder};
use kernel_stats::nl80211::{Bss, Interface, Station};

use crate::context::Context;

const FIXTURES: &str = "collector.wifi.fixtures";

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "wifi",
    enabled_by_default: false,
    flags: &[Flag::value(
        FIXTURES,
        "",
        "test fixtures to use for wifi collector metrics",
    )],
    build: |context| {
        let source = match context.flags().value(FIXTURES) {
            "" => Source::Kernel,
            folder => Source::Fixtures(folder.into()),
        };
        Ok(Box::new(Wifi { source }))
    },
};

const FREQUENCY: Desc<'_> = Desc::gauge(
    "node_wifi_interface_frequency_hertz",
    "The current frequency a WiFi interface is operating at, in hertz.",
    &["device"],
);
const INFO: Desc<'_> = Desc::gauge(
    "node_wifi_station_info",
    "Labeled WiFi interface station information as provided by the operating system.",
    &["bssid", "device", "mode", "ssid"],
);
const STATION_LABELS: &[&str] = &["device", "mac_address"];

/// A family of stations, and the value that it shows.
type StationFamily = (Desc<'static>, fn(&Station) -> f64);

const STATION: [StationFamily; 12] = [
    (
        Desc::counter(
            "node_wifi_station_beacon_loss_total",
            "The total number of times a station has detected a beacon loss.",
            STATION_LABELS,
        ),
        |station| station.beacon_loss as f64,
    ),
    (
        Desc::counter(
            "node_wifi_station_connected_seconds_total",
            "The total number of seconds a station has been connected to an access point.",
            STATION_LABELS,
        ),
        |station| station.connected.as_secs_f64(),
    ),
    (
        Desc::gauge(
            "node_wifi_station_inactive_seconds",
            "The number of seconds since any wireless activity has occurred on a station.",
            STATION_LABELS,
        ),
        |station| station.inactive.as_secs_f64(),
    ),
    (
        Desc::gauge(
            "node_wifi_station_receive_bits_per_second",
            "The current WiFi receive bitrate of a station, in bits per second.",
            STATION_LABELS,
        ),
        |station| station.receive_bitrate as f64,
    ),
    (
        Desc::counter(
            "node_wifi_station_receive_bytes_total",
            "The total number of bytes received by a WiFi station.",
            STATION_LABELS,
        ),
        |station| station.received_bytes as f64,
    ),
    (
        Desc::counter(
            "node_wifi_station_received_packets_total",
            "The total number of packets received by a station.",
            STATION_LABELS,
        ),
        |station| station.received_packets as f64,
    ),
    (
        Desc::gauge(
            "node_wifi_station_signal_dbm",
            "The current WiFi signal strength, in decibel-milliwatts (dBm).",
            STATION_LABELS,
        ),
        |station| station.signal_dbm as f64,
    ),
    (
        Desc::gauge(
            "node_wifi_station_transmit_bits_per_second",
            "The current WiFi transmit bitrate of a station, in bits per second.",
            STATION_LABELS,
        ),
        |station| station.transmit_bitrate as f64,
    ),
    (
        Desc::counter(
            "node_wifi_station_transmit_bytes_total",
            "The total number of bytes transmitted by a WiFi station.",
            STATION_LABELS,
        ),
        |station| station.transmitted_bytes as f64,
    ),
    (
        Desc::counter(
            "node_wifi_station_transmit_failed_total",
            "The total number of times a station has failed to send a packet.",
            STATION_LABELS,
        ),
        |station| station.transmit_failed as f64,
    ),
    (
        Desc::counter(
            "node_wifi_station_transmit_retries_total",
            "The total number of times a station has had to retry while sending a packet.",
            STATION_LABELS,
        ),
        |station| station.transmit_retries as f64,
    ),
    (
        Desc::counter(
            "node_wifi_station_transmitted_packets_total",
            "The total number of packets transmitted by a station.",
            STATION_LABELS,
        ),
        |station| station.transmitted_packets as f64,
    ),
];

struct Wifi {
    source: Source,
}

/// Who is asked.
enum Source {
    Kernel,
    /// A folder of answers, for tests.
    Fixtures(PathBuf),
}

/// An interface, the network that it is part of, and the stations that it talks to.
#[derive(Debug, PartialEq)]
struct Wireless {
    interface: Interface,
    bss: Option<Bss>,
    stations: Vec<Station>,
}

impl Collector for Wifi {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let mut all = match &self.source {
            Source::Kernel => kernel::read()?,
            Source::Fixtures(folder) => fixtures::read(folder)?,
        };
        all.sort_by(|a, b| a.interface.name.cmp(&b.interface.name));
        encode(&all, out);
        Ok(())
    }
}

fn encode(all: &[Wireless], out: &mut Encoder) {
    let mut family = out.family(&FREQUENCY);
    for wireless in all {
        let hertz = f64::from(wireless.interface.frequency_mhz) * 1e6;
        family.sample(&[wireless.interface.name.as_str()], hertz);
    }
    let mut family = out.family(&INFO);
    for Wireless { interface, bss, .. } in all {
        if let Some(bss) = bss {
            let labels = [
                &address(&bss.bssid),
                interface.name.as_str(),
                mode(bss.status),
                &bss.ssid,
            ];
            family.sample(&labels, 1.0);
        }
    }
    for (desc, value) in &STATION {
        let mut family = out.family(desc);
        for Wireless {
            interface, stations, ..
        } in all
        {
            for station in stations {
                family.sample(&[interface.name.as_str(), &address(&station.address)], value(station));
            }
        }
    }
}

/// What an interface is in its network, by `enum nl80211_bss_status`.
fn mode(status: u32) -> &'static str {
    match status {
        0 | 1 => "client",
        2 => "ad-hoc",
        _ => "unknown",
    }
}

/// A hardware address as people write it: `00:11:22:33:44:55`.
fn address(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        let separator = if text.is_empty() { "" } else { ":" };
        write!(text, "{separator}{byte:02x}").expect("a string takes all text");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_and_addresses_are_written_out() {
        assert_eq!([0, 1, 2, 3].map(mode), ["client", "client", "ad-hoc", "unknown"]);
        assert_eq!(address(&[0, 0x11, 0xab]), "00:11:ab");
        assert_eq!(address(&[]), "");
    }
}
