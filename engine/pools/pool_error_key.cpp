#include "engine/pools/pool_error_key.h"

namespace troupe::keys {
namespace {

constexpr std::uint8_t kErrorRow = 'e';

}  // namespace

Bytes pool_error(const NamespaceId& ns, std::string_view name) {
  Bytes key = pool_config(ns, name);
  key.back() = kErrorRow;
  return key;
}

bool is_pool_error(BytesView key) { return !key.empty() && key.back() == kErrorRow; }

std::optional<PoolKey> parse_pool_error(BytesView key) {
  if (!is_pool_error(key)) return std::nullopt;
  Bytes config(key.begin(), key.end());
  config.back() = pool_config(NamespaceId(), "").back();
  return parse_pool(config);
}

}  // namespace troupe::keys
