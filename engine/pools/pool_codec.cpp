#include "engine/pools/pool_codec.h"

#include <bit>

#include "engine/base/codec/bare.h"
#include "engine/base/errors.h"

namespace troupe {
namespace {

constexpr std::uint8_t kVersion = 1;

void write_text(BareWriter& out, std::string_view text) { out.data(as_bytes(text)); }
std::string read_text(BareReader& in) { return to_string(in.data()); }

void write_endpoint(BareWriter& out, const ServerlessEndpoint& endpoint) {
  write_text(out, endpoint.url);
  out.uint(endpoint.headers.size());
  for (const auto& [name, value] : endpoint.headers) {
    write_text(out, name);
    write_text(out, value);
  }
  out.u32(endpoint.request_lifespan_s);
  out.u64(endpoint.max_concurrent_actors);
  out.u32(endpoint.drain_grace_period_s);
  out.boolean(endpoint.metadata_poll_interval_ms.has_value());
  if (endpoint.metadata_poll_interval_ms) out.u64(*endpoint.metadata_poll_interval_ms);
  out.u32(endpoint.slots_per_runner);
  out.u32(endpoint.min_runners);
  out.u32(endpoint.max_runners);
  out.u32(endpoint.runners_margin);
}

ServerlessEndpoint read_endpoint(BareReader& in) {
  ServerlessEndpoint endpoint;
  endpoint.url = read_text(in);
  for (auto count = in.uint(); count > 0 && in.ok(); --count) {
    auto name = read_text(in);
    endpoint.headers[std::move(name)] = read_text(in);
  }
  endpoint.request_lifespan_s = in.u32();
  endpoint.max_concurrent_actors = in.u64();
  endpoint.drain_grace_period_s = in.u32();
  if (in.boolean()) endpoint.metadata_poll_interval_ms = in.u64();
  endpoint.slots_per_runner = in.u32();
  endpoint.min_runners = in.u32();
  endpoint.max_runners = in.u32();
  endpoint.runners_margin = in.u32();
  return endpoint;
}

}  // namespace

Bytes encode_pool_config(const PoolConfig& config) {
  Bytes bytes;
  BareWriter out(bytes);
  out.u8(kVersion);
  out.boolean(config.drain_on_version_upgrade);
  out.u32(config.eviction.delay_s);
  out.u32(config.eviction.period_s);
  out.u32(std::bit_cast<std::uint32_t>(config.eviction.rate));
  out.boolean(config.serverless.has_value());
  if (config.serverless) write_endpoint(out, *config.serverless);
  out.boolean(config.metadata.has_value());
  if (config.metadata) write_text(out, *config.metadata);
  return bytes;
}

Result<PoolConfig> decode_pool_config(std::string_view name, BytesView bytes) {
  BareReader in(bytes);
  PoolConfig config;
  if (in.u8() != kVersion) in.fail();
  config.drain_on_version_upgrade = in.boolean();
  config.eviction.delay_s = in.u32();
  config.eviction.period_s = in.u32();
  config.eviction.rate = std::bit_cast<float>(in.u32());
  if (in.boolean()) config.serverless = read_endpoint(in);
  if (in.boolean()) config.metadata = read_text(in);
  if (!in.ok() || in.remaining() != 0)
    return make_error("storage", "corrupt", std::nullopt, "config of pool " + std::string(name));
  return config;
}

Bytes encode_failing_pool(const FailingPool& failing) {
  const PoolError& error = failing.error;
  Bytes bytes;
  BareWriter out(bytes);
  out.u8(kVersion);
  out.u8(static_cast<std::uint8_t>(error.kind));
  out.u16(error.status);
  write_text(out, error.text);
  out.boolean(error.payload.has_value());
  if (error.payload) write_text(out, *error.payload);
  out.u32(failing.successes);
  return bytes;
}

Result<FailingPool> decode_failing_pool(std::string_view name, BytesView bytes) {
  BareReader in(bytes);
  FailingPool failing;
  PoolError& error = failing.error;
  if (in.u8() != kVersion) in.fail();
  const auto kind = in.u8();
  if (kind > static_cast<std::uint8_t>(PoolError::Kind::internal_error)) in.fail();
  error.kind = static_cast<PoolError::Kind>(kind);
  error.status = in.u16();
  error.text = read_text(in);
  if (in.boolean()) error.payload = read_text(in);
  failing.successes = in.u32();
  if (!in.ok() || in.remaining() != 0)
    return make_error("storage", "corrupt", std::nullopt, "error of pool " + std::string(name));
  return failing;
}

}  // namespace troupe
