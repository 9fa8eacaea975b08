#pragma once

#include <string>
#include <string_view>

namespace troupe {

/// What an HTTP request to an actor asks for, by its path alone. Source: client protocol of RivetKit 2.3.19, §1.
struct FrontRoute {
  enum class Kind { action, queue, raw_request, health, metadata, root, metrics, inspector, broken_escape, unknown };
  Kind kind = Kind::unknown;
  /// Of the action or queue, decoded; of a raw request the target that the actor's own code sees.
  std::string name;
};

/// The part of a target before its query.
std::string_view path_of(std::string_view target);

FrontRoute parse_front_route(std::string_view target);

}  // namespace troupe
