#pragma once

#include <optional>
#include <string_view>

#include "troupe/value.h"

namespace troupe {

/// Digits with an optional minus, of at most `kBigIntDigitsMax` digits.
bool is_decimal(std::string_view text);
inline constexpr std::size_t kBigIntDigitsMax = 4096;

/// What the compat form `[name, content]` stands for; `name` starts with '$'. Nothing when `name` is unknown or the
/// content does not fit it.
std::optional<Value> from_compat(std::string name, Value content);

}  // namespace troupe
