//! Replicated block devices, from /proc/drbd. DRBD 9 leaves only versions there and so shows nothing.

use exporter_toolkit::collector::{CollectError, Collector, CollectorSpec};
use exposition::{Desc, Encoder};
use kernel_stats::drbd::{self, Device};

use crate::context::Context;
use crate::source::Source;

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "drbd",
    enabled_by_default: false,
    flags: &[],
    build: |context| {
        Ok(Box::new(Drbd {
            source: context.proc("drbd"),
        }))
    },
};

/// The unit of what DRBD counts data in.
const KIB: f64 = 1024.0;
const ONE: f64 = 1.0;

/// A family, the number that it shows and what that is multiplied with.
type Number = (Desc<'static>, fn(&Device<'_>) -> Option<u64>, f64);

macro_rules! number {
    ($kind:ident, $name:literal, $help:literal, $field:ident, $unit:expr) => {
        (
            Desc::$kind(concat!("node_drbd_", $name), $help, &["device"]),
            |device| device.$field,
            $unit,
        )
    };
}

const NUMBERS: [Number; 12] = [
    number!(
        counter,
        "activitylog_writes_total",
        "Number of updates of the activity log area of the meta data.",
        activity_log_writes,
        ONE
    ),
    number!(
        gauge,
        "application_pending",
        "Number of block I/O requests forwarded to DRBD, but not yet answered by DRBD.",
        application_pending,
        ONE
    ),
    number!(
        counter,
        "bitmap_writes_total",
        "Number of updates of the bitmap area of the meta data.",
        bitmap_writes,
        ONE
    ),
    number!(
        counter,
        "disk_read_bytes_total",
        "Net data read from local hard disk; in bytes.",
        disk_read_kib,
        KIB
    ),
    number!(
        counter,
        "disk_written_bytes_total",
        "Net data written on local hard disk; in bytes.",
        disk_written_kib,
        KIB
    ),
    number!(gauge, "epochs", "Number of Epochs currently on the fly.", epochs, ONE),
    number!(
        gauge,
        "local_pending",
        "Number of open requests to the local I/O sub-system.",
        local_pending,
        ONE
    ),
    // node_exporter shows KiB here, while name and help say bytes; see `nr` in the DRBD 8.4 user's guide.
    number!(
        counter,
        "network_received_bytes_total",
        "Total number of bytes received via the network.",
        received_kib,
        KIB
    ),
    number!(
        counter,
        "network_sent_bytes_total",
        "Total number of bytes sent via the network.",
        sent_kib,
        KIB
    ),
    number!(
        gauge,
        "out_of_sync_bytes",
        "Amount of data known to be out of sync; in bytes.",
        out_of_sync_kib,
        KIB
    ),
    number!(
        gauge,
        "remote_pending",
        "Number of requests sent to the peer, but that have not yet been answered by the latter.",
        remote_pending,
        ONE
    ),
    number!(
        gauge,
        "remote_unacknowledged",
        "Number of requests received by the peer via the network connection, but that have not yet been answered.",
        remote_unacknowledged,
        ONE
    ),
];

const CONNECTED: Desc<'_> = Desc::gauge(
    "node_drbd_connected",
    "Whether DRBD is connected to the peer.",
    &["device"],
);
const IS_PRIMARY: Desc<'_> = Desc::gauge(
    "node_drbd_node_role_is_primary",
    "Whether the role of the node is in the primary state.",
    &["device", "node"],
);
const IS_UP_TO_DATE: Desc<'_> = Desc::gauge(
    "node_drbd_disk_state_is_up_to_date",
    "Whether the disk of the node is up to date.",
    &["device", "node"],
);

struct Drbd {
    source: Source,
}

impl Collector for Drbd {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let devices = self.source.parse(drbd::parse)?;
        let devices: Vec<_> = devices
            .iter()
            .map(|device| (format!("drbd{}", device.minor), device))
            .collect();
        for (desc, number, unit) in &NUMBERS {
            let mut family = out.family(desc);
            for (name, device) in &devices {
                if let Some(number) = number(device) {
                    family.sample(&[name.as_str()], number as f64 * unit);
                }
            }
        }
        let mut family = out.family(&CONNECTED);
        for (name, device) in &devices {
            if let Some(connection) = device.connection {
                family.sample(&[name.as_str()], truth(connection == "Connected"));
            }
        }
        encode_pairs(&IS_PRIMARY, &devices, |device| device.roles, "Primary", out);
        encode_pairs(&IS_UP_TO_DATE, &devices, |device| device.disks, "UpToDate", out);
        Ok(())
    }
}

/// Writes for this node and the peer whether their states are the `good` one.
fn encode_pairs<'d>(
    desc: &Desc<'_>,
    devices: &[(String, &Device<'d>)],
    states: fn(&Device<'d>) -> Option<[&'d str; 2]>,
    good: &str,
    out: &mut Encoder,
) {
    let mut family = out.family(desc);
    for (name, device) in devices {
        if let Some([local, remote]) = states(device) {
            family.sample(&[name.as_str(), "local"], truth(local == good));
            family.sample(&[name.as_str(), "remote"], truth(remote == good));
        }
    }
}

fn truth(condition: bool) -> f64 {
    f64::from(u8::from(condition))
}
