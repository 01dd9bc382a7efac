//! Ports of Fibre Channel host bus adapters, from /sys/class/fc_host.

use std::ffi::CStr;
use std::path::PathBuf;

use exporter_toolkit::collector::{CollectError, Collector, CollectorSpec};
use exposition::{Desc, Encoder};

use crate::context::Context;
use crate::source::SourceError;
use crate::sysfs::{Attributes, Folder};

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "fibrechannel",
    enabled_by_default: true,
    flags: &[],
    build: |context| {
        Ok(Box::new(FibreChannel {
            directory: context.sys_path("class/fc_host"),
            attributes: Attributes::default(),
        }))
    },
};

const INFO: Desc<'_> = Desc::gauge(
    "node_fibrechannel_info",
    "Non-numeric data from /sys/class/fc_host/<host>, value is always 1.",
    &[
        "dev_loss_tmo",
        "fabric_name",
        "fc_host",
        "port_id",
        "port_name",
        "port_state",
        "port_type",
        "speed",
        "supported_classes",
        "supported_speeds",
        "symbolic_name",
    ],
);

macro_rules! counter {
    ($file:literal, $name:literal, $help:literal) => {
        (
            $file,
            Desc::counter(concat!("node_fibrechannel_", $name, "_total"), $help, &["fc_host"]),
        )
    };
}

/// The files of statistics and their families.
const COUNTERS: [(&CStr, Desc<'_>); 14] = [
    counter!(c"statistics/dumped_frames", "dumped_frames", "Number of dumped frames"),
    counter!(c"statistics/error_frames", "error_frames", "Number of errors in frames"),
    counter!(
        c"statistics/fcp_packet_aborts",
        "fcp_packet_aborts",
        "Number of aborted packets"
    ),
    counter!(
        c"statistics/invalid_crc_count",
        "invalid_crc",
        "Invalid Cyclic Redundancy Check count"
    ),
    counter!(
        c"statistics/invalid_tx_word_count",
        "invalid_tx_words",
        "Number of invalid words transmitted by host port"
    ),
    counter!(
        c"statistics/link_failure_count",
        "link_failure",
        "Number of times the host port link has failed"
    ),
    counter!(
        c"statistics/loss_of_signal_count",
        "loss_of_signal",
        "Number of times signal has been lost"
    ),
    counter!(
        c"statistics/loss_of_sync_count",
        "loss_of_sync",
        "Number of failures on either bit or transmission word boundaries"
    ),
    counter!(
        c"statistics/nos_count",
        "nos",
        "Number Not_Operational Primitive Sequence received by host port"
    ),
    counter!(c"statistics/rx_frames", "rx_frames", "Number of frames received"),
    counter!(
        c"statistics/rx_words",
        "rx_words",
        "Number of words received by host port"
    ),
    counter!(
        c"statistics/seconds_since_last_reset",
        "seconds_since_last_reset",
        "Number of seconds since last host port reset"
    ),
    counter!(
        c"statistics/tx_frames",
        "tx_frames",
        "Number of frames transmitted by host port"
    ),
    counter!(
        c"statistics/tx_words",
        "tx_words",
        "Number of words transmitted by host port"
    ),
];
/// What the kernel says of a statistic that the adapter does not count.
const NOT_COUNTED: u64 = u64::MAX;

struct FibreChannel {
    directory: PathBuf,
    attributes: Attributes,
}

impl Collector for FibreChannel {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let hosts = self.hosts()?;
        let mut info = out.family(&INFO);
        for (name, host) in &hosts {
            info.sample(
                &labels(name, host, &mut self.attributes).each_ref().map(String::as_str),
                1.0,
            );
        }
        for (file, desc) in &COUNTERS {
            let mut family = out.family(desc);
            for (name, host) in &hosts {
                let count = self.attributes.u64(host, *file);
                if let Some(count) = count.filter(|count| *count != NOT_COUNTED) {
                    family.sample(&[name.as_str()], count as f64);
                }
            }
        }
        self.attributes.finish()
    }
}

impl FibreChannel {
    fn hosts(&self) -> Result<Vec<(String, Folder)>, SourceError> {
        let class = Folder::open(&self.directory)?;
        let hosts = class.folders()?.into_iter().filter_map(|name| {
            let folder = class.folder(&name)?;
            Some((name, folder))
        });
        Ok(hosts.collect())
    }
}

/// The values of the labels of [`INFO`]; all but `fc_host` are the text of the file of that name, empty where there is
/// none.
fn labels(name: &str, host: &Folder, attributes: &mut Attributes) -> [String; INFO.labels.len()] {
    std::array::from_fn(|index| match INFO.labels[index] {
        "fc_host" => name.to_owned(),
        label @ ("fabric_name" | "port_id" | "port_name") => {
            let text = attributes.text(host, label).unwrap_or_default();
            text.strip_prefix("0x").unwrap_or(text).to_owned()
        }
        label => attributes.text(host, label).unwrap_or_default().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use exposition::{Format, assemble};

    use super::*;
    use crate::testing::root;

    fn host() -> tempfile::TempDir {
        root(&[
            ("host1/speed", "unknown\n"),
            ("host1/port_id", "0x010203\n"),
            ("host1/statistics/rx_frames", "0x10\n"),
            ("host1/statistics/tx_frames", "0xffffffffffffffff\n"),
            ("host1/statistics/nos_count", "\n"),
        ])
    }

    #[test]
    fn labels_that_the_driver_does_not_tell_are_empty() {
        let host = host();
        let folder = Folder::open(&host.path().join("host1")).unwrap();
        let values = labels("host1", &folder, &mut Attributes::default());
        let given = INFO.labels.iter().copied().zip(values.iter().map(String::as_str));
        let given: Vec<_> = given.filter(|(_, value)| !value.is_empty()).collect();
        assert_eq!(
            given,
            [("fc_host", "host1"), ("port_id", "010203"), ("speed", "unknown")]
        );
    }

    #[test]
    fn what_the_adapter_does_not_count_is_left_out() {
        let host = host();
        let mut collector = FibreChannel {
            directory: host.path().to_owned(),
            attributes: Attributes::default(),
        };
        let (mut out, mut text) = (Encoder::new(Format::Text004), Vec::new());
        collector.collect(&mut out).unwrap();
        assemble([&out], &mut text);
        let text = String::from_utf8(text).unwrap();
        let counters: Vec<&str> = text.lines().filter(|line| line.contains("_total{")).collect();
        assert_eq!(counters, ["node_fibrechannel_rx_frames_total{fc_host=\"host1\"} 16"]);
    }
}
