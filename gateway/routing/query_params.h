#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "gateway/routing/target.h"
#include "troupe/result.h"

namespace troupe {

/// The `rvt-*` parameters of a query string: they address an actor by name and never reach it.

bool has_actor_params(std::string_view query);

/// The other parameters, unchanged and in order, with a leading '?'; empty when none is left.
std::string without_actor_params(std::string_view query);

struct ActorParams {
  ActorQuery query;
  bool skip_ready_wait = false;
  bool has_token = false;
};

/// `name_segment` is the path segment that names the actor, percent-encoded; nothing when the path has none.
/// Errors: `guard.query_*`, in the priority of Rivet Engine 2.3.19.
Result<ActorParams> parse_actor_params(std::optional<std::string_view> name_segment, std::string_view query);

}  // namespace troupe
