#include "engine/hosts/local/conn_params.h"

#include "engine/base/codec/json.h"
#include "engine/base/errors.h"
#include "engine/hosts/local/percent.h"

namespace troupe {
namespace {

Bytes null_params() { return {0xf6}; }

/// What follows `prefix` in the first offered subprotocol that begins with it.
std::optional<std::string_view> subprotocol(const HttpHeaders& headers, std::string_view prefix) {
  const std::string* header = headers.find("sec-websocket-protocol");
  if (header == nullptr) return std::nullopt;
  std::string_view rest = *header;
  while (true) {
    const std::size_t comma = rest.find(',');
    std::string_view item = rest.substr(0, comma);
    const std::size_t first = item.find_first_not_of(" \t");
    item = first == std::string_view::npos ? std::string_view() : item.substr(first);
    item = item.substr(0, item.find_last_not_of(" \t") + 1);
    if (item.starts_with(prefix)) return item.substr(prefix.size());
    if (comma == std::string_view::npos) return std::nullopt;
    rest.remove_prefix(comma + 1);
  }
}

}  // namespace

Result<Bytes> http_conn_params(const HttpHeaders& headers) {
  const std::string* json = headers.find("x-rivet-conn-params");
  if (json == nullptr) return null_params();
  return json_to_cbor(*json);
}

Result<Bytes> websocket_conn_params(const HttpHeaders& headers) {
  const auto encoded = subprotocol(headers, "rivet_conn_params.");
  if (!encoded) return null_params();
  const auto json = percent_decode(*encoded);
  if (!json)
    return make_error("actor", "invalid_request", std::nullopt, "connection parameters: broken percent escape");
  return json_to_cbor(*json);
}

std::optional<clientproto::Encoding> websocket_encoding(const HttpHeaders& headers) {
  const auto name = subprotocol(headers, "rivet_encoding.");
  if (!name) return clientproto::Encoding::json;
  return clientproto::parse_encoding(*name);
}

}  // namespace troupe
