#pragma once

#include <optional>
#include <string_view>

#include "gateway/routing/target.h"
#include "troupe/result.h"

namespace troupe {

struct ParsedActorPath {
  ActorTarget target;
  /// A token was part of the path or the query.
  bool has_token = false;
  /// Whether `target.skip_ready_wait` is decided here; otherwise headers or subprotocols decide.
  bool by_query = false;
};

/// `/gateway/…`, well-formed or not: what a CORS preflight is answered for.
bool is_actor_path(std::string_view target);

/// `/gateway/{id}[@{token}]/…` or `/gateway/{name}/…?rvt-…`. Nothing when it is neither.
/// Errors: `guard.query_*`; `core.internal_error` for a malformed id.
Result<std::optional<ParsedActorPath>> parse_actor_path(std::string_view target);

}  // namespace troupe
