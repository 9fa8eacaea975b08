#include "troupe/web.h"

#include "engine/base/codec/json.h"
#include "engine/base/errors.h"

namespace troupe {

Task<Result<Bytes>> read_body(HttpRequest request, std::size_t bytes_max) {
  auto body = std::move(request.body);
  while (request.stream) {
    auto piece = co_await request.stream->read();
    if (!piece) co_return std::move(piece).error();
    if (!*piece) break;
    if ((*piece)->size() > bytes_max - std::min(bytes_max, body.size())) {
      request.stream->cancel();
      co_return make_error("message", "incoming_too_long");
    }
    body.insert(body.end(), (*piece)->begin(), (*piece)->end());
  }
  if (body.size() > bytes_max) co_return make_error("message", "incoming_too_long");
  co_return body;
}

HttpResponse text_response(int status, std::string_view text) {
  HttpResponse response;
  response.status = status;
  response.headers.set("content-type", "text/plain; charset=utf-8");
  response.body = to_bytes(text);
  return response;
}

HttpResponse json_response(int status, const Value& body) {
  HttpResponse response;
  response.status = status;
  response.headers.set("content-type", "application/json");
  response.body = to_bytes(std::string_view(to_json(body)));
  return response;
}

HttpResponse json_response_of(int status, BytesView cbor) {
  auto value = decode_cbor(cbor);
  return value ? json_response(status, *value) : text_response(500, "An internal error occurred");
}

}  // namespace troupe
