//! The families that `--collector.netclass_rtnl.with-stats` adds.

use exposition::Desc;
use kernel_stats::rtnl_link::LinkStats;

macro_rules! statistics {
    ($($name:literal: $field:ident,)+) => {
        [$((property!(gauge, $name), |stats| stats.$field)),+]
    };
}

/// A family and the statistic that it shows.
pub(super) type Statistic = (Desc<'static>, fn(&LinkStats) -> u64);

/// The statistics, which node_exporter calls gauges here.
pub(super) const STATISTICS: [Statistic; 24] = statistics! {
    "collisions_total": collisions,
    "multicast_total": multicast,
    "receive_bytes_total": rx_bytes,
    "receive_compressed_total": rx_compressed,
    "receive_crc_errors_total": rx_crc_errors,
    "receive_dropped_total": rx_dropped,
    "receive_errors_total": rx_errors,
    "receive_fifo_errors_total": rx_fifo_errors,
    "receive_frame_errors_total": rx_frame_errors,
    "receive_length_errors_total": rx_length_errors,
    "receive_missed_errors_total": rx_missed_errors,
    "receive_nohandler_total": rx_nohandler,
    "receive_over_errors_total": rx_over_errors,
    "receive_packets_total": rx_packets,
    "transmit_aborted_errors_total": tx_aborted_errors,
    "transmit_bytes_total": tx_bytes,
    "transmit_carrier_errors_total": tx_carrier_errors,
    "transmit_compressed_total": tx_compressed,
    "transmit_dropped_total": tx_dropped,
    "transmit_errors_total": tx_errors,
    "transmit_fifo_errors_total": tx_fifo_errors,
    "transmit_heartbeat_errors_total": tx_heartbeat_errors,
    "transmit_packets_total": tx_packets,
    "transmit_window_errors_total": tx_window_errors,
};
