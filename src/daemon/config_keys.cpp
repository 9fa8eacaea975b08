#include "src/daemon/config_keys.h"

#include <chrono>
#include <limits>
#include <sstream>
#include <type_traits>
#include <vector>

namespace troupe::daemon {

namespace {

constexpr std::int64_t kYearMs = 366ll * 24 * 3'600 * 1'000;
constexpr std::int64_t kGiB = 1ll << 30;

using Apply = std::function<Problem(Settings&, const ConfigNode&)>;

Problem not_in_range(std::int64_t low, std::int64_t high) {
  return "is not a number from " + std::to_string(low) + " to " + std::to_string(high);
}

/// `field` returns a reference to the setting.
template <class Field>
Apply number(Field field, std::int64_t low, std::int64_t high) {
  return [=](Settings& settings, const ConfigNode& value) -> Problem {
    const auto number = read_integer(value);
    if (!number || *number < low || *number > high) return not_in_range(low, high);
    auto& target = field(settings);
    target = static_cast<std::remove_reference_t<decltype(target)>>(*number);
    return std::nullopt;
  };
}

template <class Field>
Apply duration(Field field, std::int64_t unit_ms = 1, std::int64_t low = 0) {
  const auto high = kYearMs / unit_ms;
  return [=](Settings& settings, const ConfigNode& value) -> Problem {
    const auto number = read_integer(value);
    if (!number || *number < low || *number > high) return not_in_range(low, high);
    field(settings) = Millis(*number * unit_ms);
    return std::nullopt;
  };
}

template <class Field>
Apply text(Field field, bool may_be_empty = false) {
  return [=](Settings& settings, const ConfigNode& value) -> Problem {
    auto read = read_text(value);
    if (!read) return "is not a text";
    if (read->empty() && !may_be_empty) return "is empty";
    field(settings) = *std::move(read);
    return std::nullopt;
  };
}

template <class Field>
Apply flag(Field field) {
  return [=](Settings& settings, const ConfigNode& value) -> Problem {
    const auto read = read_boolean(value);
    if (!read) return "is neither true nor false";
    field(settings) = *read;
    return std::nullopt;
  };
}

/// One of some words, each standing for a value.
template <class Value, class Field>
Apply choice(Field field, std::vector<std::pair<std::string, Value>> words) {
  return [=](Settings& settings, const ConfigNode& value) -> Problem {
    const auto read = read_text(value);
    std::string expected;
    for (const auto& [word, meaning] : words) {
      if (read == word) {
        field(settings) = meaning;
        return std::nullopt;
      }
      expected += (expected.empty() ? "" : ", ") + word;
    }
    return "is not one of " + expected;
  };
}

/// A list of paths; an environment variable or `--set` separates them with commas.
template <class Field>
Apply paths(Field field) {
  return [=](Settings& settings, const ConfigNode& value) -> Problem {
    std::vector<std::filesystem::path> read;
    auto add = [&read](const std::string& path) {
      if (!path.empty()) read.emplace_back(path);
      return !path.empty();
    };
    if (value.is_array()) {
      for (const auto& item : value)
        if (!item.is_string() || !add(item.get<std::string>())) return "is not a list of paths";
    } else {
      const auto list = read_text(value);
      if (!list) return "is not a list of paths";
      std::istringstream rest(*list);
      for (std::string path; std::getline(rest, path, ',');)
        if (!add(path)) return "has an empty path";
    }
    field(settings) = std::move(read);
    return std::nullopt;
  };
}

#define TROUPE_FIELD(member) \
  [](Settings & s) -> auto& { return s.member; }

/// Envoys are told what the tunnel enforces.
Problem apply_envoy_payload_max(Settings& settings, const ConfigNode& value) {
  if (auto problem = number(TROUPE_FIELD(envoys.tunnel.payload_bytes_max), 1, 4 * kGiB)(settings, value))
    return problem;
  settings.envoys.envoys.max_response_payload_bytes = settings.envoys.tunnel.payload_bytes_max;
  return std::nullopt;
}

Problem apply_envoy_drip_rate(Settings& settings, const ConfigNode& value) {
  const auto number = read_integer(value);
  if (!number || *number < 1 || *number > 1'000'000'000) return not_in_range(1, 1'000'000'000);
  settings.envoys.envoys.rate_limit_drip = std::chrono::microseconds(*number);
  return std::nullopt;
}

/// Bodies are streamed for all requests or for none.
Problem apply_streaming_percentage(Settings& settings, const ConfigNode& value) {
  const auto number = read_integer(value);
  if (!number || *number < 0 || *number > 100) return not_in_range(0, 100);
  if (*number == 0) settings.envoys.tunnel.streaming = false;
  return std::nullopt;
}

std::vector<ConfigKey> make_keys() {
  constexpr std::int64_t kPortMax = std::numeric_limits<std::uint16_t>::max();
  return {
      {"guard.host", text(TROUPE_FIELD(server.host))},
      {"guard.port", number(TROUPE_FIELD(server.port), 0, kPortMax)},
      {"guard.actor_ready_timeout_ms", duration(TROUPE_FIELD(engine.actor_ready_timeout))},
      {"guard.enable_websocket_health_route", flag(TROUPE_FIELD(server.health_websocket))},
      {"guard.route_dispatch_timeout_ms", duration(TROUPE_FIELD(server.route_dispatch_timeout), 1, 1)},
      {"guard.route_pegboard_resolve_query_timeout_ms", duration(TROUPE_FIELD(server.resolve_query_timeout), 1, 1)},
      {"guard.http_max_request_body_size", number(TROUPE_FIELD(server.request_body_max), 0, 4 * kGiB)},
      {"guard.websocket_max_message_size", number(TROUPE_FIELD(server.websocket_message_max), 1, 4 * kGiB)},
      {"guard.proxy_retry_max_attempts", number(TROUPE_FIELD(server.retry_attempts_max), 1, 100)},
      {"guard.proxy_retry_initial_interval_ms", duration(TROUPE_FIELD(server.retry_delay))},
      {"pegboard.gateway_websocket_open_timeout_ms", duration(TROUPE_FIELD(server.websocket_open_timeout), 1, 1)},
      {"pegboard.gateway_response_start_timeout_ms", duration(TROUPE_FIELD(server.response_start_timeout), 1, 1)},
      {"troupe.envoy_silence_timeout_ms", duration(TROUPE_FIELD(envoys.tunnel.silence_timeout), 1, 1)},
      {"pegboard.gateway_hws_max_pending_size",
       number(TROUPE_FIELD(engine.websocket_pending_bytes_max), 1'024, 64 * kGiB)},
      {"pegboard.gateway_hws_message_ack_timeout_ms", duration(TROUPE_FIELD(engine.websocket_ack_timeout), 1, 1)},
      {"pegboard.base_retry_timeout", duration(TROUPE_FIELD(engine.base_retry_timeout))},
      {"pegboard.reschedule_backoff_max_exponent", number(TROUPE_FIELD(engine.reschedule_backoff_max_exponent), 0, 31)},
      {"pegboard.retry_reset_duration", duration(TROUPE_FIELD(engine.retry_reset_duration))},
      {"pegboard.actor_allocation_threshold", duration(TROUPE_FIELD(engine.actor_allocation_threshold))},
      {"pegboard.actor_start_threshold", duration(TROUPE_FIELD(engine.actor_start_threshold))},
      {"pegboard.actor_stop_threshold", duration(TROUPE_FIELD(engine.actor_stop_threshold))},
      {"pegboard.default_metadata_poll_interval", duration(TROUPE_FIELD(engine.endpoint_watch.poll_interval), 1, 1)},
      {"pegboard.min_metadata_poll_interval", duration(TROUPE_FIELD(engine.endpoint_watch.poll_interval_min), 1, 1)},
      {"pegboard.serverless_retry_reset_duration", duration(TROUPE_FIELD(engine.endpoint_watch.retry_reset))},
      {"pegboard.runner_pool_consecutive_successes_to_clear_error",
       number(TROUPE_FIELD(engine.pool_successes_to_clear_error), 1, UINT32_MAX)},
      {"pegboard.envoy_lost_threshold", duration(TROUPE_FIELD(engine.envoy_lost_threshold), 1, 1)},
      {"pegboard.envoy_eligible_threshold", duration(TROUPE_FIELD(envoys.envoys.eligible_threshold), 1, 1)},
      {"pegboard.envoy_ping_timeout", duration(TROUPE_FIELD(envoys.envoys.ping_timeout), 1, 1)},
      {"pegboard.envoy_update_ping_interval", duration(TROUPE_FIELD(envoys.envoys.ping_interval), 1, 1)},
      {"pegboard.envoy_max_response_payload_size", apply_envoy_payload_max},
      {"pegboard.envoy_websocket_rate_limit_requests",
       number(TROUPE_FIELD(envoys.envoys.rate_limit_requests), 1, UINT32_MAX)},
      {"pegboard.envoy_websocket_rate_limit_drip_rate_us", apply_envoy_drip_rate},
      {"features.guard_gateway_v3.mode",
       choice<bool>(TROUPE_FIELD(envoys.tunnel.streaming), {{"on", true}, {"off", false}})},
      {"features.guard_gateway_v3.percentage", apply_streaming_percentage},
      {"pegboard.actor_create_rate_limit_requests", number(TROUPE_FIELD(engine.actor_create_burst), 0, UINT32_MAX)},
      {"pegboard.actor_create_rate_limit_drip_rate_ms", duration(TROUPE_FIELD(engine.actor_create_interval), 1, 1)},
      {"runtime.worker_shutdown_duration", duration(TROUPE_FIELD(engine.shutdown_grace), 1'000)},
      {"runtime.guard_shutdown_duration", duration(TROUPE_FIELD(socket_grace), 1'000)},
      {"runtime.force_shutdown_duration", duration(TROUPE_FIELD(force_stop), 1'000)},
      {"auth.admin_token", text(TROUPE_FIELD(admin_token))},
      {"file_system.path", text(TROUPE_FIELD(data_directory))},
      {"metrics.host", text(TROUPE_FIELD(metrics_host))},
      {"metrics.port", number(TROUPE_FIELD(metrics_port), 0, kPortMax)},
      {"topology", apply_topology},

      {"troupe.actors", paths(TROUPE_FIELD(actor_libraries))},
      {"troupe.demo", flag(TROUPE_FIELD(demo))},
      {"troupe.io_threads", number(TROUPE_FIELD(io_threads), 0, 1'024)},
      {"troupe.storage_threads", number(TROUPE_FIELD(storage_threads), 0, 256)},
      {"troupe.log_level", choice<std::string>(TROUPE_FIELD(log_level), {{"trace", "trace"},
                                                                         {"debug", "debug"},
                                                                         {"info", "info"},
                                                                         {"warn", "warn"},
                                                                         {"error", "error"},
                                                                         {"off", "off"}})},
      {"troupe.log_format",
       choice<LogFormat>(TROUPE_FIELD(log_format), {{"text", LogFormat::text}, {"json", LogFormat::json}})},
      {"troupe.durability",
       choice<DurabilityMode>(
           TROUPE_FIELD(storage.durability),
           {{"sync", DurabilityMode::sync}, {"interval", DurabilityMode::interval}, {"os", DurabilityMode::os}})},
      {"troupe.sync_interval_ms", duration(TROUPE_FIELD(storage.sync_interval), 1, 1)},
      {"troupe.block_cache_bytes", number(TROUPE_FIELD(storage.block_cache_bytes), 0, 1'024 * kGiB)},
      {"troupe.write_buffer_bytes", number(TROUPE_FIELD(storage.write_buffer_bytes), 1 << 16, 4 * kGiB)},
      {"troupe.sqlite_handles_max", number(TROUPE_FIELD(storage.sqlite_handles_max), 1, 1'000'000)},
      {"troupe.sqlite_idle_close_ms", duration(TROUPE_FIELD(storage.sqlite_idle_close))},
      {"troupe.inspector_body_bytes_max", number(TROUPE_FIELD(inspector.body_bytes_max), 1'024, kGiB)},
      {"troupe.inspector_answer_bytes_max", number(TROUPE_FIELD(inspector.answer_bytes_max), 1'024, kGiB)},
      {"troupe.inspector_token", text(TROUPE_FIELD(inspector.token_override), true)},
      {"troupe.local_pool", text(TROUPE_FIELD(engine.local_pool))},
      {"troupe.actor_wake_retries", number(TROUPE_FIELD(engine.actor_wake_retries), 0, 1'000)},
      {"troupe.actor_call_timeout_ms", duration(TROUPE_FIELD(engine.actor_call_timeout), 1, 1)},
      {"troupe.shutdown_grace_ms", duration(TROUPE_FIELD(engine.shutdown_grace))},
      {"troupe.socket_grace_ms", duration(TROUPE_FIELD(socket_grace))},
      {"troupe.force_stop_ms", duration(TROUPE_FIELD(force_stop))},
      {"troupe.admission_target_ms", duration(TROUPE_FIELD(server.admission_target))},
      {"troupe.admission_interval_ms", duration(TROUPE_FIELD(server.admission_interval), 1, 1)},
      {"troupe.stall_threshold_ms", duration(TROUPE_FIELD(stall_threshold))},
      {"troupe.connections_max", number(TROUPE_FIELD(server.connections_max), 1, 10'000'000)},
      {"troupe.request_bodies_max", number(TROUPE_FIELD(server.request_bodies_max), 1 << 20, 1024 * kGiB)},
      {"troupe.request_head_max", number(TROUPE_FIELD(server.request_head_max), 1'024, kGiB)},
      {"troupe.header_fields_max", number(TROUPE_FIELD(server.header_fields_max), 1, 100'000)},
      {"troupe.request_target_max", number(TROUPE_FIELD(server.request_target_max), 64, kGiB)},
      {"troupe.websocket_pending_messages_max", number(TROUPE_FIELD(engine.websocket_pending_messages_max), 1, 65'535)},
      {"troupe.websocket_outbound_bytes_max",
       number(TROUPE_FIELD(server.websocket_outbound_bytes_max), 1'024, 4 * kGiB)},
      {"troupe.websocket_outbound_message_max",
       number(TROUPE_FIELD(server.websocket_outbound_message_max), 1'024, 4 * kGiB)},
      {"troupe.envoy_message_max", number(TROUPE_FIELD(server.envoy_message_max), 1 << 20, 4 * kGiB)},
      {"troupe.envoy_outbound_bytes_max", number(TROUPE_FIELD(server.envoy_outbound_bytes_max), 1 << 20, 4 * kGiB)},
      {"troupe.envoy_requests_max", number(TROUPE_FIELD(envoys.envoys.requests_max), 1, 1'000'000)},
      {"troupe.envoy_storage_bytes_max",
       number(TROUPE_FIELD(envoys.storage.bytes_in_flight_max_per_envoy), 1 << 20, 64 * kGiB)},
      {"troupe.envoys_storage_bytes_max", number(TROUPE_FIELD(envoys.storage.bytes_in_flight_max), 1 << 20, 64 * kGiB)},
      {"troupe.remote_sql_connections_max",
       number(TROUPE_FIELD(envoys.storage.databases.connections_max), 1, 1'000'000)},
      {"troupe.remote_sql_timeout_ms", duration(TROUPE_FIELD(envoys.storage.databases.request_timeout), 1, 1)},
      {"troupe.websocket_close_timeout_ms", duration(TROUPE_FIELD(server.websocket_close_timeout), 1, 1)},
      {"troupe.header_timeout_ms", duration(TROUPE_FIELD(server.header_timeout), 1, 1)},
      {"troupe.idle_timeout_ms", duration(TROUPE_FIELD(server.idle_timeout), 1, 1)},
      {"troupe.body_timeout_ms", duration(TROUPE_FIELD(server.body_timeout), 1, 1)},
  };
}

#undef TROUPE_FIELD

}  // namespace

std::span<const ConfigKey> config_keys() {
  static const auto keys = make_keys();
  return keys;
}

}  // namespace troupe::daemon
