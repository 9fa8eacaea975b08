#pragma once

#include <algorithm>
#include <string_view>

namespace troupe {

/// Whether a ray id that a client sent is taken over: 1 to 30 of [A-Za-z0-9_-].
inline bool is_valid_ray_id(std::string_view text) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  return !text.empty() && text.size() <= 30 && std::all_of(text.begin(), text.end(), allowed);
}

}  // namespace troupe
