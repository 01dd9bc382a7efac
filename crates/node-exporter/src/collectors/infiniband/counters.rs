//! The counters of a port: their files and their families. `counters_ext` is where Linux before 4.5 has those of 64
//! bits; what there is in `hw_counters` depends on the driver.

use std::ffi::CStr;

use exposition::Desc;

/// A counter of a port.
pub(super) struct Counter {
    /// The family, labelled `device` and `port`.
    pub(super) desc: Desc<'static>,
    /// The file, from the folder of the port.
    pub(super) file: &'static CStr,
    /// How much the family counts for each one of the file.
    pub(super) factor: u64,
}

/// Data is counted in words.
const OCTETS_PER_WORD: u64 = 4;

macro_rules! counter {
    ($name:literal, $file:literal, $factor:expr, $help:literal) => {
        Counter {
            desc: Desc::counter(concat!("node_infiniband_", $name, "_total"), $help, &["device", "port"]),
            file: $file,
            factor: $factor,
        }
    };
}

macro_rules! count {
    ($name:literal, $file:literal, $help:literal) => {
        counter!($name, $file, 1, $help)
    };
}

macro_rules! data {
    ($name:literal, $file:literal, $help:literal) => {
        counter!($name, $file, OCTETS_PER_WORD, $help)
    };
}

/// All counters, in the order of their families.
pub(super) const COUNTERS: [Counter; 59] = [
    count!(
        "duplicate_requests_packets",
        c"hw_counters/duplicate_request",
        "The number of received packets. A duplicate request is a request that had been previously executed."
    ),
    count!(
        "excessive_buffer_overrun_errors",
        c"counters/excessive_buffer_overrun_errors",
        "Number of times that OverrunErrors consecutive flow control update periods occurred, each having at least \
         one overrun error."
    ),
    count!(
        "implied_nak_seq_errors",
        c"hw_counters/implied_nak_seq_err",
        "The number of time the requested decided an ACK. with a PSN larger than the expected PSN for an RDMA read or \
         response."
    ),
    data!(
        "legacy_data_received_bytes",
        c"counters_ext/port_rcv_data_64",
        "Number of data octets received on all links"
    ),
    data!(
        "legacy_data_transmitted_bytes",
        c"counters_ext/port_xmit_data_64",
        "Number of data octets transmitted on all links"
    ),
    count!(
        "legacy_multicast_packets_received",
        c"counters_ext/port_multicast_rcv_packets",
        "Number of multicast packets received"
    ),
    count!(
        "legacy_multicast_packets_transmitted",
        c"counters_ext/port_multicast_xmit_packets",
        "Number of multicast packets transmitted"
    ),
    count!(
        "legacy_packets_received",
        c"counters_ext/port_rcv_packets_64",
        "Number of data packets received on all links"
    ),
    count!(
        "legacy_packets_transmitted",
        c"counters_ext/port_xmit_packets_64",
        "Number of data packets received on all links"
    ),
    count!(
        "legacy_unicast_packets_received",
        c"counters_ext/port_unicast_rcv_packets",
        "Number of unicast packets received"
    ),
    count!(
        "legacy_unicast_packets_transmitted",
        c"counters_ext/port_unicast_xmit_packets",
        "Number of unicast packets transmitted"
    ),
    count!(
        "link_downed",
        c"counters/link_downed",
        "Number of times the link failed to recover from an error state and went down"
    ),
    count!(
        "link_error_recovery",
        c"counters/link_error_recovery",
        "Number of times the link successfully recovered from an error state"
    ),
    count!(
        "local_ack_timeout_errors",
        c"hw_counters/local_ack_timeout_err",
        "The number of times QP's ack timer expired for RC, XRC, DCT QPs at the sender side. The QP retry limit was \
         not exceed, therefore it is still recoverable error."
    ),
    count!(
        "local_link_integrity_errors",
        c"counters/local_link_integrity_errors",
        "Number of times that the count of local physical errors exceeded the threshold specified by LocalPhyErrors."
    ),
    count!(
        "multicast_packets_received",
        c"counters/multicast_rcv_packets",
        "Number of multicast packets received (including errors)"
    ),
    count!(
        "multicast_packets_transmitted",
        c"counters/multicast_xmit_packets",
        "Number of multicast packets transmitted (including errors)"
    ),
    count!(
        "np_cnp_packets_sent",
        c"hw_counters/np_cnp_sent",
        "The number of CNP packets sent by the Notification Point when it noticed congestion experienced in the \
         RoCEv2 IP header (ECN bits). The counters was added in MLNX_OFED 4.1"
    ),
    count!(
        "np_ecn_marked_roce_packets_received",
        c"hw_counters/np_ecn_marked_roce_packets",
        "The number of RoCEv2 packets received by the notification point which were marked for experiencing the \
         congestion (ECN bits where '11' on the ingress RoCE traffic) . The counters was added in MLNX_OFED 4.1"
    ),
    count!(
        "out_of_buffer_drops",
        c"hw_counters/out_of_buffer",
        "The number of drops occurred due to lack of WQE for the associated QPs."
    ),
    count!(
        "out_of_sequence_packets_received",
        c"hw_counters/out_of_sequence",
        "The number of out of sequence packets received."
    ),
    count!(
        "packet_sequence_errors",
        c"hw_counters/packet_seq_err",
        "The number of received NAK sequence error packets. The QP retry limit was not exceeded."
    ),
    count!(
        "port_constraint_errors_received",
        c"counters/port_rcv_constraint_errors",
        "Number of packets received on the switch physical port that are discarded"
    ),
    count!(
        "port_constraint_errors_transmitted",
        c"counters/port_xmit_constraint_errors",
        "Number of packets not transmitted from the switch physical port"
    ),
    data!(
        "port_data_received_bytes",
        c"counters/port_rcv_data",
        "Number of data octets received on all links"
    ),
    data!(
        "port_data_transmitted_bytes",
        c"counters/port_xmit_data",
        "Number of data octets transmitted on all links"
    ),
    count!(
        "port_discards_received",
        c"counters/port_rcv_discards",
        "Number of inbound packets discarded by the port because the port is down or congested"
    ),
    count!(
        "port_discards_transmitted",
        c"counters/port_xmit_discards",
        "Number of outbound packets discarded by the port because the port is down or congested"
    ),
    count!(
        "port_errors_received",
        c"counters/port_rcv_errors",
        "Number of packets containing an error that were received on this port"
    ),
    count!(
        "port_packets_received",
        c"counters/port_rcv_packets",
        "Number of packets received on all VLs by this port (including errors)"
    ),
    count!(
        "port_packets_transmitted",
        c"counters/port_xmit_packets",
        "Number of packets transmitted on all VLs from this port (including errors)"
    ),
    count!(
        "port_receive_remote_physical_errors",
        c"counters/port_rcv_remote_physical_errors",
        "Number of packets marked with the EBP (End of Bad Packet) delimiter received on the port."
    ),
    count!(
        "port_receive_switch_relay_errors",
        c"counters/port_rcv_switch_relay_errors",
        "Number of packets that could not be forwarded by the switch."
    ),
    count!(
        "port_transmit_wait",
        c"counters/port_xmit_wait",
        "Number of ticks during which the port had data to transmit but no data was sent during the entire tick"
    ),
    count!(
        "req_cqes_errors",
        c"hw_counters/req_cqe_error",
        "The number of times requester detected CQEs completed with errors. The counters was added in MLNX_OFED 4.1"
    ),
    count!(
        "req_cqes_flush_errors",
        c"hw_counters/req_cqe_flush_error",
        "The number of times requester detected CQEs completed with flushed errors. The counters was added in \
         MLNX_OFED 4.1"
    ),
    count!(
        "req_remote_access_errors",
        c"hw_counters/req_remote_access_errors",
        "The number of times requester detected remote access errors. The counters was added in MLNX_OFED 4.1"
    ),
    count!(
        "req_remote_invalid_request_errors",
        c"hw_counters/req_remote_invalid_request",
        "The number of times requester detected remote invalid request errors. The counters was added in MLNX_OFED 4.1"
    ),
    count!(
        "resp_cqes_errors",
        c"hw_counters/resp_cqe_error",
        "The number of times responder detected CQEs completed with errors. The counters was added in MLNX_OFED 4.1"
    ),
    count!(
        "resp_cqes_flush_errors",
        c"hw_counters/resp_cqe_flush_error",
        "The number of times responder detected CQEs completed with flushed errors. The counters was added in \
         MLNX_OFED 4.1"
    ),
    count!(
        "resp_local_length_errors",
        c"hw_counters/resp_local_length_error",
        "The number of times responder detected local length errors. The counters was added in MLNX_OFED 4.1"
    ),
    count!(
        "resp_remote_access_errors",
        c"hw_counters/resp_remote_access_errors",
        "The number of times responder detected remote access errors. The counters was added in MLNX_OFED 4.1"
    ),
    count!(
        "rnr_nak_retry_packets_received",
        c"hw_counters/rnr_nak_retry_err",
        "The number of received RNR NAK packets. The QP retry limit was not exceeded."
    ),
    count!(
        "roce_adp_retransmits_timeout",
        c"hw_counters/roce_adp_retrans_to",
        "The number of times RoCE traffic reached timeout due to adaptive retransmission. The counter was added in \
         MLNX_OFED rev 5.0-1.0.0.0 and kernel v5.6.0"
    ),
    count!(
        "roce_adp_retransmits",
        c"hw_counters/roce_adp_retrans",
        "The number of adaptive retransmissions for RoCE traffic. The counter was added in MLNX_OFED rev 5.0-1.0.0.0 \
         and kernel v5.6.0"
    ),
    count!(
        "roce_slow_restart_cnps",
        c"hw_counters/roce_slow_restart_cnps",
        "The number of times RoCE slow restart generated CNP packets. The counter was added in MLNX_OFED rev \
         5.0-1.0.0.0 and kernel v5.6.0"
    ),
    count!(
        "roce_slow_restart",
        c"hw_counters/roce_slow_restart_trans",
        "The number of times RoCE slow restart changed state to slow restart. The counter was added in MLNX_OFED rev \
         5.0-1.0.0.0 and kernel v5.6.0"
    ),
    count!(
        "roce_slow_restart_used",
        c"hw_counters/roce_slow_restart",
        "The number of times RoCE slow restart was used. The counter was added in MLNX_OFED rev 5.0-1.0.0.0 and \
         kernel v5.6.0"
    ),
    count!(
        "rp_cnp_ignored_packets_received",
        c"hw_counters/rp_cnp_ignored",
        "The number of CNP packets received and ignored by the Reaction Point HCA. This counter should not raise if \
         RoCE Congestion Control was enabled in the network. If this counter raise, verify that ECN was enabled on the \
         adapter."
    ),
    count!(
        "rp_cnp_packets_handled",
        c"hw_counters/rp_cnp_handled",
        "The number of CNP packets handled by the Reaction Point HCA to throttle the transmission rate. The counters \
         was added in MLNX_OFED 4.1"
    ),
    count!(
        "rx_atomic_requests",
        c"hw_counters/rx_atomic_requests",
        "The number of received ATOMIC request for the associated QPs."
    ),
    count!(
        "rx_dct_connect_requests",
        c"hw_counters/rx_dct_connect",
        "The number of received connection requests for the associated DCTs."
    ),
    count!(
        "rx_icrc_encapsulated_errors",
        c"hw_counters/rx_icrc_encapsulated",
        "The number of RoCE packets with ICRC errors. This counter was added in MLNX_OFED 4.4 and kernel 4.19"
    ),
    count!(
        "rx_read_requests",
        c"hw_counters/rx_read_requests",
        "The number of received READ requests for the associated QPs."
    ),
    count!(
        "rx_write_requests",
        c"hw_counters/rx_write_requests",
        "The number of received WRITE requests for the associated QPs."
    ),
    count!(
        "symbol_error",
        c"counters/symbol_error",
        "Number of minor link errors detected on one or more physical lanes."
    ),
    count!(
        "unicast_packets_received",
        c"counters/unicast_rcv_packets",
        "Number of unicast packets received (including errors)"
    ),
    count!(
        "unicast_packets_transmitted",
        c"counters/unicast_xmit_packets",
        "Number of unicast packets transmitted (including errors)"
    ),
    count!(
        "vl15_dropped",
        c"counters/VL15_dropped",
        "Number of incoming VL15 packets dropped due to resource limitations."
    ),
];
