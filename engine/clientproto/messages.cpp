#include "engine/clientproto/messages.h"

namespace troupe::clientproto {

std::optional<Encoding> parse_encoding(std::string_view name) {
  if (name == "json") return Encoding::json;
  if (name == "cbor") return Encoding::cbor;
  if (name == "bare") return Encoding::bare;
  return std::nullopt;
}

std::string_view content_type(Encoding encoding) {
  return encoding == Encoding::json ? "application/json" : "application/octet-stream";
}

}  // namespace troupe::clientproto
