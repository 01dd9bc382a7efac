//! The families of NFS mounts and what each shows. HELP is node_exporter's, mistakes included.

use exposition::Desc;
use kernel_stats::mountstats::{NfsMount, Operation, Transport};

/// A family and the number of a mount that it shows.
pub(super) type MountColumn = (Desc<'static>, fn(&NfsMount<'_>) -> f64);
/// A family and the number of a transport that it shows.
pub(super) type TransportColumn = (Desc<'static>, fn(&Transport<'_>) -> f64);
/// A family and the number of an operation that it shows.
pub(super) type OperationColumn = (Desc<'static>, fn(&Operation<'_>) -> f64);

const MOUNT_LABELS: &[&str] = &["export", "mountaddr", "protocol"];
const OPERATION_LABELS: &[&str] = &["export", "mountaddr", "operation", "protocol"];
const TRANSPORT_LABELS: &[&str] = &["export", "mountaddr", "protocol", "transport"];

const MILLIS_PER_SECOND: f64 = 1000.0;

/// Some kernels let times slip below zero, where they are near `u64::MAX`. What is too large for a sample to hold
/// exactly starts again from zero, so that the rest of it still counts.
fn exact(number: u64) -> f64 {
    const LIMIT: u64 = 1 << f64::MANTISSA_DIGITS;
    (number % LIMIT) as f64
}

macro_rules! column {
    ($kind:ident, $name:literal, $help:literal, $labels:ident, $value:expr) => {
        (
            Desc::$kind(concat!("node_mountstats_nfs_", $name), $help, $labels),
            $value,
        )
    };
}

pub(super) const MOUNT: [MountColumn; 35] = [
    column!(
        counter,
        "age_seconds_total",
        "The age of the NFS mount in seconds.",
        MOUNT_LABELS,
        |mount| mount.age_seconds as f64
    ),
    column!(
        counter,
        "direct_read_bytes_total",
        "Number of bytes read using the read() syscall in O_DIRECT mode.",
        MOUNT_LABELS,
        |mount| mount.bytes[2] as f64
    ),
    column!(
        counter,
        "direct_write_bytes_total",
        "Number of bytes written using the write() syscall in O_DIRECT mode.",
        MOUNT_LABELS,
        |mount| mount.bytes[3] as f64
    ),
    column!(
        counter,
        "event_attribute_invalidate_total",
        "Number of times cached inode attributes are invalidated.",
        MOUNT_LABELS,
        |mount| mount.events[3] as f64
    ),
    column!(
        counter,
        "event_data_invalidate_total",
        "Number of times an inode cache is cleared.",
        MOUNT_LABELS,
        |mount| mount.events[2] as f64
    ),
    column!(
        counter,
        "event_dnode_revalidate_total",
        "Number of times cached dentry nodes are re-validated from the server.",
        MOUNT_LABELS,
        |mount| mount.events[1] as f64
    ),
    column!(
        counter,
        "event_inode_revalidate_total",
        "Number of times cached inode attributes are re-validated from the server.",
        MOUNT_LABELS,
        |mount| mount.events[0] as f64
    ),
    column!(
        counter,
        "event_jukebox_delay_total",
        "Number of times the NFS server indicated EJUKEBOX; retrieving data from offline storage.",
        MOUNT_LABELS,
        |mount| mount.events[24] as f64
    ),
    column!(
        counter,
        "event_pnfs_read_total",
        "Number of NFS v4.1+ pNFS reads.",
        MOUNT_LABELS,
        |mount| mount.events[25] as f64
    ),
    column!(
        counter,
        "event_pnfs_write_total",
        "Number of NFS v4.1+ pNFS writes.",
        MOUNT_LABELS,
        |mount| mount.events[26] as f64
    ),
    column!(
        counter,
        "event_short_read_total",
        "Number of times the NFS server gave less data than expected while reading.",
        MOUNT_LABELS,
        |mount| mount.events[22] as f64
    ),
    column!(
        counter,
        "event_short_write_total",
        "Number of times the NFS server wrote less data than expected while writing.",
        MOUNT_LABELS,
        |mount| mount.events[23] as f64
    ),
    column!(
        counter,
        "event_silly_rename_total",
        "Number of times a file was removed while still open by another process.",
        MOUNT_LABELS,
        |mount| mount.events[21] as f64
    ),
    column!(
        counter,
        "event_truncation_total",
        "Number of times files have been truncated.",
        MOUNT_LABELS,
        |mount| mount.events[19] as f64
    ),
    column!(
        counter,
        "event_vfs_access_total",
        "Number of times permissions have been checked.",
        MOUNT_LABELS,
        |mount| mount.events[6] as f64
    ),
    column!(
        counter,
        "event_vfs_file_release_total",
        "Number of times files have been closed and released.",
        MOUNT_LABELS,
        |mount| mount.events[17] as f64
    ),
    column!(
        counter,
        "event_vfs_flush_total",
        "Number of pending writes that have been forcefully flushed to the server.",
        MOUNT_LABELS,
        |mount| mount.events[14] as f64
    ),
    column!(
        counter,
        "event_vfs_fsync_total",
        "Number of times fsync() has been called on directories and files.",
        MOUNT_LABELS,
        |mount| mount.events[15] as f64
    ),
    column!(
        counter,
        "event_vfs_getdents_total",
        "Number of times directory entries have been read with getdents().",
        MOUNT_LABELS,
        |mount| mount.events[12] as f64
    ),
    column!(
        counter,
        "event_vfs_lock_total",
        "Number of times locking has been attempted on a file.",
        MOUNT_LABELS,
        |mount| mount.events[16] as f64
    ),
    column!(
        counter,
        "event_vfs_lookup_total",
        "Number of times a directory lookup has occurred.",
        MOUNT_LABELS,
        |mount| mount.events[5] as f64
    ),
    column!(
        counter,
        "event_vfs_open_total",
        "Number of times cached inode attributes are invalidated.",
        MOUNT_LABELS,
        |mount| mount.events[4] as f64
    ),
    column!(
        counter,
        "event_vfs_read_page_total",
        "Number of pages read directly via mmap()'d files.",
        MOUNT_LABELS,
        |mount| mount.events[8] as f64
    ),
    column!(
        counter,
        "event_vfs_read_pages_total",
        "Number of times a group of pages have been read.",
        MOUNT_LABELS,
        |mount| mount.events[9] as f64
    ),
    column!(
        counter,
        "event_vfs_setattr_total",
        "Number of times directory entries have been read with getdents().",
        MOUNT_LABELS,
        |mount| mount.events[13] as f64
    ),
    column!(
        counter,
        "event_vfs_update_page_total",
        "Number of updates (and potential writes) to pages.",
        MOUNT_LABELS,
        |mount| mount.events[7] as f64
    ),
    column!(
        counter,
        "event_vfs_write_page_total",
        "Number of pages written directly via mmap()'d files.",
        MOUNT_LABELS,
        |mount| mount.events[10] as f64
    ),
    column!(
        counter,
        "event_vfs_write_pages_total",
        "Number of times a group of pages have been written.",
        MOUNT_LABELS,
        |mount| mount.events[11] as f64
    ),
    column!(
        counter,
        "event_write_extension_total",
        "Number of times a file has been grown due to writes beyond its existing end.",
        MOUNT_LABELS,
        |mount| mount.events[20] as f64
    ),
    column!(
        counter,
        "read_bytes_total",
        "Number of bytes read using the read() syscall.",
        MOUNT_LABELS,
        |mount| mount.bytes[0] as f64
    ),
    column!(
        counter,
        "read_pages_total",
        "Number of pages read directly via mmap()'d files.",
        MOUNT_LABELS,
        |mount| mount.bytes[6] as f64
    ),
    column!(
        counter,
        "total_read_bytes_total",
        "Number of bytes read from the NFS server, in total.",
        MOUNT_LABELS,
        |mount| mount.bytes[4] as f64
    ),
    column!(
        counter,
        "total_write_bytes_total",
        "Number of bytes written to the NFS server, in total.",
        MOUNT_LABELS,
        |mount| mount.bytes[5] as f64
    ),
    column!(
        counter,
        "write_bytes_total",
        "Number of bytes written using the write() syscall.",
        MOUNT_LABELS,
        |mount| mount.bytes[1] as f64
    ),
    column!(
        counter,
        "write_pages_total",
        "Number of pages written directly via mmap()'d files.",
        MOUNT_LABELS,
        |mount| mount.bytes[7] as f64
    ),
];

pub(super) const TRANSPORT: [TransportColumn; 10] = [
    column!(
        counter,
        "transport_backlog_queue_total",
        "Total number of items added to the RPC backlog queue.",
        TRANSPORT_LABELS,
        |transport| transport.backlog as f64
    ),
    column!(
        counter,
        "transport_bad_transaction_ids_total",
        "Number of times the NFS server sent a response with a transaction ID unknown to this client.",
        TRANSPORT_LABELS,
        |transport| transport.bad_transaction_ids as f64
    ),
    column!(
        counter,
        "transport_bind_total",
        "Number of times the client has had to establish a connection from scratch to the NFS server.",
        TRANSPORT_LABELS,
        |transport| transport.binds as f64
    ),
    column!(
        counter,
        "transport_connect_total",
        "Number of times the client has made a TCP connection to the NFS server.",
        TRANSPORT_LABELS,
        |transport| transport.connects as f64
    ),
    column!(
        gauge,
        "transport_idle_time_seconds",
        "Duration since the NFS mount last saw any RPC traffic, in seconds.",
        TRANSPORT_LABELS,
        |transport| exact(transport.idle_seconds)
    ),
    column!(
        gauge,
        "transport_maximum_rpc_slots",
        "Maximum number of simultaneously active RPC requests ever used.",
        TRANSPORT_LABELS,
        |transport| transport.max_slots as f64
    ),
    column!(
        counter,
        "transport_pending_queue_total",
        "Total number of items added to the RPC transmission pending queue.",
        TRANSPORT_LABELS,
        |transport| transport.pending as f64
    ),
    column!(
        counter,
        "transport_receives_total",
        "Number of RPC responses for this mount received from the NFS server.",
        TRANSPORT_LABELS,
        |transport| transport.receives as f64
    ),
    column!(
        counter,
        "transport_sending_queue_total",
        "Total number of items added to the RPC transmission sending queue.",
        TRANSPORT_LABELS,
        |transport| transport.sending as f64
    ),
    column!(
        counter,
        "transport_sends_total",
        "Number of RPC requests for this mount sent to the NFS server.",
        TRANSPORT_LABELS,
        |transport| transport.sends as f64
    ),
];

pub(super) const OPERATION: [OperationColumn; 8] = [
    column!(
        counter,
        "operations_major_timeouts_total",
        "Number of times a request has had a major timeout for a given operation.",
        OPERATION_LABELS,
        |operation| operation.major_timeouts as f64
    ),
    column!(
        counter,
        "operations_queue_time_seconds_total",
        "Duration all requests spent queued for transmission for a given operation before they were sent, in seconds.",
        OPERATION_LABELS,
        |operation| exact(operation.queue_millis) / MILLIS_PER_SECOND
    ),
    column!(
        counter,
        "operations_received_bytes_total",
        "Number of bytes received for a given operation, including RPC headers and payload.",
        OPERATION_LABELS,
        |operation| operation.bytes_received as f64
    ),
    column!(
        counter,
        "operations_request_time_seconds_total",
        "Duration all requests took from when a request was enqueued to when it was completely handled for a given operation, in seconds.",
        OPERATION_LABELS,
        |operation| exact(operation.request_millis) / MILLIS_PER_SECOND
    ),
    column!(
        counter,
        "operations_requests_total",
        "Number of requests performed for a given operation.",
        OPERATION_LABELS,
        |operation| operation.requests as f64
    ),
    column!(
        counter,
        "operations_response_time_seconds_total",
        "Duration all requests took to get a reply back after a request for a given operation was transmitted, in seconds.",
        OPERATION_LABELS,
        |operation| exact(operation.response_millis) / MILLIS_PER_SECOND
    ),
    column!(
        counter,
        "operations_sent_bytes_total",
        "Number of bytes sent for a given operation, including RPC headers and payload.",
        OPERATION_LABELS,
        |operation| operation.bytes_sent as f64
    ),
    column!(
        counter,
        "operations_transmissions_total",
        "Number of times an actual RPC request has been transmitted for a given operation.",
        OPERATION_LABELS,
        |operation| operation.transmissions as f64
    ),
];

#[cfg(test)]
mod tests {
    use super::exact;

    #[test]
    fn times_below_zero_start_again() {
        assert_eq!(exact(1097), 1097.0);
        assert_eq!(exact((1 << 53) + 7), 7.0);
    }
}
