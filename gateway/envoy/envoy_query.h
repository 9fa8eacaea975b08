#pragma once

#include <string_view>

#include "engine/hosts/envoy/envoy_gate.h"
#include "troupe/result.h"

namespace troupe {

/// Reads what an envoy says of itself in the query of `/envoys/connect`. Pure. Source: envoy protocol of RivetKit
/// 2.3.19, section 1. Errors: `ws.invalid_request`; `core.internal_error` for what should be a number and is not.
Result<EnvoyHello> parse_envoy_query(std::string_view target);

}  // namespace troupe
