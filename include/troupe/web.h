#pragma once

#include <string>
#include <string_view>

#include "troupe/codec.h"
#include "troupe/http.h"

/// Small helpers for raw HTTP and WebSockets.
namespace troupe {

/// `/a?x=1` as `/a` and `?x=1`.
struct RequestPath {
  std::string_view path, query;
};
inline RequestPath split_target(std::string_view target) {
  const auto mark = target.find('?');
  if (mark == std::string_view::npos) return {target, {}};
  return {target.substr(0, mark), target.substr(mark)};
}

/// The whole body of a request, streamed or not. Errors: `message.incoming_too_long` beyond `bytes_max`, and those of
/// the stream.
Task<Result<Bytes>> read_body(HttpRequest request, std::size_t bytes_max);

HttpResponse text_response(int status, std::string_view text);
/// Content type application/json.
HttpResponse json_response(int status, const Value& body);
/// The same for any type that has a Codec.
HttpResponse json_response_of(int status, BytesView cbor);
template <class T>
requires(!std::convertible_to<T, Value>) HttpResponse json_response(int status, const T& body) {
  return json_response_of(status, encode(body));
}

inline WebSocketMessage text_message(std::string_view text) { return {false, to_bytes(text)}; }
inline WebSocketMessage binary_message(Bytes data) { return {true, std::move(data)}; }

}  // namespace troupe
