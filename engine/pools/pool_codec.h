#pragma once

#include <string_view>

#include "engine/pools/pool.h"
#include "troupe/bytes.h"
#include "troupe/result.h"

namespace troupe {

/// The stored form of a pool config; carries its own version. Pure.
Bytes encode_pool_config(const PoolConfig& config);
/// Errors: `storage.corrupt`; `name` is for the message.
Result<PoolConfig> decode_pool_config(std::string_view name, BytesView bytes);

}  // namespace troupe
