#pragma once

#include <string_view>

#include "engine/storage/keys.h"

/// The row of a pool that says why it fails. It lies beside the pool's other rows, which keys.h makes.
namespace troupe::keys {

/// Value: FailingPool.
Bytes pool_error(const NamespaceId& ns, std::string_view name);
/// Of a key of the family `pool`.
bool is_pool_error(BytesView key);

/// Whose row it is. Nothing: no such key.
std::optional<PoolKey> parse_pool_error(BytesView key);

}  // namespace troupe::keys
