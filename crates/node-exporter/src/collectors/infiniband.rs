//! InfiniBand devices and their ports, from /sys/class/infiniband.

mod counters;

use std::ffi::CStr;
use std::path::PathBuf;

use exporter_toolkit::collector::{CollectError, Collector, CollectorSpec};
use exposition::{Desc, Encoder};
use kernel_stats::attribute::parse_u64;
use kernel_stats::infiniband_port::{parse_rate, parse_state};

use self::counters::COUNTERS;
use crate::context::Context;
use crate::source::SourceError;
use crate::sysfs::{Attributes, Folder};

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "infiniband",
    enabled_by_default: true,
    flags: &[],
    build: |context| {
        Ok(Box::new(InfiniBand {
            directory: context.sys_path("class/infiniband"),
            attributes: Attributes::default(),
        }))
    },
};

const INFO: Desc<'_> = Desc::gauge(
    "node_infiniband_info",
    "Non-numeric data from /sys/class/infiniband/<device>, value is always 1.",
    &["board_id", "device", "firmware_version", "hca_type"],
);

/// A gauge of a port: its family, its file, and what it says of that.
type Gauge = (Desc<'static>, &'static CStr, fn(&[u8]) -> Option<f64>);

const GAUGES: [Gauge; 4] = [
    (
        Desc::gauge(
            "node_infiniband_lifespan_seconds",
            "The maximum period in ms which defines the aging of the counter reads. Two consecutive reads within this \
             period might return the same values.",
            &["device", "port"],
        ),
        c"hw_counters/lifespan",
        |bytes| Some(parse_u64(bytes).ok()? as f64 / MILLIS_PER_SECOND),
    ),
    (
        Desc::gauge(
            "node_infiniband_physical_state_id",
            "Physical state of the InfiniBand port (0: no change, 1: sleep, 2: polling, 3: disable, 4: shift, 5: link \
             up, 6: link error recover, 7: phytest)",
            &["device", "port"],
        ),
        c"phys_state",
        |bytes| parse_state(bytes).ok().map(f64::from),
    ),
    (
        Desc::gauge(
            "node_infiniband_rate_bytes_per_second",
            "Maximum signal transfer rate",
            &["device", "port"],
        ),
        c"rate",
        |bytes| Some(parse_rate(bytes).ok()? * BYTES_PER_GIGABIT),
    ),
    (
        Desc::gauge(
            "node_infiniband_state_id",
            "State of the InfiniBand port (0: no change, 1: down, 2: init, 3: armed, 4: active, 5: act defer)",
            &["device", "port"],
        ),
        c"state",
        |bytes| parse_state(bytes).ok().map(f64::from),
    ),
];
const MILLIS_PER_SECOND: f64 = 1e3;
const BYTES_PER_GIGABIT: f64 = 1e9 / 8.0;

struct InfiniBand {
    directory: PathBuf,
    attributes: Attributes,
}

struct Device {
    name: String,
    folder: Folder,
    ports: Vec<Port>,
}

struct Port {
    number: String,
    folder: Folder,
}

impl Collector for InfiniBand {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let devices = self.devices()?;
        self.collect_info(&devices, out);
        for (desc, file, value) in &GAUGES {
            self.collect_family(desc, file, value, &devices, out);
        }
        for counter in &COUNTERS {
            let value = |bytes: &[u8]| {
                let count = parse_u64(bytes).ok()?;
                Some(count.wrapping_mul(counter.factor) as f64)
            };
            self.collect_family(&counter.desc, counter.file, value, &devices, out);
        }
        self.attributes.finish()
    }
}

impl InfiniBand {
    fn devices(&self) -> Result<Vec<Device>, SourceError> {
        let class = Folder::open(&self.directory)?;
        let devices = class.folders()?.into_iter().filter_map(|name| {
            let folder = class.folder(&name)?;
            let ports = ports(&folder);
            Some(Device { name, folder, ports })
        });
        Ok(devices.collect())
    }

    fn collect_info(&mut self, devices: &[Device], out: &mut Encoder) {
        let mut family = out.family(&INFO);
        for Device { name, folder, .. } in devices {
            let mut text = |file| self.attributes.text(folder, file).unwrap_or_default().to_owned();
            let [board, firmware, hca] = [c"board_id", c"fw_ver", c"hca_type"].map(&mut text);
            family.sample(&[board.as_str(), name, &firmware, &hca], 1.0);
        }
    }

    fn collect_family(
        &mut self,
        desc: &Desc<'_>,
        file: &CStr,
        value: impl Fn(&[u8]) -> Option<f64>,
        devices: &[Device],
        out: &mut Encoder,
    ) {
        let mut family = out.family(desc);
        for device in devices {
            for port in &device.ports {
                if let Some(value) = self.attributes.bytes(&port.folder, file).and_then(&value) {
                    family.sample(&[device.name.as_str(), port.number.as_str()], value);
                }
            }
        }
    }
}

/// The ports of a device, in the order of their numbers' text.
fn ports(device: &Folder) -> Vec<Port> {
    let Some(all) = device.folder("ports") else {
        return Vec::new();
    };
    let names = all.folders().unwrap_or_default().into_iter();
    names
        .filter_map(|number| {
            let folder = all.folder(&number)?;
            Some(Port { number, folder })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use exposition::{Format, assemble};

    use super::*;
    use crate::testing::root;

    #[test]
    fn what_a_driver_does_not_tell_is_missing_alone() {
        let root = root(&[
            ("irdma0/hca_type", "X722\n"),
            ("irdma0/ports/1/state", "4: ACTIVE\n"),
            ("irdma0/ports/1/phys_state", "LinkUp\n"),
            ("irdma0/ports/1/rate", "25 Gb/sec (1X EDR)\n"),
            ("irdma0/ports/1/counters/link_downed", "N/A (no PMA)\n"),
            ("irdma0/ports/1/counters/port_rcv_data", "4611686018427387905\n"),
            ("irdma0/ports/1/hw_counters/lifespan", "10\n"),
            ("usnic_0/board_id", "a\n"),
        ]);
        let mut collector = InfiniBand {
            directory: root.path().to_owned(),
            attributes: Attributes::default(),
        };
        let (mut out, mut text) = (Encoder::new(Format::Text004), Vec::new());
        collector.collect(&mut out).unwrap();
        assemble([&out], &mut text);
        let text = String::from_utf8(text).unwrap();
        let samples = text.lines().filter(|line| !line.starts_with('#'));
        let samples: String = samples.map(|line| format!("{line}\n")).collect();
        let expected = "\
node_infiniband_info{board_id=\"\",device=\"irdma0\",firmware_version=\"\",hca_type=\"X722\"} 1
node_infiniband_info{board_id=\"a\",device=\"usnic_0\",firmware_version=\"\",hca_type=\"\"} 1
node_infiniband_lifespan_seconds{device=\"irdma0\",port=\"1\"} 0.01
node_infiniband_port_data_received_bytes_total{device=\"irdma0\",port=\"1\"} 4
node_infiniband_rate_bytes_per_second{device=\"irdma0\",port=\"1\"} 3.125e+09
node_infiniband_state_id{device=\"irdma0\",port=\"1\"} 4
";
        assert_eq!(samples, expected);
    }
}
