#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::management {

/// Where the parts of a JSON object are in its text; offsets count bytes from the start.
struct JsonOutline {
  struct Member {
    std::size_t key_end = 0, value_end = 0;
  };
  /// Of the outermost object.
  std::vector<Member> members;
  std::size_t end = 0;
};

struct JsonSyntaxError {
  std::string message;
  /// Bytes read when the error was seen.
  std::size_t offset = 0;
};

/// Checks the grammar of RFC 8259 without building anything. Depth bound: 128.
std::optional<JsonSyntaxError> scan_json(std::string_view text, JsonOutline& outline);

/// " at line 1 column 5"
std::string json_position(std::string_view text, std::size_t offset);

}  // namespace troupe::management
