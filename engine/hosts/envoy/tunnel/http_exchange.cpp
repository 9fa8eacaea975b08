#include "engine/hosts/envoy/tunnel/http_exchange.h"

#include <utility>

#include "engine/base/errors.h"
#include "engine/hosts/envoy/tunnel/headers.h"

namespace troupe {
namespace {

using AbortKind = envoyproto::HttpStreamAbortReason::Kind;

constexpr const char* kPhase = "waiting_for_response_start";
constexpr const char* kClientGone = "client dropped streaming response body";
constexpr const char* kGivenUp = "gateway stopped the HTTP request before completion";
constexpr const char* kLost = "the connection to the host broke, and the new one brought nothing of the request";
constexpr const char* kIndexGap = "gateway detected response stream message index gap";
constexpr const char* kOverrun = "actor response producer outpaced downstream delivery and filled the gateway buffer";

/// Made by the envoy itself, not by the actor: it does not have this generation.
bool is_actor_missing(const envoyproto::ToRivetResponseStart& start) {
  constexpr int kUnavailable = 503;
  if (start.status != kUnavailable) return false;
  bool missing = false;
  for (const auto& [name, value] : start.headers) {
    if (name == "x-rivet-actor") return false;
    missing = missing || (name == "x-rivet-error" && value == "envoy.actor_not_found");
  }
  return missing;
}

}  // namespace

HttpExchange::HttpExchange(std::shared_ptr<TunnelContext> context, ConversationId id, EnvoyActorAddress to,
                           HttpRequest request)
    : Conversation(id, std::move(to)),
      context_(std::move(context)),
      outlet_(std::make_shared<Outlet>(context_->counters, to_.link, id)),
      streams_(streams(*context_, *to_.link)),
      request_(std::move(request)),
      repeatable_(!request_.stream) {}

bool HttpExchange::streams(const TunnelContext& context, const EnvoyLink& link) {
  return context.settings.streaming && link.version() >= kStreamingVersion;
}

Error HttpExchange::error_in_phase(const char* code) const {
  Value::Object metadata;
  metadata.emplace_back("actor_id", Value(to_.actor.text()));
  metadata.emplace_back("phase", Value(kPhase));
  return make_error("guard", code, Value(std::move(metadata)));
}

// -- sending ----------------------------------------------------------------------------------------------------------

Task<HttpExchange::Answer> HttpExchange::run() {
  const auto self = shared_from_this();
  auto start = [self](Continuation<Done> caller) { self->begin(std::move(caller)); };
  co_await suspend<Done>(std::move(start));
  co_return take_answer();
}

void HttpExchange::begin(Continuation<Done> caller) {
  const auto weak = weak_from_this();
  const auto client = request_.abort;
  const auto overdue = [weak] {
    if (const auto self = weak.lock()) self->answer_overdue();
  };
  {
    std::unique_lock lock(mutex_);
    if (phase_ == Phase::ended) {
      // The generation was over before anybody waited.
      lock.unlock();
      return caller.post({});
    }
    caller_ = std::move(caller);
    deadline_ = context_->deadlines->add(context_->settings.response_start_timeout, overdue);
    if (streams_ && (request_.stream || request_.body.size() > kBodyChunkBytes)) {
      auto failed = [weak] {
        if (const auto self = weak.lock()) self->upload_failed();
      };
      upload_ = std::make_shared<Upload>(context_, outlet_, std::move(request_.body), std::move(request_.stream),
                                         std::move(failed));
    }
  }
  if (client) {
    auto subscription = client->on_abort([weak] {
      if (const auto self = weak.lock()) self->client_gone();
    });
    const std::lock_guard lock(mutex_);
    if (phase_ != Phase::ended) abort_ = std::move(subscription);
  }
  send_head();
}

envoyproto::ToEnvoyRequestStart HttpExchange::make_head() {
  envoyproto::ToEnvoyRequestStart head;
  head.actor_id = to_.actor.text();
  head.method = request_.method;
  head.path = request_.target;
  head.headers = to_envoy_headers(request_.headers);
  if (streams_) {
    head.actor_generation = to_.generation;
    head.stream = upload_ != nullptr;
    head.response_stream = true;
  }
  // A short body that is here as a whole goes with the head, which saves the envoy a message to read and one to answer.
  if (!upload_ && !request_.body.empty()) head.body = std::move(request_.body);
  return head;
}

void HttpExchange::send_head() {
  std::shared_ptr<Upload> upload;
  {
    const std::lock_guard lock(mutex_);
    if (phase_ != Phase::unsent || !caller_ || !to_.link->connected()) return;
    envoyproto::ToEnvoyTunnelMessageKind kind = make_head();
    if (!outlet_->send(std::move(kind))) {
      if (auto& body = std::get<envoyproto::ToEnvoyRequestStart>(kind).body) request_.body = std::move(*body);
      return;
    }
    phase_ = Phase::waiting_for_answer;
    request_ = HttpRequest();
    upload = upload_;
  }
  if (upload) upload->start();
}

void HttpExchange::reconnected() {
  std::shared_ptr<Upload> upload;
  std::uint64_t consumed = 0;
  {
    const std::lock_guard lock(mutex_);
    upload = upload_;
    // The envoy may have missed the last one, and waits for it then.
    if (phase_ == Phase::streaming && streams_) consumed = credited_ = consumed_;
  }
  await_sign_of_life();
  send_head();
  if (consumed > 0) (void)outlet_->send(envoyproto::ToEnvoyResponseBodyWindowUpdate{consumed});
  if (upload) upload->resume();
}

void HttpExchange::await_sign_of_life() {
  const auto silent = [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->nothing_heard();
  };
  DeadlineQueue::Token earlier = 0;
  {
    const std::lock_guard lock(mutex_);
    if (phase_ != Phase::waiting_for_answer && phase_ != Phase::streaming) return;
    earlier = std::exchange(silence_, context_->deadlines->add(context_->settings.silence_timeout, silent));
  }
  if (earlier != 0) context_->deadlines->cancel(earlier);
}

void HttpExchange::send_abort(AbortKind kind, const char* detail) {
  {
    const std::lock_guard lock(mutex_);
    if (!streams_ || phase_ == Phase::unsent || phase_ == Phase::ended) return;
  }
  envoyproto::ToEnvoyRequestAbort abort;
  abort.actor_id = to_.actor.text();
  abort.actor_generation = to_.generation;
  abort.reason = {kind, detail};
  (void)outlet_->send(std::move(abort));
}

// -- ends -------------------------------------------------------------------------------------------------------------

bool HttpExchange::end(const Error& error) {
  Continuation<Done> caller;
  Continuation<Piece> reader;
  {
    const std::lock_guard lock(mutex_);
    if (phase_ == Phase::ended) return false;
    if (phase_ == Phase::streaming)
      body_failure_ = error;
    else
      answer_ = error;
    phase_ = Phase::ended;
    caller = std::move(caller_);
    reader = std::move(reader_);
  }
  let_go();
  if (caller) caller.post({});
  if (reader) reader.post(error);
  return true;
}

void HttpExchange::let_go() {
  context_->registry.remove(*this);
  AbortSignal::Subscription abort;
  DeadlineQueue::Token deadline = 0, silence = 0;
  {
    const std::lock_guard lock(mutex_);
    std::swap(abort, abort_);
    deadline = std::exchange(deadline_, 0);
    silence = std::exchange(silence_, 0);
  }
  if (deadline != 0) context_->deadlines->cancel(deadline);
  if (silence != 0) context_->deadlines->cancel(silence);
  stop_upload();
}

void HttpExchange::stop_upload() {
  std::shared_ptr<Upload> upload;
  {
    const std::lock_guard lock(mutex_);
    upload = std::move(upload_);
  }
  if (upload) upload->stop();
}

void HttpExchange::client_gone() {
  send_abort(AbortKind::cancelled, kClientGone);
  end(TunnelAbort::client_gone, error_in_phase("tunnel_request_aborted"));
}

void HttpExchange::answer_overdue() {
  {
    const std::lock_guard lock(mutex_);
    if (phase_ == Phase::streaming) return;
  }
  Value::Object metadata;
  metadata.emplace_back("phase", Value(kPhase));
  metadata.emplace_back("timeout_ms", Value(context_->settings.response_start_timeout.count()));
  send_abort(AbortKind::internal_error, kGivenUp);
  end(TunnelAbort::timed_out, make_error("guard", "gateway_response_start_timeout", Value(std::move(metadata))));
}

void HttpExchange::nothing_heard() {
  {
    const std::lock_guard lock(mutex_);
    // A message came in between; or the envoy is away again, and its next return starts the wait anew.
    if (std::exchange(silence_, 0) == 0 || !to_.link->connected()) return;
  }
  Value::Object metadata;
  metadata.emplace_back("phase", Value(kPhase));
  metadata.emplace_back("reason", Value(kLost));
  send_abort(AbortKind::internal_error, kGivenUp);
  end(TunnelAbort::timed_out, make_error("guard", "tunnel_message_timeout", Value(std::move(metadata))));
}

void HttpExchange::upload_failed() {
  send_abort(AbortKind::cancelled, kClientGone);
  end(TunnelAbort::body_failed,
      make_error("guard", "invalid_request_body", Value::object({{"reason", "the body ended early"}})));
}

void HttpExchange::generation_stopped() {
  bool unsent = false;
  {
    const std::lock_guard lock(mutex_);
    unsent = phase_ == Phase::unsent;
  }
  // What was not sent can go to the next generation.
  end_with_generation(unsent ? std::optional(TunnelReplay::not_sent) : std::nullopt);
}

void HttpExchange::end_with_generation(std::optional<TunnelReplay> replay) {
  if (replay && repeatable_) return end(*replay, make_error("actor", "stopping"));
  end(TunnelAbort::actor_stopped, error_in_phase("actor_stopped_while_waiting"));
}

void HttpExchange::violated(const char* detail) {
  send_abort(AbortKind::internal_error, detail);
  end(TunnelAbort::violation, make_error("core", "internal_error", std::nullopt, detail));
}

// -- from the envoy ---------------------------------------------------------------------------------------------------

void HttpExchange::receive(std::uint16_t index, envoyproto::ToRivetTunnelMessageKind kind) {
  const auto self = shared_from_this();
  bool in_sequence = true;
  DeadlineQueue::Token silence = 0;
  {
    const std::lock_guard lock(mutex_);
    if (phase_ == Phase::unsent || phase_ == Phase::ended) return ignored();
    if (streams_) in_sequence = index == next_index_++;
    silence = std::exchange(silence_, 0);
  }
  if (silence != 0) context_->deadlines->cancel(silence);
  if (!in_sequence) return violated(kIndexGap);
  std::visit([&](auto& message) { on(std::move(message)); }, kind);
}

void HttpExchange::on(envoyproto::ToRivetResponseStart start) {
  if (start.body && start.body->size() > context_->settings.payload_bytes_max) {
    send_abort(AbortKind::internal_error, kGivenUp);
    return end(TunnelAbort::violation, error_in_phase("tunnel_request_aborted"));
  }
  if (is_actor_missing(start)) {
    end_with_generation(TunnelReplay::actor_missing);
    // Afterwards: it may end the generation, and the request with it.
    to_.link->actor_missing(to_.actor, to_.generation);
    return;
  }
  HttpResponse response;
  response.status = start.status;
  response.headers = from_envoy_headers(std::move(start.headers));
  if (start.body) response.body = std::move(*start.body);

  Continuation<Done> caller;
  DeadlineQueue::Token deadline = 0;
  {
    const std::lock_guard lock(mutex_);
    if (phase_ != Phase::waiting_for_answer) return ignored();
    phase_ = start.stream ? Phase::streaming : Phase::ended;
    answer_ = std::move(response);
    caller = std::move(caller_);
    if (start.stream) deadline = std::exchange(deadline_, 0);
  }
  if (deadline != 0) context_->deadlines->cancel(deadline);
  if (!start.stream) let_go();
  // Later, so that an answer whose pieces are here already leaves as a whole.
  caller.post({});
}

void HttpExchange::on(envoyproto::ToRivetResponseChunk chunk) {
  Continuation<Piece> reader;
  Piece piece = std::optional<Bytes>();
  bool overrun = false, complete = false;
  {
    const std::lock_guard lock(mutex_);
    if (phase_ != Phase::streaming) return ignored();
    const std::size_t room = streams_ ? 2 * kBodyWindowBytes : context_->settings.payload_bytes_max;
    overrun = chunk.body.size() + piece_bytes_ + with_reader_ > room;
    if (!overrun) {
      complete = body_complete_ = chunk.finish;
      if (complete) phase_ = Phase::ended;
      if (reader_ && (complete || !chunk.body.empty())) {
        reader = std::move(reader_);
        with_reader_ = chunk.body.size();
        // An empty last piece is the end itself.
        if (!chunk.body.empty()) piece = std::optional<Bytes>(std::move(chunk.body));
      } else if (!chunk.body.empty()) {
        piece_bytes_ += chunk.body.size();
        pieces_.push_back(std::move(chunk.body));
      }
    }
  }
  if (overrun) return violated(kOverrun);
  if (complete) let_go();
  if (reader) reader.post(std::move(piece));
}

void HttpExchange::on(const envoyproto::ToRivetResponseAbort&) {
  send_abort(AbortKind::internal_error, kGivenUp);
  end(TunnelAbort::actor_aborted, error_in_phase("tunnel_request_aborted"));
}

void HttpExchange::on(const envoyproto::ToRivetRequestBodyWindowUpdate& update) {
  std::shared_ptr<Upload> upload;
  {
    const std::lock_guard lock(mutex_);
    upload = upload_;
  }
  if (!upload) return ignored();
  upload->consumed(update.consumed_bytes);
}

void HttpExchange::on(const envoyproto::ToRivetRequestBodyCancel&) { stop_upload(); }

}  // namespace troupe
