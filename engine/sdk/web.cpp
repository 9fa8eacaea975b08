#include "troupe/web.h"

#include "engine/base/codec/json.h"

namespace troupe {

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
