//! Which fields of INFO, and of what speaks like it, are metrics. All others are left out.

use exposition::Kind;

use crate::output::Output;

/// A field and the metric that it becomes.
struct Field {
    name: &'static str,
    metric: &'static str,
    kind: Kind,
}

const fn gauge(name: &'static str, metric: &'static str) -> Field {
    Field {
        name,
        metric,
        kind: Kind::Gauge,
    }
}

const fn counter(name: &'static str, metric: &'static str) -> Field {
    Field {
        name,
        metric,
        kind: Kind::Counter,
    }
}

/// Sorted by field.
const FIELDS: &[Field] = &[
    counter("acl_access_denied_auth", "acl_access_denied_auth_total"),
    counter("acl_access_denied_channel", "acl_access_denied_channel_total"),
    counter("acl_access_denied_cmd", "acl_access_denied_cmd_total"),
    counter("acl_access_denied_key", "acl_access_denied_key_total"),
    gauge("active_defrag_hits", "defrag_hits"),
    gauge("active_defrag_key_hits", "defrag_key_hits"),
    gauge("active_defrag_key_misses", "defrag_key_misses"),
    gauge("active_defrag_misses", "defrag_misses"),
    gauge("active_defrag_running", "active_defrag_running"),
    gauge("allocator_active", "allocator_active_bytes"),
    gauge("allocator_allocated", "allocator_allocated_bytes"),
    gauge("allocator_frag_bytes", "allocator_frag_bytes"),
    gauge("allocator_frag_ratio", "allocator_frag_ratio"),
    gauge("allocator_muzzy", "allocator_muzzy_bytes"),
    gauge("allocator_resident", "allocator_resident_bytes"),
    gauge("allocator_rss_bytes", "allocator_rss_bytes"),
    gauge("allocator_rss_ratio", "allocator_rss_ratio"),
    gauge("aof_base_size", "aof_base_size_bytes"),
    gauge("aof_buffer_length", "aof_buffer_length"),
    gauge("aof_current_rewrite_time_sec", "aof_current_rewrite_duration_sec"),
    gauge("aof_current_size", "aof_current_size_bytes"),
    gauge("aof_delayed_fsync", "aof_delayed_fsync"),
    gauge("aof_enabled", "aof_enabled"),
    gauge("aof_last_bgrewrite_status", "aof_last_bgrewrite_status"),
    gauge("aof_last_cow_size", "aof_last_cow_size_bytes"),
    gauge("aof_last_rewrite_time_sec", "aof_last_rewrite_duration_sec"),
    gauge("aof_last_write_status", "aof_last_write_status"),
    gauge("aof_pending_bio_fsync", "aof_pending_bio_fsync"),
    gauge("aof_pending_rewrite", "aof_pending_rewrite"),
    gauge("aof_rewrite_buffer_length", "aof_rewrite_buffer_length"),
    gauge("aof_rewrite_in_progress", "aof_rewrite_in_progress"),
    gauge("aof_rewrite_scheduled", "aof_rewrite_scheduled"),
    gauge("async_loading", "async_loading"),
    gauge("bf_bloom_capacity_across_objects", "bf_bloom_capacity_across_objects"),
    counter("bf_bloom_defrag_hits", "bf_bloom_defrag_hits_total"),
    counter("bf_bloom_defrag_misses", "bf_bloom_defrag_misses_total"),
    gauge(
        "bf_bloom_num_filters_across_objects",
        "bf_bloom_num_filters_across_objects",
    ),
    gauge("bf_bloom_num_items_across_objects", "bf_bloom_num_items_across_objects"),
    gauge("bf_bloom_num_objects", "bf_bloom_num_objects"),
    gauge("bf_bloom_total_memory_bytes", "bf_bloom_total_memory_bytes"),
    gauge("blocked_clients", "blocked_clients"),
    counter("cached_keys", "cached_keys_total"),
    gauge("client_biggest_input_buf", "client_biggest_input_buf"),
    gauge("client_longest_output_list", "client_longest_output_list"),
    counter(
        "client_output_buffer_limit_disconnections",
        "client_output_buffer_limit_disconnections_total",
    ),
    counter(
        "client_query_buffer_limit_disconnections",
        "client_query_buffer_limit_disconnections_total",
    ),
    gauge("client_recent_max_input_buffer", "client_recent_max_input_buffer_bytes"),
    gauge(
        "client_recent_max_output_buffer",
        "client_recent_max_output_buffer_bytes",
    ),
    gauge("clients_in_timeout_table", "clients_in_timeout_table"),
    gauge("cluster_stats_messages_received", "cluster_messages_received_total"),
    gauge("cluster_stats_messages_sent", "cluster_messages_sent_total"),
    gauge("connected_clients", "connected_clients"),
    gauge("connected_slaves", "connected_slaves"),
    gauge("current_client_thread", "current_client_thread"),
    gauge("current_eviction_exceeded_time", "current_eviction_exceeded_time_ms"),
    counter("dump_payload_sanitizations", "dump_payload_sanitizations"),
    counter("eventloop_cycles", "eventloop_cycles_total"),
    counter("eventloop_duration_cmd_sum", "eventloop_duration_cmd_sum_usec_total"),
    counter("eventloop_duration_sum", "eventloop_duration_sum_usec_total"),
    counter("evicted_clients", "evicted_clients_total"),
    counter("evicted_keys", "evicted_keys_total"),
    counter("evicted_scripts", "evicted_scripts_total"),
    counter("expire_cycle_cpu_milliseconds", "expire_cycle_cpu_time_ms_total"),
    counter("expired_keys", "expired_keys_total"),
    gauge("expired_stale_perc", "expired_stale_percentage"),
    counter("expired_subkeys", "expired_subkeys_total"),
    counter("expired_time_cap_reached_count", "expired_time_cap_reached_total"),
    gauge(
        "instantaneous_eventloop_cycles_per_sec",
        "instantaneous_eventloop_cycles_per_sec",
    ),
    gauge(
        "instantaneous_eventloop_duration_usec",
        "instantaneous_eventloop_duration_usec",
    ),
    counter("io_threaded_reads_processed", "io_threaded_reads_processed"),
    counter("io_threaded_writes_processed", "io_threaded_writes_processed"),
    gauge("io_threads_active", "io_threads_active"),
    gauge("json_num_documents", "json_num_documents"),
    gauge("json_total_memory_bytes", "json_total_memory_bytes"),
    counter("keyspace_hits", "keyspace_hits_total"),
    counter("keyspace_misses", "keyspace_misses_total"),
    gauge("latest_fork_usec", "latest_fork_seconds"),
    gauge("lazyfree_pending_objects", "lazyfree_pending_objects"),
    gauge("lazyfreed_objects", "lazyfreed_objects"),
    gauge("loading", "loading_dump_file"),
    gauge("long_lock_waits", "long_lock_waits_total"),
    gauge("master_repl_offset", "master_repl_offset"),
    gauge("maxclients", "max_clients"),
    gauge(
        "maxfragmentationmemory_desired_reservation",
        "memory_max_fragmentation_reservation_desired_bytes",
    ),
    gauge(
        "maxfragmentationmemory_reservation",
        "memory_max_fragmentation_reservation_bytes",
    ),
    gauge("maxmemory", "memory_max_bytes"),
    gauge("maxmemory_desired_reservation", "memory_max_reservation_desired_bytes"),
    gauge("maxmemory_reservation", "memory_max_reservation_bytes"),
    gauge("mem_aof_buffer", "mem_aof_buffer_bytes"),
    gauge("mem_clients_normal", "mem_clients_normal"),
    gauge("mem_clients_slaves", "mem_clients_slaves"),
    gauge("mem_cluster_links", "mem_cluster_links_bytes"),
    gauge("mem_fragmentation_bytes", "mem_fragmentation_bytes"),
    gauge("mem_fragmentation_ratio", "mem_fragmentation_ratio"),
    gauge("mem_not_counted_for_evict", "mem_not_counted_for_eviction_bytes"),
    gauge(
        "mem_overhead_db_hashtable_rehashing",
        "mem_overhead_db_hashtable_rehashing_bytes",
    ),
    gauge("mem_replication_backlog", "mem_replication_backlog_bytes"),
    gauge("mem_total_replication_buffers", "mem_total_replication_buffers_bytes"),
    gauge("migrate_cached_sockets", "migrate_cached_sockets_total"),
    gauge("module_fork_in_progress", "module_fork_in_progress"),
    gauge("module_fork_last_cow_size", "module_fork_last_cow_size"),
    gauge("number_of_cached_scripts", "number_of_cached_scripts"),
    gauge("number_of_functions", "number_of_functions"),
    gauge("number_of_libraries", "number_of_libraries"),
    gauge("process_id", "process_id"),
    gauge("pubsub_channels", "pubsub_channels"),
    gauge("pubsub_clients", "pubsub_clients"),
    gauge("pubsub_patterns", "pubsub_patterns"),
    gauge("pubsubshard_channels", "pubsubshard_channels"),
    gauge("rdb_bgsave_in_progress", "rdb_bgsave_in_progress"),
    gauge("rdb_changes_since_last_save", "rdb_changes_since_last_save"),
    gauge("rdb_current_bgsave_time_sec", "rdb_current_bgsave_duration_sec"),
    gauge("rdb_last_bgsave_status", "rdb_last_bgsave_status"),
    gauge("rdb_last_bgsave_time_sec", "rdb_last_bgsave_duration_sec"),
    gauge("rdb_last_cow_size", "rdb_last_cow_size_bytes"),
    gauge("rdb_last_load_keys_expired", "rdb_last_load_expired_keys"),
    gauge("rdb_last_load_keys_loaded", "rdb_last_load_loaded_keys"),
    gauge("rdb_last_save_time", "rdb_last_save_timestamp_seconds"),
    gauge("rdb_saves", "rdb_saves_total"),
    counter("rejected_connections", "rejected_connections_total"),
    gauge("repl_backlog_active", "repl_backlog_is_active"),
    gauge("repl_backlog_first_byte_offset", "repl_backlog_first_byte_offset"),
    gauge("repl_backlog_histlen", "repl_backlog_history_bytes"),
    gauge("repl_backlog_size", "replication_backlog_bytes"),
    counter("reply_buffer_expands", "reply_buffer_expands_total"),
    counter("reply_buffer_shrinks", "reply_buffer_shrinks_total"),
    gauge("search_bytes_collected", "search_collected_bytes"),
    gauge("search_dialect_1", "search_dialect_1"),
    gauge("search_dialect_2", "search_dialect_2"),
    gauge("search_dialect_3", "search_dialect_3"),
    gauge("search_dialect_4", "search_dialect_4"),
    gauge("search_errors_indexing_failures", "search_errors_indexing_failures"),
    counter("search_failure_requests_count", "search_failure_requests_count"),
    gauge("search_gc_bytes_collected", "search_gc_collected_bytes"),
    gauge("search_gc_marked_deleted_vectors", "search_gc_marked_deleted_vectors"),
    counter("search_gc_total_cycles", "search_gc_cycles_total"),
    gauge(
        "search_gc_total_docs_not_collected",
        "search_gc_total_docs_not_collected",
    ),
    counter("search_gc_total_ms_run", "search_gc_run_ms_total"),
    gauge("search_global_idle", "search_global_idle"),
    gauge("search_global_idle_internal", "search_global_idle_internal"),
    gauge("search_global_idle_user", "search_global_idle_user"),
    gauge("search_global_total", "search_global_total"),
    gauge("search_global_total_internal", "search_global_total_internal"),
    gauge("search_global_total_user", "search_global_total_user"),
    counter("search_hnsw_add_exceptions_count", "search_hnsw_add_exceptions_count"),
    counter(
        "search_hnsw_create_exceptions_count",
        "search_hnsw_create_exceptions_count",
    ),
    counter(
        "search_hnsw_modify_exceptions_count",
        "search_hnsw_modify_exceptions_count",
    ),
    counter(
        "search_hnsw_remove_exceptions_count",
        "search_hnsw_remove_exceptions_count",
    ),
    counter(
        "search_hnsw_search_exceptions_count",
        "search_hnsw_search_exceptions_count",
    ),
    counter("search_hybrid_requests_count", "search_hybrid_requests_count"),
    counter(
        "search_inline_filtering_requests_count",
        "search_inline_filtering_requests_count",
    ),
    gauge("search_largest_memory_index", "search_largest_memory_index_bytes"),
    gauge("search_number_of_active_indexes", "search_number_of_active_indexes"),
    gauge(
        "search_number_of_active_indexes_indexing",
        "search_number_of_active_indexes_indexing",
    ),
    gauge(
        "search_number_of_active_indexes_running_queries",
        "search_number_of_active_indexes_running_queries",
    ),
    gauge("search_number_of_attributes", "search_number_of_attributes"),
    gauge("search_number_of_indexes", "search_number_of_indexes"),
    gauge("search_query_queue_size", "search_query_queue_size"),
    counter("search_rdb_load_failure_cnt", "search_rdb_load_failure_count"),
    counter("search_rdb_load_success_cnt", "search_rdb_load_success_count"),
    counter("search_rdb_save_failure_cnt", "search_rdb_save_failure_count"),
    counter("search_rdb_save_success_cnt", "search_rdb_save_success_count"),
    counter("search_reader_resumed_cnt", "search_reader_resumed_count"),
    gauge("search_smallest_memory_index", "search_smallest_memory_index_bytes"),
    gauge(
        "search_string_interning_store_size",
        "search_string_interning_store_size",
    ),
    counter("search_successful_requests_count", "search_successful_requests_count"),
    counter("search_total_active_queries", "search_active_queries_total"),
    gauge("search_total_active_write_threads", "search_total_active_write_threads"),
    counter("search_total_cycles", "search_cycles_total"),
    gauge("search_total_indexed_documents", "search_total_indexed_documents"),
    counter("search_total_indexing_time", "search_indexing_time_ms_total"),
    counter("search_total_ms_run", "search_run_ms_total"),
    gauge("search_total_num_docs_in_indexes", "search_total_num_docs_in_indexes"),
    counter("search_total_queries_processed", "search_queries_processed_total"),
    counter("search_total_query_commands", "search_query_commands_total"),
    counter(
        "search_total_query_execution_time_ms",
        "search_query_execution_time_ms_total",
    ),
    gauge("search_used_memory_bytes", "search_used_memory_bytes"),
    gauge("search_used_memory_indexes", "search_used_memory_indexes_bytes"),
    gauge(
        "search_used_memory_vector_index",
        "search_used_memory_vector_index_bytes",
    ),
    counter(
        "search_vector_externing_deferred_entry_cnt",
        "search_vector_externing_deferred_entry_count",
    ),
    counter(
        "search_vector_externing_entry_count",
        "search_vector_externing_entry_count",
    ),
    counter(
        "search_vector_externing_generated_value_cnt",
        "search_vector_externing_generated_value_count",
    ),
    gauge(
        "search_vector_externing_hash_extern_errors",
        "search_vector_externing_hash_extern_errors",
    ),
    counter(
        "search_vector_externing_lru_promote_cnt",
        "search_vector_externing_lru_promote_count",
    ),
    gauge(
        "search_vector_externing_num_lru_entries",
        "search_vector_externing_num_lru_entries",
    ),
    counter("search_worker_pool_suspend_cnt", "search_worker_pool_suspend_count"),
    gauge("search_writer_queue_size", "search_writer_queue_size"),
    counter("search_writer_resumed_cnt", "search_writer_resumed_count"),
    counter(
        "search_writer_suspension_expired_cnt",
        "search_writer_suspension_expired_count",
    ),
    gauge("second_repl_offset", "second_repl_offset"),
    gauge("server_threads", "server_threads_total"),
    gauge("slave_expires_tracked_keys", "slave_expires_tracked_keys"),
    gauge("slave_priority", "slave_priority"),
    counter("storage_provider_read_hits", "storage_provider_read_hits"),
    counter("storage_provider_read_misses", "storage_provider_read_misses"),
    gauge("sync_full", "replica_resyncs_full"),
    gauge("sync_partial_err", "replica_partial_resync_denied"),
    gauge("sync_partial_ok", "replica_partial_resync_accepted"),
    gauge("tile38_alloc_bytes", "tile38_mem_alloc_bytes"),
    gauge("tile38_aof_size", "tile38_aof_size_bytes"),
    gauge("tile38_avg_point_size", "tile38_avg_item_size_bytes"),
    gauge("tile38_go_goroutines", "tile38_go_goroutines_total"),
    gauge("tile38_go_threads", "tile38_threads_total"),
    gauge("tile38_heap_alloc_bytes", "tile38_heap_size_bytes"),
    gauge("tile38_heap_released_bytes", "tile38_heap_released_bytes"),
    gauge("tile38_http_transport", "tile38_http_transport"),
    gauge("tile38_in_memory_size", "tile38_in_memory_size_bytes"),
    gauge("tile38_last_gc_time_seconds", "tile38_last_gc_time_seconds"),
    gauge("tile38_max_heap_size", "tile38_max_heap_size_bytes"),
    gauge("tile38_next_gc_bytes", "tile38_next_gc_bytes"),
    gauge("tile38_num_collections", "tile38_num_collections_total"),
    gauge("tile38_num_hooks", "tile38_num_hooks_total"),
    gauge("tile38_num_objects", "tile38_num_objects_total"),
    gauge("tile38_num_points", "tile38_num_points_total"),
    gauge("tile38_pointer_size", "tile38_pointer_size_bytes"),
    gauge("tile38_read_only", "tile38_read_only"),
    gauge("tile38_sys_cpus", "tile38_cpus_total"),
    gauge("total_blocking_keys", "total_blocking_keys"),
    gauge("total_blocking_keys_on_nokey", "total_blocking_keys_on_nokey"),
    counter("total_commands_processed", "commands_processed_total"),
    counter("total_connections_received", "connections_received_total"),
    counter("total_error_replies", "total_error_replies"),
    counter("total_eviction_exceeded_time", "eviction_exceeded_time_ms_total"),
    counter("total_net_input_bytes", "net_input_bytes_total"),
    counter("total_net_output_bytes", "net_output_bytes_total"),
    counter("total_net_repl_input_bytes", "net_repl_input_bytes_total"),
    counter("total_net_repl_output_bytes", "net_repl_output_bytes_total"),
    counter("total_reads_processed", "total_reads_processed"),
    gauge("total_watched_keys", "total_watched_keys"),
    counter("total_writes_processed", "total_writes_processed"),
    gauge("tracking_clients", "tracking_clients"),
    gauge("tracking_total_items", "tracking_total_items"),
    gauge("tracking_total_keys", "tracking_total_keys"),
    gauge("tracking_total_prefixes", "tracking_total_prefixes"),
    counter("unexpected_error_replies", "unexpected_error_replies"),
    gauge("uptime_in_seconds", "uptime_in_seconds"),
    counter("used_cpu_sys", "cpu_sys_seconds_total"),
    counter("used_cpu_sys_children", "cpu_sys_children_seconds_total"),
    counter("used_cpu_sys_main_thread", "cpu_sys_main_thread_seconds_total"),
    counter("used_cpu_user", "cpu_user_seconds_total"),
    counter("used_cpu_user_children", "cpu_user_children_seconds_total"),
    counter("used_cpu_user_main_thread", "cpu_user_main_thread_seconds_total"),
    gauge("used_memory", "memory_used_bytes"),
    gauge("used_memory_dataset", "memory_used_dataset_bytes"),
    gauge("used_memory_functions", "memory_used_functions_bytes"),
    gauge("used_memory_lua", "memory_used_lua_bytes"),
    gauge("used_memory_overhead", "memory_used_overhead_bytes"),
    gauge("used_memory_peak", "memory_used_peak_bytes"),
    gauge("used_memory_rss", "memory_used_rss_bytes"),
    gauge("used_memory_scripts", "memory_used_scripts_bytes"),
    gauge("used_memory_scripts_eval", "memory_used_scripts_eval_bytes"),
    gauge("used_memory_startup", "memory_used_startup_bytes"),
    gauge("used_memory_vm_eval", "memory_used_vm_eval_bytes"),
    gauge("used_memory_vm_functions", "memory_used_vm_functions_bytes"),
    gauge("used_memory_vm_total", "memory_used_vm_total"),
    gauge("watching_clients", "watching_clients"),
];

/// Writes a field that is a metric; leaves out one that is not, or whose value is no number.
pub(crate) fn encode(field: &str, value: &str, out: &mut Output<'_>) {
    let Some(number) = number(value) else { return };
    match FIELDS.binary_search_by(|known| known.name.cmp(field)) {
        Ok(index) => {
            if let Some(Field { metric, kind, .. }) = FIELDS.get(index) {
                out.plain(metric, *kind, scaled(field, number));
            }
        }
        // What CLUSTER INFO says is for numbers what it is called.
        Err(_) if field.starts_with("cluster_") => out.plain(field, Kind::Gauge, number),
        Err(_) => {}
    }
}

/// The value in the unit of its metric.
fn scaled(field: &str, number: f64) -> f64 {
    match field {
        "latest_fork_usec" => number / 1e6,
        _ => number,
    }
}

/// A number, or a word that stands for one.
fn number(value: &str) -> Option<f64> {
    match value {
        "ok" | "true" => Some(1.0),
        "err" | "fail" | "false" => Some(0.0),
        _ => value.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::testing::written;

    #[test]
    fn fields_are_sorted_and_there_once() {
        assert!(FIELDS.is_sorted_by(|a, b| a.name < b.name));
    }

    #[test]
    fn a_field_becomes_its_metric_in_its_unit() {
        for (field, value, expected) in [
            ("used_memory", "7", "redis_memory_used_bytes 7"),
            ("latest_fork_usec", "1500", "redis_latest_fork_seconds 0.0015"),
            ("rdb_last_bgsave_status", "ok", "redis_rdb_last_bgsave_status 1"),
            ("rdb_last_bgsave_status", "err", "redis_rdb_last_bgsave_status 0"),
            ("cluster_state", "ok", "redis_cluster_state 1"),
            ("cluster_known_nodes", "6", "redis_cluster_known_nodes 6"),
            ("used_memory", "7.5M", ""),
            ("mem_allocator", "1", ""),
        ] {
            let text = written(|out| encode(field, value, out));
            assert_eq!(text.lines().last().unwrap_or_default(), expected, "{field}:{value}");
        }
    }

    #[test]
    fn the_help_is_upstreams() {
        let text = written(|out| encode("evicted_keys", "3", out));
        let expected = "# HELP redis_evicted_keys_total evicted_keys_total metric\n\
                        # TYPE redis_evicted_keys_total counter\nredis_evicted_keys_total 3\n";
        assert_eq!(text, expected);
    }
}
