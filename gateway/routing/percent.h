#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace troupe {

/// Percent-decodes. A `%` without two hexadecimal digits stays as it is. Nothing when the result is not UTF-8.
std::optional<std::string> percent_decode(std::string_view text);

/// The same for a value of a query string, where `+` stands for a space.
std::optional<std::string> form_decode(std::string_view text);

}  // namespace troupe
