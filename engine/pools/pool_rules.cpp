#include "engine/pools/pool_rules.h"

#include <algorithm>
#include <string_view>

#include "engine/base/errors.h"
#include "engine/base/url/url.h"

namespace troupe {
namespace {

Error invalid(std::string reason) {
  return make_error("runner_config", "invalid", Value::object({{"reason", Value(std::move(reason))}}));
}

bool is_token_char(char c) {
  if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return true;
  return std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_value_char(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
}

Result<void> check_header(const std::string& name, const std::string& value) {
  if (name.size() > kPoolHeaderNameBytesMax) return invalid("invalid header name: too long (max 128)");
  if (!is_header_name(name)) return invalid("invalid header name: invalid HTTP header name");
  if (value.size() > kPoolHeaderValueBytesMax) return invalid("invalid header value: too long (max 4096)");
  if (!std::ranges::all_of(value, is_value_char)) return invalid("invalid header value: failed to parse header value");
  return {};
}

}  // namespace

bool is_header_name(std::string_view text) { return !text.empty() && std::ranges::all_of(text, is_token_char); }
bool is_header_value(std::string_view text) { return std::ranges::all_of(text, is_value_char); }

Result<void> check_pool_config(const PoolConfig& config, std::int64_t actor_stop_threshold_ms) {
  if (!config.serverless) return {};
  const auto& endpoint = *config.serverless;
  std::string reason;
  if (!Url::parse(endpoint.url, &reason)) return invalid("invalid serverless url: " + reason);
  if (endpoint.headers.size() > kPoolHeadersMax) return invalid("too many headers (max 16)");
  for (const auto& [name, value] : endpoint.headers) TROUPE_CHECK(check_header(name, value));
  if (endpoint.slots_per_runner == 0) return invalid("`slots_per_runner` cannot be 0");
  const auto grace = std::to_string(endpoint.drain_grace_period_s);
  if (endpoint.drain_grace_period_s >= endpoint.request_lifespan_s)
    return invalid("`drain_grace_period` must be less than `request_lifespan` (" + grace +
                   "s >= " + std::to_string(endpoint.request_lifespan_s) + "s)");
  const auto grace_ms = std::int64_t{endpoint.drain_grace_period_s} * 1'000;
  if (grace_ms > actor_stop_threshold_ms)
    return invalid("`drain_grace_period` cannot be greater than `actor_stop_threshold` (" + std::to_string(grace_ms) +
                   "ms > " + std::to_string(actor_stop_threshold_ms) +
                   "ms). If `drain_grace_period` was omitted, the default is 1800s.");
  return {};
}

bool endpoint_changed(const PoolConfig* before, const PoolConfig& after) {
  if (!before || !before->serverless || !after.serverless) return true;
  return before->serverless->url != after.serverless->url || before->serverless->headers != after.serverless->headers;
}

}  // namespace troupe
