//! The families of bcache, and the files or numbers that each shows.

use std::ffi::CStr;

use exposition::Desc;
use kernel_stats::bcache::{PriorityStats, WritebackRate};

/// A file of one number, and the family that shows it.
pub(super) type Number = (&'static CStr, Desc<'static>);

macro_rules! number {
    ($file:literal, $kind:ident, $name:literal, $help:literal, $labels:ident) => {
        ($file, Desc::$kind(concat!("node_bcache_", $name), $help, $labels))
    };
}

const SET_LABELS: &[&str] = &["uuid"];
const BACKING_LABELS: &[&str] = &["backing_device", "uuid"];
const CACHE_LABELS: &[&str] = &["cache_device", "uuid"];

pub(super) const SET: [Number; 9] = [
    number!(
        c"internal/active_journal_entries",
        gauge,
        "active_journal_entries",
        "Number of journal entries that are newer than the index.",
        SET_LABELS
    ),
    number!(
        c"average_key_size",
        gauge,
        "average_key_size_sectors",
        "Average data per key in the btree (sectors).",
        SET_LABELS
    ),
    number!(
        c"btree_cache_size",
        gauge,
        "btree_cache_size_bytes",
        "Amount of memory currently used by the btree cache.",
        SET_LABELS
    ),
    number!(
        c"internal/btree_nodes",
        gauge,
        "btree_nodes",
        "Total nodes in the btree.",
        SET_LABELS
    ),
    number!(
        c"cache_available_percent",
        gauge,
        "cache_available_percent",
        "Percentage of cache device without dirty data, usable for writeback (may contain clean cached data).",
        SET_LABELS
    ),
    number!(
        c"internal/cache_read_races",
        counter,
        "cache_read_races_total",
        "Counts instances where while data was being read from the cache, the bucket was reused and invalidated - i.e. where the pointer was stale after the read completed.",
        SET_LABELS
    ),
    number!(c"congested", gauge, "congested", "Congestion.", SET_LABELS),
    number!(
        c"root_usage_percent",
        gauge,
        "root_usage_percent",
        "Percentage of the root btree node in use (tree depth increases if too high).",
        SET_LABELS
    ),
    number!(c"tree_depth", gauge, "tree_depth", "Depth of the btree.", SET_LABELS),
];

pub(super) const READ_DURATION: Desc<'_> = Desc::gauge(
    "node_bcache_btree_read_average_duration_seconds",
    "Average btree read duration.",
    SET_LABELS,
);
pub(super) const READ_DURATION_FILE: &CStr = c"internal/btree_read_average_duration_us";
/// What node_exporter takes the file's number for, whatever the file's name.
pub(super) const SECONDS_PER_UNIT: f64 = 1e-9;

pub(super) const BACKING: [Number; 8] = [
    number!(
        c"stats_total/bypassed",
        counter,
        "bypassed_bytes_total",
        "Amount of IO (both reads and writes) that has bypassed the cache.",
        BACKING_LABELS
    ),
    number!(
        c"stats_total/cache_bypass_hits",
        counter,
        "cache_bypass_hits_total",
        "Hits for IO intended to skip the cache.",
        BACKING_LABELS
    ),
    number!(
        c"stats_total/cache_bypass_misses",
        counter,
        "cache_bypass_misses_total",
        "Misses for IO intended to skip the cache.",
        BACKING_LABELS
    ),
    number!(
        c"stats_total/cache_hits",
        counter,
        "cache_hits_total",
        "Hits counted per individual IO as bcache sees them.",
        BACKING_LABELS
    ),
    number!(
        c"stats_total/cache_miss_collisions",
        counter,
        "cache_miss_collisions_total",
        "Instances where data insertion from cache miss raced with write (data already present).",
        BACKING_LABELS
    ),
    number!(
        c"stats_total/cache_misses",
        counter,
        "cache_misses_total",
        "Misses counted per individual IO as bcache sees them.",
        BACKING_LABELS
    ),
    number!(
        c"stats_total/cache_readaheads",
        counter,
        "cache_readaheads_total",
        "Count of times readahead occurred.",
        BACKING_LABELS
    ),
    number!(
        c"dirty_data",
        gauge,
        "dirty_data_bytes",
        "Amount of dirty data for this backing device in the cache.",
        BACKING_LABELS
    ),
];

/// A family and the number of the controller that it shows.
pub(super) type Rate = (Desc<'static>, fn(&WritebackRate) -> f64);

pub(super) const RATE: [Rate; 5] = [
    (
        Desc::gauge(
            "node_bcache_dirty_target_bytes",
            "Current dirty data target threshold for this backing device in bytes.",
            BACKING_LABELS,
        ),
        |rate| rate.target,
    ),
    (
        Desc::gauge(
            "node_bcache_writeback_change",
            "Last writeback rate change step for this backing device.",
            BACKING_LABELS,
        ),
        |rate| rate.change,
    ),
    (
        Desc::gauge(
            "node_bcache_writeback_rate",
            "Current writeback rate for this backing device in bytes.",
            BACKING_LABELS,
        ),
        |rate| rate.rate,
    ),
    (
        Desc::gauge(
            "node_bcache_writeback_rate_integral_term",
            "Current result of integral controller, part of writeback rate",
            BACKING_LABELS,
        ),
        |rate| rate.integral,
    ),
    (
        Desc::gauge(
            "node_bcache_writeback_rate_proportional_term",
            "Current result of proportional controller, part of writeback rate",
            BACKING_LABELS,
        ),
        |rate| rate.proportional,
    ),
];

pub(super) const CACHE: [Number; 3] = [
    number!(
        c"io_errors",
        gauge,
        "io_errors",
        "Number of errors that have occurred, decayed by io_error_halflife.",
        CACHE_LABELS
    ),
    number!(
        c"metadata_written",
        counter,
        "metadata_written_bytes_total",
        "Sum of all non data writes (btree writes and all other metadata).",
        CACHE_LABELS
    ),
    number!(
        c"written",
        counter,
        "written_bytes_total",
        "Sum of all data that has been written to the cache.",
        CACHE_LABELS
    ),
];

/// A family and the percentage that it shows.
pub(super) type Priority = (Desc<'static>, fn(&PriorityStats) -> u64);

pub(super) const PRIORITY: [Priority; 2] = [
    (
        Desc::gauge(
            "node_bcache_priority_stats_metadata_percent",
            "Bcache's metadata overhead.",
            CACHE_LABELS,
        ),
        |stats| stats.metadata_percent,
    ),
    (
        Desc::gauge(
            "node_bcache_priority_stats_unused_percent",
            "The percentage of the cache that doesn't contain any data.",
            CACHE_LABELS,
        ),
        |stats| stats.unused_percent,
    ),
];
