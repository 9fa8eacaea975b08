#pragma once

#include <string>
#include <vector>

#include "troupe/http.h"

namespace troupe {

/// What is stored of a hibernatable connection, under its id.
struct ConnectionRecord {
  /// A raw WebSocket, else one of the client protocol.
  bool raw = false;
  SocketId socket;
  /// CBOR.
  Bytes params, state;
  std::vector<std::string> events;
  /// ConnectionSink::Position.
  std::uint16_t handled = 0, sent = 0;
  /// The request that opened it.
  std::string method, target;
  HttpHeaders headers;
};

Bytes encode_connection(const ConnectionRecord& record);
/// Errors: `storage.corrupt`.
Result<ConnectionRecord> decode_connection(BytesView bytes);

}  // namespace troupe
