#include "engine/hosts/local/http_front.h"

#include "engine/base/errors.h"
#include "engine/clientproto/decode.h"
#include "engine/clientproto/encode.h"
#include "engine/hosts/local/conn_params.h"
#include "engine/hosts/local/front_answer.h"
#include "engine/hosts/local/front_counters.h"

namespace troupe {
namespace {

using clientproto::Encoding;

/// A longer wait for the completion of a message is for ever.
constexpr std::uint64_t kQueueTimeoutMax = std::uint64_t{365} * 24 * 3'600 * 1'000;

/// Moves a streamed body of at most `bytes_max` into `request.body`. The caller keeps `request` alive.
Task<Result<void>> collect_body(HttpRequest& request, std::size_t bytes_max) {
  const std::shared_ptr<BodyStream> stream = std::exchange(request.stream, nullptr);
  while (true) {
    auto piece = co_await stream->read();
    if (!piece) co_return piece.error();
    if (!piece->has_value()) co_return Result<void>();
    const Bytes& bytes = **piece;
    if (request.body.size() + bytes.size() > bytes_max) {
      stream->cancel();
      co_return make_error("message", "incoming_too_long");
    }
    request.body.insert(request.body.end(), bytes.begin(), bytes.end());
  }
}

/// Checks that need neither decoding nor the actor.
std::optional<HttpResponse> refused_early(const ActorInstance& actor, Encoding encoding, const HttpRequest& request) {
  if (request.method != "POST") return method_not_allowed(actor.info(), request);
  if (request.body.size() > actor.definition().options.max_incoming_message_size)
    return error_answer(actor.info(), encoding, make_error("message", "incoming_too_long"));
  return std::nullopt;
}

/// An error of the instance: handed up when the request can go to the next generation, else answered.
Result<HttpResponse> refused(const ActorInfo& actor, Encoding encoding, const Error& error, bool repeatable) {
  if (repeatable && means_no_generation(error)) return error;
  return error_answer(actor, encoding, error);
}

HttpResponse action_answer(const ActorInstance& actor, Encoding encoding, Bytes output) {
  auto body = clientproto::encode(encoding, clientproto::HttpActionResponse{std::move(output)});
  if (!body) return error_answer(actor.info(), encoding, internal_error(body.error().detail()));
  if (body->size() > actor.definition().options.max_outgoing_message_size)
    return error_answer(actor.info(), encoding, make_error("message", "outgoing_too_long"));
  return encoded_answer(actor.info(), encoding, *std::move(body));
}

std::optional<Millis> queue_timeout(std::uint64_t ms) {
  if (ms > kQueueTimeoutMax) return std::nullopt;
  return Millis(static_cast<std::int64_t>(ms));
}

HttpResponse queue_answer(const ActorInstance& actor, Encoding encoding, QueueSent sent) {
  const clientproto::HttpQueueSendResponse answer{sent.completed ? "completed" : "timedOut", std::move(sent.response)};
  auto body = clientproto::encode(encoding, answer);
  if (!body) return error_answer(actor.info(), encoding, internal_error(body.error().detail()));
  if (body->size() > actor.definition().options.max_outgoing_message_size)
    return error_answer(actor.info(), encoding, make_error("message", "outgoing_too_long"));
  return encoded_answer(actor.info(), encoding, *std::move(body));
}

ActorInstance::Connect connect_for(HttpRequest request, Bytes params, bool& began) {
  ActorInstance::Connect connect;
  connect.params = std::move(params);
  connect.request = std::move(request);
  connect.began = &began;
  return connect;
}

}  // namespace

Task<Result<HttpResponse>> action_fetch(std::shared_ptr<ActorInstance> actor, HttpRequest request, std::string name) {
  const ActorInfo& info = actor->info();
  const Encoding encoding = request_encoding(request.headers);
  if (auto refusal = refused_early(*actor, encoding, request)) co_return *std::move(refusal);
  const bool streamed = request.stream != nullptr;
  if (streamed) {
    auto collected = co_await collect_body(request, actor->definition().options.max_incoming_message_size);
    if (!collected) co_return error_answer(info, encoding, collected.error());
  }
  const Bytes body = std::exchange(request.body, {});
  auto message = clientproto::decode_http_action_request(encoding, body);
  if (!message) co_return malformed_answer(info, encoding);
  auto params = http_conn_params(request.headers);
  if (!params) co_return malformed_answer(info, encoding);

  count(front_counters().actions);
  bool began = false;
  ActorInstance::Connect connect = connect_for(std::move(request), *std::move(params), began);
  auto output = co_await actor->transient_action(std::move(connect), std::move(name), std::move(message->args));
  if (!output) co_return refused(info, encoding, output.error(), !began && !streamed);
  co_return action_answer(*actor, encoding, *std::move(output));
}

Task<Result<HttpResponse>> queue_fetch(std::shared_ptr<ActorInstance> actor, HttpRequest request, std::string name) {
  const ActorInfo& info = actor->info();
  const Encoding encoding = request_encoding(request.headers);
  if (auto refusal = refused_early(*actor, encoding, request)) co_return *std::move(refusal);
  const bool streamed = request.stream != nullptr;
  if (streamed) {
    auto collected = co_await collect_body(request, actor->definition().options.max_incoming_message_size);
    if (!collected) co_return error_answer(info, encoding, collected.error());
  }
  const Bytes body = std::exchange(request.body, {});
  auto message = clientproto::decode_http_queue_send_request(encoding, body);
  if (!message) co_return malformed_answer(info, encoding);
  auto params = http_conn_params(request.headers);
  if (!params) co_return malformed_answer(info, encoding);

  count(front_counters().queue_sends);
  bool began = false;
  QueueSend send;
  send.abort = request.abort;
  ActorInstance::Connect connect = connect_for(std::move(request), *std::move(params), began);
  send.name = std::move(name);
  send.body = std::move(message->body);
  send.wait = message->wait.value_or(false);
  if (message->timeout_ms) send.timeout = queue_timeout(*message->timeout_ms);
  auto sent = co_await actor->queue_send(std::move(connect), std::move(send));
  if (!sent) co_return refused(info, encoding, sent.error(), !began && !streamed);
  co_return queue_answer(*actor, encoding, *std::move(sent));
}

Task<Result<HttpResponse>> raw_fetch(std::shared_ptr<ActorInstance> actor, HttpRequest request, std::string target) {
  const ActorInfo& info = actor->info();
  const Encoding encoding = request_encoding(request.headers);
  auto params = http_conn_params(request.headers);
  if (!params) co_return error_answer(info, encoding, internal_error(params.error().detail()));

  count(front_counters().raw_requests);
  request.target = std::move(target);
  HttpRequest opened_by;
  opened_by.method = request.method;
  opened_by.target = request.target;
  opened_by.headers = request.headers;
  bool began = false;
  ActorInstance::Connect connect = connect_for(std::move(opened_by), *std::move(params), began);
  auto response = co_await actor->request(std::move(connect), std::move(request));
  if (!response) co_return refused(info, encoding, response.error(), !began);
  name_actor(*response, info);
  co_return std::move(response);
}

}  // namespace troupe
