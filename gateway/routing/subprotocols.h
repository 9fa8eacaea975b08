#pragma once

#include <optional>
#include <string_view>

namespace troupe {

/// The list of a `Sec-WebSocket-Protocol` header, through which browsers pass what other clients put into headers.
/// Lifetime: borrows the header value.
class Subprotocols {
 public:
  explicit Subprotocols(std::string_view header) : header_(header) {}

  /// What follows `prefix` in the first entry that starts with it.
  std::optional<std::string_view> find(std::string_view prefix) const;
  bool contains(std::string_view protocol) const;

 private:
  std::string_view header_;
};

}  // namespace troupe
