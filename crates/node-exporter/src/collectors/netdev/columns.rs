//! The families of netdev. Those that /proc/net/dev inspired sum up what netlink tells apart, as the kernel does for the
//! file: dev_seq_printf_stats in net/core/net-procfs.c.

use exposition::Desc;
use kernel_stats::net_dev::{Receive, Transmit};
use kernel_stats::rtnl_link::LinkStats;

/// A family and the number that it shows.
pub(super) type Column<T> = (Desc<'static>, fn(&T) -> u64);

macro_rules! columns {
    ($($name:ident: $value:expr,)+) => {
        &[$((
            Desc::counter(
                concat!("node_network_", stringify!($name), "_total"),
                concat!("Network device statistic ", stringify!($name), "."),
                &["device"],
            ),
            $value,
        )),+]
    };
}

/// What netlink tells, under the names of the file.
pub(super) const LINK: &[Column<LinkStats>] = columns! {
    receive_bytes: |link| link.rx_bytes,
    receive_compressed: |link| link.rx_compressed,
    receive_drop: |link| sum([link.rx_dropped, link.rx_missed_errors, 0, 0]),
    receive_errs: |link| link.rx_errors,
    receive_fifo: |link| link.rx_fifo_errors,
    receive_frame: |link| {
        sum([link.rx_frame_errors, link.rx_length_errors, link.rx_over_errors, link.rx_crc_errors])
    },
    receive_multicast: |link| link.multicast,
    receive_nohandler: |link| link.rx_nohandler,
    receive_packets: |link| link.rx_packets,
    transmit_bytes: |link| link.tx_bytes,
    transmit_carrier: |link| {
        sum([link.tx_carrier_errors, link.tx_aborted_errors, link.tx_window_errors, link.tx_heartbeat_errors])
    },
    transmit_colls: |link| link.collisions,
    transmit_compressed: |link| link.tx_compressed,
    transmit_drop: |link| link.tx_dropped,
    transmit_errs: |link| link.tx_errors,
    transmit_fifo: |link| link.tx_fifo_errors,
    transmit_packets: |link| link.tx_packets,
};

/// What netlink tells, each number apart.
pub(super) const LINK_DETAILED: &[Column<LinkStats>] = columns! {
    collisions: |link| link.collisions,
    multicast: |link| link.multicast,
    receive_bytes: |link| link.rx_bytes,
    receive_compressed: |link| link.rx_compressed,
    receive_crc_errors: |link| link.rx_crc_errors,
    receive_dropped: |link| link.rx_dropped,
    receive_errors: |link| link.rx_errors,
    receive_fifo_errors: |link| link.rx_fifo_errors,
    receive_frame_errors: |link| link.rx_frame_errors,
    receive_length_errors: |link| link.rx_length_errors,
    receive_missed_errors: |link| link.rx_missed_errors,
    receive_nohandler: |link| link.rx_nohandler,
    receive_over_errors: |link| link.rx_over_errors,
    receive_packets: |link| link.rx_packets,
    transmit_aborted_errors: |link| link.tx_aborted_errors,
    transmit_bytes: |link| link.tx_bytes,
    transmit_carrier_errors: |link| link.tx_carrier_errors,
    transmit_compressed: |link| link.tx_compressed,
    transmit_dropped: |link| link.tx_dropped,
    transmit_errors: |link| link.tx_errors,
    transmit_fifo_errors: |link| link.tx_fifo_errors,
    transmit_heartbeat_errors: |link| link.tx_heartbeat_errors,
    transmit_packets: |link| link.tx_packets,
    transmit_window_errors: |link| link.tx_window_errors,
};

/// What the file tells.
pub(super) const FILE: &[Column<(Receive, Transmit)>] = columns! {
    receive_bytes: |(receive, _)| receive.bytes,
    receive_compressed: |(receive, _)| receive.compressed,
    receive_drop: |(receive, _)| receive.drop,
    receive_errs: |(receive, _)| receive.errs,
    receive_fifo: |(receive, _)| receive.fifo,
    receive_frame: |(receive, _)| receive.frame,
    receive_multicast: |(receive, _)| receive.multicast,
    receive_packets: |(receive, _)| receive.packets,
    transmit_bytes: |(_, transmit)| transmit.bytes,
    transmit_carrier: |(_, transmit)| transmit.carrier,
    transmit_colls: |(_, transmit)| transmit.colls,
    transmit_compressed: |(_, transmit)| transmit.compressed,
    transmit_drop: |(_, transmit)| transmit.drop,
    transmit_errs: |(_, transmit)| transmit.errs,
    transmit_fifo: |(_, transmit)| transmit.fifo,
    transmit_packets: |(_, transmit)| transmit.packets,
};

/// What the file tells, with those names of the detailed families that mean the same.
pub(super) const FILE_DETAILED: &[Column<(Receive, Transmit)>] = columns! {
    receive_bytes: |(receive, _)| receive.bytes,
    receive_compressed: |(receive, _)| receive.compressed,
    receive_dropped: |(receive, _)| receive.drop,
    receive_errors: |(receive, _)| receive.errs,
    receive_fifo: |(receive, _)| receive.fifo,
    receive_frame: |(receive, _)| receive.frame,
    receive_multicast: |(receive, _)| receive.multicast,
    receive_packets: |(receive, _)| receive.packets,
    transmit_bytes: |(_, transmit)| transmit.bytes,
    transmit_carrier: |(_, transmit)| transmit.carrier,
    transmit_colls: |(_, transmit)| transmit.colls,
    transmit_compressed: |(_, transmit)| transmit.compressed,
    transmit_dropped: |(_, transmit)| transmit.drop,
    transmit_errors: |(_, transmit)| transmit.errs,
    transmit_fifo: |(_, transmit)| transmit.fifo,
    transmit_packets: |(_, transmit)| transmit.packets,
};

/// As the kernel adds them up: drivers may report anything.
fn sum(counts: [u64; 4]) -> u64 {
    counts.into_iter().fold(0, u64::wrapping_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What columns that are not 0 show, by the middle of the family's name.
    fn shown(columns: &[Column<LinkStats>], stats: &LinkStats) -> Vec<(&'static str, u64)> {
        let all = columns.iter().map(|(desc, value)| {
            let name = desc.name.strip_prefix("node_network_").unwrap();
            (name.strip_suffix("_total").unwrap(), value(stats))
        });
        all.filter(|(_, value)| *value > 0).collect()
    }

    #[test]
    fn links_are_summed_up_as_in_the_file() {
        let stats = LinkStats {
            rx_dropped: 1,
            rx_missed_errors: 2,
            rx_frame_errors: 4,
            rx_length_errors: 8,
            rx_over_errors: 16,
            rx_crc_errors: 32,
            tx_carrier_errors: 64,
            tx_aborted_errors: 128,
            tx_window_errors: 256,
            tx_heartbeat_errors: 512,
            collisions: u64::MAX,
            ..LinkStats::default()
        };
        let expected = [
            ("receive_drop", 3),
            ("receive_frame", 60),
            ("transmit_carrier", 960),
            ("transmit_colls", u64::MAX),
        ];
        assert_eq!(shown(LINK, &stats), expected);
    }

    #[test]
    fn details_show_each_number_under_its_own_name() {
        // 1 to 24, in the order of the kernel's struct.
        let stats = LinkStats {
            rx_packets: 1,
            tx_packets: 2,
            rx_bytes: 3,
            tx_bytes: 4,
            rx_errors: 5,
            tx_errors: 6,
            rx_dropped: 7,
            tx_dropped: 8,
            multicast: 9,
            collisions: 10,
            rx_length_errors: 11,
            rx_over_errors: 12,
            rx_crc_errors: 13,
            rx_frame_errors: 14,
            rx_fifo_errors: 15,
            rx_missed_errors: 16,
            tx_aborted_errors: 17,
            tx_carrier_errors: 18,
            tx_fifo_errors: 19,
            tx_heartbeat_errors: 20,
            tx_window_errors: 21,
            rx_compressed: 22,
            tx_compressed: 23,
            rx_nohandler: 24,
        };
        let expected = [
            ("collisions", 10),
            ("multicast", 9),
            ("receive_bytes", 3),
            ("receive_compressed", 22),
            ("receive_crc_errors", 13),
            ("receive_dropped", 7),
            ("receive_errors", 5),
            ("receive_fifo_errors", 15),
            ("receive_frame_errors", 14),
            ("receive_length_errors", 11),
            ("receive_missed_errors", 16),
            ("receive_nohandler", 24),
            ("receive_over_errors", 12),
            ("receive_packets", 1),
            ("transmit_aborted_errors", 17),
            ("transmit_bytes", 4),
            ("transmit_carrier_errors", 18),
            ("transmit_compressed", 23),
            ("transmit_dropped", 8),
            ("transmit_errors", 6),
            ("transmit_fifo_errors", 19),
            ("transmit_heartbeat_errors", 20),
            ("transmit_packets", 2),
            ("transmit_window_errors", 21),
        ];
        assert_eq!(shown(LINK_DETAILED, &stats), expected);
    }
}
