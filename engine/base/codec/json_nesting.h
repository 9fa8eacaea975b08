#pragma once

#include <cstddef>
#include <string_view>

namespace troupe {

/// How deep arrays and objects lie in each other, told from the brackets alone; of any text.
std::size_t json_nesting(std::string_view json);

}  // namespace troupe
