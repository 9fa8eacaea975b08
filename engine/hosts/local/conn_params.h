#pragma once

#include <optional>
#include <string_view>

#include "engine/clientproto/messages.h"
#include "troupe/http.h"
#include "troupe/result.h"

/// What a client says about its connection before it is made.
namespace troupe {

/// Connection parameters of `x-rivet-conn-params` (JSON text) as CBOR; null when absent. Errors: no JSON.
Result<Bytes> http_conn_params(const HttpHeaders& headers);
/// The same of the subprotocol `rivet_conn_params.<percent-encoded JSON>`.
Result<Bytes> websocket_conn_params(const HttpHeaders& headers);
/// Of the subprotocol `rivet_encoding.<name>`: JSON when absent, nothing when unknown.
std::optional<clientproto::Encoding> websocket_encoding(const HttpHeaders& headers);

}  // namespace troupe
