#include "engine/hosts/local/front_answer.h"

#include "engine/base/errors.h"
#include "engine/base/key.h"
#include "engine/clientproto/encode.h"
#include "troupe/cbor.h"

namespace troupe {
namespace {

constexpr int kBadRequest = 400;
/// Content-type, the three headers of the actor, and those that the gateway adds: CORS and the ray id.
constexpr std::size_t kHeadersOfAnswer = 9;

HttpResponse answer(const ActorInfo& actor, int status, std::string_view content_type) {
  HttpResponse response;
  response.status = status;
  response.headers.reserve(kHeadersOfAnswer);
  response.headers.set("content-type", std::string(content_type));
  name_actor(response, actor);
  return response;
}

}  // namespace

clientproto::Encoding request_encoding(const HttpHeaders& headers) {
  const std::string* name = headers.find("x-rivet-encoding");
  if (name == nullptr) return clientproto::Encoding::json;
  return clientproto::parse_encoding(*name).value_or(clientproto::Encoding::json);
}

bool means_no_generation(const Error& error) {
  return error.group() == "actor" &&
         (error.code() == "stopping" || error.code() == "not_ready" || error.code() == "destroying");
}

clientproto::ActorSpecifier actor_specifier(const ActorInfo& actor) {
  return {actor.actor_id, actor.generation, display_key(actor.key)};
}

clientproto::HttpResponseError wire_error(const Error& error, std::optional<clientproto::ActorSpecifier> actor) {
  clientproto::HttpResponseError message{error.group(), error.code(), error.message(), std::nullopt, std::move(actor)};
  if (const auto& origin = error.origin())
    message.actor = clientproto::ActorSpecifier{origin->actor_id, origin->generation, display_key(origin->key)};
  if (error.metadata()) message.metadata = encode_cbor(*error.metadata());
  return message;
}

void name_actor(HttpResponse& response, const ActorInfo& actor) {
  constexpr std::string_view kKeyHeader = "x-rivet-actor-key";
  response.headers.set("x-rivet-actor", actor.actor_id);
  response.headers.set("x-rivet-actor-generation", std::to_string(actor.generation));
  std::string key = display_key(actor.key);
  if (key.find_first_of("\r\n") == std::string::npos)
    response.headers.set(kKeyHeader, std::move(key));
  else
    response.headers.erase(kKeyHeader);
}

HttpResponse text_answer(const ActorInfo& actor, int status, std::string_view content_type, std::string_view body) {
  HttpResponse response = answer(actor, status, content_type);
  response.body = to_bytes(body);
  return response;
}

HttpResponse encoded_answer(const ActorInfo& actor, clientproto::Encoding encoding, Bytes body) {
  HttpResponse response = answer(actor, 200, clientproto::content_type(encoding));
  response.body = std::move(body);
  return response;
}

HttpResponse error_answer(const ActorInfo& actor, clientproto::Encoding encoding, const Error& error) {
  return error_answer(actor, encoding, error, actor_http_status(error));
}

HttpResponse error_answer(const ActorInfo& actor, clientproto::Encoding encoding, const Error& error, int status) {
  clientproto::HttpResponseError message = wire_error(masked(error), actor_specifier(actor));
  auto body = clientproto::encode(encoding, message);
  if (!body) {
    // Metadata nested beyond the limit of the codec; the rest always encodes.
    message.metadata.reset();
    body = clientproto::encode(encoding, message);
  }
  HttpResponse response = answer(actor, status, clientproto::content_type(encoding));
  response.body = std::move(body).value();
  return response;
}

HttpResponse malformed_answer(const ActorInfo& actor, clientproto::Encoding encoding) {
  return error_answer(actor, encoding, make_error("core", "internal_error"), kBadRequest);
}

}  // namespace troupe
