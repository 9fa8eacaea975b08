#include <algorithm>
#include <iterator>

#include "src/daemon/config_keys.h"

/// Keys of Rivet Engine 2.3.19 (and of the revisions just before and after it) that have no meaning here. They are
/// accepted so that its configuration files and environments keep working.
namespace troupe::daemon {

namespace {

/// With everything below them.
constexpr std::string_view kSections[] = {
    "cache",
    "clickhouse",
    "guard.https",
    "guard.rate_limit",
    "logs",
    "memory",
    "nats",
    "pegboard.envoy_load_balancer",
    "pegboard.gateway3",
    "postgres",
    "pyroscope",
    "runtime.gasoline_loop_history_iteration_retention_count",
    "runtime.udb_throttle_bytes_per_second",
    "runtime.worker_max_concurrent_workflows",
    "runtime.worker_max_wake_keys_per_workflow_name_per_pull",
    "sqlite",
    "telemetry",
};

constexpr std::string_view kKeys[] = {
    "api_peer.host",
    "api_peer.port",
    "guard.actor_force_wake_pending_timeout_ms",
    "guard.admission_client_state_cache_capacity",
    "guard.admission_client_state_cache_idle_timeout_ms",
    "guard.http_client_pool_idle_timeout_ms",
    "guard.max_in_flight",
    "guard.route_api_public_timeout_ms",
    "guard.route_auth_check_timeout_ms",
    "guard.route_cache_ttl_ms",
    "guard.route_compute_timeout_ms",
    "guard.route_pegboard_auth_check_timeout_ms",
    "guard.route_pegboard_fetch_actor_timeout_ms",
    "guard.route_pegboard_subscribe_timeout_ms",
    "guard.route_pegboard_wake_signal_timeout_ms",
    "guard.route_timeout_ms",
    "guard.tcp_nodelay",
    "guard.trace_propagation",
    "guard.upstream_request_timeout_ms",
    "guard.websocket_connect_attempt_timeout_ms",
    "guard.websocket_flush_timeout_ms",
    "guard.websocket_max_frame_size",
    "guard.websocket_send_timeout_ms",
    "guard.websocket_setup_timeout_ms",
    "pegboard.actor_allocation_candidate_sample_size",
    "pegboard.actor_retry_duration_threshold",
    "pegboard.envoy_event_demuxer_gc_interval",
    "pegboard.envoy_event_demuxer_max_last_seen_threshold",
    "pegboard.envoy_expire_scheduler_max_concurrent_expires",
    "pegboard.envoy_expire_scheduler_max_pending",
    "pegboard.gateway_gc_interval_ms",
    "pegboard.gateway_http_max_request_body_size",
    "pegboard.gateway_http_response_body_channel_capacity",
    "pegboard.gateway_http_response_queue_max_messages",
    "pegboard.gateway_response_chunk_idle_timeout_ms",
    "pegboard.gateway_streaming_http_response_queue_max_bytes",
    "pegboard.gateway_tunnel_ping_timeout_ms",
    "pegboard.gateway_update_ping_interval_ms",
    "pegboard.gateway_websocket_rate_limit_drip_rate_ms",
    "pegboard.gateway_websocket_rate_limit_requests",
    "pegboard.hibernating_request_eligible_threshold",
    "pegboard.pool_desired_max_override",
    "pegboard.preload_max_total_bytes",
    "pegboard.runner_eligible_threshold",
    "pegboard.runner_event_demuxer_gc_interval_ms",
    "pegboard.runner_event_demuxer_max_last_seen_ms",
    "pegboard.runner_lost_threshold",
    "pegboard.runner_max_response_payload_body_size",
    "pegboard.runner_ping_timeout_ms",
    "pegboard.runner_update_ping_interval_ms",
    "pegboard.serverless_backoff_max_exponent",
    "pegboard.serverless_base_retry_timeout",
    "pegboard.serverless_drain_grace_period",
    "runtime.allow_version_rollback",
    "runtime.gasoline_prune_eligibility_duration",
    "runtime.gasoline_prune_interval_duration",
    "runtime.worker_cpu_max",
    "runtime.worker_load_shedding_beta",
    "runtime.worker_load_shedding_curve",
    "runtime.worker_max_deduped_workflows_per_pull",
    "runtime.worker_max_wake_condition_clears_per_pull",
    "runtime.worker_max_workflows_per_pull",
    "runtime.worker_poll_interval_ms",
};

static_assert(std::ranges::is_sorted(kKeys) && std::ranges::is_sorted(kSections));

/// Their data, traffic or certificates would go somewhere else than the configuration says.
constexpr std::string_view kForeign[] = {"clickhouse", "guard.https", "guard.rate_limit", "nats", "postgres"};

}  // namespace

bool is_accepted_key(std::string_view path) {
  if (std::ranges::binary_search(kKeys, path)) return true;
  return std::ranges::any_of(kSections, [&](std::string_view section) {
    return path.starts_with(section) && (path.size() == section.size() || path[section.size()] == '.');
  });
}

bool is_foreign_section(std::string_view section) { return std::ranges::find(kForeign, section) != std::end(kForeign); }

}  // namespace troupe::daemon
