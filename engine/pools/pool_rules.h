#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/pools/pool.h"
#include "troupe/result.h"

namespace troupe {

inline constexpr std::size_t kPoolHeadersMax = 16;
inline constexpr std::size_t kPoolHeaderNameBytesMax = 128;
inline constexpr std::size_t kPoolHeaderValueBytesMax = 4'096;

bool is_header_name(std::string_view text);
/// Visible characters, spaces, tabs and everything beyond ASCII.
bool is_header_value(std::string_view text);

/// What a config must fulfil. `actor_stop_threshold_ms`: how long an actor may take to stop; a drain must not be
/// longer. Errors: `runner_config.invalid` (metadata `reason`).
Result<void> check_pool_config(const PoolConfig& config, std::int64_t actor_stop_threshold_ms);

/// Whether hosts see another endpoint than before; `before` null = new. Always true unless both are serverless.
bool endpoint_changed(const PoolConfig* before, const PoolConfig& after);

}  // namespace troupe
