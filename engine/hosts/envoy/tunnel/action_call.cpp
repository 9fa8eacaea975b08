#include "engine/hosts/envoy/tunnel/action_call.h"

#include <algorithm>
#include <utility>

#include "engine/base/errors.h"
#include "engine/base/key.h"
#include "engine/clientproto/decode.h"
#include "engine/clientproto/encode.h"
#include "engine/hosts/envoy/tunnel/read_body.h"
#include "troupe/cbor.h"

namespace troupe {
namespace {

constexpr clientproto::Encoding kEncoding = clientproto::Encoding::cbor;

std::string percent_encoded(std::string_view text) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string result;
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' ||
                       c == '_' || c == '.' || c == '~';
    if (plain) {
      result += c;
      continue;
    }
    const auto octet = static_cast<std::uint8_t>(c);
    result += '%';
    result += kDigits[octet >> 4];
    result += kDigits[octet & 15];
  }
  return result;
}

Error not_an_answer(std::string why) { return make_error("envoy", "fetch_failed", std::nullopt, std::move(why)); }

/// Errors of the gateway's and the envoy's own making are JSON whatever was asked for.
Error error_of(const HttpResponse& response) {
  const std::string* type = response.headers.find("content-type");
  const bool json = type && type->starts_with("application/json");
  const auto encoding = json ? clientproto::Encoding::json : kEncoding;
  const auto error = clientproto::decode_http_response_error(encoding, response.body);
  if (!error) return not_an_answer("status " + std::to_string(response.status) + " without an error");
  std::optional<Value> metadata;
  if (error->metadata) {
    if (auto value = decode_cbor(*error->metadata)) metadata = std::move(*value);
  }
  const Error told(error->group, error->code, error->message, std::move(metadata));
  if (!error->actor) return told;
  ErrorOrigin origin;
  origin.actor_id = error->actor->actor_id;
  origin.generation = static_cast<std::uint32_t>(error->actor->generation);
  origin.key = parse_key(error->actor->key.value_or(""));
  return told.from_actor(std::make_shared<const ErrorOrigin>(std::move(origin)));
}

HttpRequest post(std::string target, Result<Bytes> body) {
  HttpRequest request;
  request.method = "POST";
  request.target = std::move(target);
  request.headers.set("content-type", std::string(clientproto::content_type(kEncoding)));
  request.headers.set("x-rivet-encoding", "cbor");
  if (body) request.body = std::move(*body);
  request.headers.set("content-length", std::to_string(request.body.size()));
  return request;
}

/// The body of an answer without an error.
Task<Result<Bytes>> read_answer(HttpResponse response, std::size_t body_bytes_max) {
  constexpr int kOk = 200, kRedirect = 300;
  if (response.stream) {
    const auto stream = std::exchange(response.stream, nullptr);
    TROUPE_CO_TRY(auto body, co_await read_body(stream, body_bytes_max));
    if (!body) co_return not_an_answer("an answer of more than " + std::to_string(body_bytes_max) + " octets");
    response.body = std::move(*body);
  }
  if (response.status < kOk || response.status >= kRedirect) co_return error_of(response);
  co_return std::move(response.body);
}

}  // namespace

HttpRequest make_action_request(const std::string& action, Bytes args) {
  return post("/action/" + percent_encoded(action),
              clientproto::encode(kEncoding, clientproto::HttpActionRequest{std::move(args)}));
}

Task<Result<Bytes>> read_action_answer(HttpResponse response, std::size_t body_bytes_max) {
  TROUPE_CO_TRY(auto body, co_await read_answer(std::move(response), body_bytes_max));
  auto answer = clientproto::decode_http_action_response(kEncoding, body);
  if (!answer) co_return not_an_answer(answer.error().detail());
  co_return std::move(answer->output);
}

HttpRequest make_queue_request(QueueSend message) {
  clientproto::HttpQueueSendRequest request;
  request.body = std::move(message.body);
  request.name = message.name;
  request.wait = message.wait;
  if (message.timeout)
    request.timeout_ms = static_cast<std::uint64_t>(std::max<std::int64_t>(0, message.timeout->count()));
  return post("/queue/" + percent_encoded(message.name), clientproto::encode(kEncoding, request));
}

Task<Result<QueueSent>> read_queue_answer(HttpResponse response, std::size_t body_bytes_max) {
  TROUPE_CO_TRY(auto body, co_await read_answer(std::move(response), body_bytes_max));
  auto answer = clientproto::decode_http_queue_send_response(kEncoding, body);
  if (!answer) co_return not_an_answer(answer.error().detail());
  QueueSent sent;
  sent.completed = answer->status == "completed";
  sent.response = std::move(answer->response);
  co_return sent;
}

}  // namespace troupe
