#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace troupe {

/// Undoes percent-encoding ('+' stays). Nothing when an escape is broken or the result is not UTF-8.
std::optional<std::string> percent_decode(std::string_view text);

}  // namespace troupe
