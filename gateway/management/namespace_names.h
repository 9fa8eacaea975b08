#pragma once

#include <optional>
#include <string_view>

namespace troupe::management {

/// Why a namespace may not be called so, or nothing. Name: 1 to 64 bytes of `[a-z0-9-]`, no '-' at the ends, no "--".
/// Display name: 1 to 128 bytes, no space at the ends, no two in a row, no other white space.
std::optional<std::string_view> namespace_name_problem(std::string_view name, std::string_view display_name);

}  // namespace troupe::management
