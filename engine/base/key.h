#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// The wire form of a key list: segments joined by '/', '\' and '/' escaped with '\', empty segment "\0",
/// empty list "/". Source: RivetKit 2.3.19 key serialisation.
std::string serialize_key(const std::vector<std::string>& key);

/// Never fails: every string is some key. "/" and "" are the empty list; a trailing lone '\' is literal.
std::vector<std::string> parse_key(std::string_view text);

/// As shown in `x-rivet-actor-key` and error bodies: "" for the empty list.
std::string display_key(const std::vector<std::string>& key);

}  // namespace troupe
