#pragma once

#include <string_view>

#include "engine/pools/pool.h"
#include "engine/pools/pool_error.h"
#include "troupe/bytes.h"
#include "troupe/result.h"

namespace troupe {

/// The stored form of a pool config; carries its own version. Pure.
Bytes encode_pool_config(const PoolConfig& config);
/// Errors: `storage.corrupt`; `name` is for the message.
Result<PoolConfig> decode_pool_config(std::string_view name, BytesView bytes);

/// The stored form of what is wrong with a pool; the rest as above.
Bytes encode_failing_pool(const FailingPool& failing);
Result<FailingPool> decode_failing_pool(std::string_view name, BytesView bytes);

}  // namespace troupe
