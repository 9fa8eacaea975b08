#include "engine/serverless/start_call.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>

namespace troupe {
namespace {

/// How long the body of a refusal may take.
constexpr Millis kRefusalLimit{5'000};

PoolError connection_error(std::string message) {
  return {PoolError::Kind::connection_error, 0, std::move(message), std::nullopt};
}

/// Without its parameters, in lower case.
std::string media_type(const HttpHeaders& headers) {
  const auto* header = headers.find("content-type");
  if (!header) return {};
  std::string type = header->substr(0, header->find(';'));
  while (type.ends_with(' ') || type.ends_with('\t')) type.pop_back();
  std::ranges::transform(type, type.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  return type;
}

/// At most so many bytes, cut between characters.
std::string cut_text(std::string text, std::size_t bytes_max) {
  auto size = std::min(text.size(), bytes_max);
  while (size > 0 && size < text.size() && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
  text.resize(size);
  return text;
}

}  // namespace

StartCall::StartCall(Ports ports, ServerlessStart start, std::shared_ptr<ServerlessEvents> events, PoolErrors& errors)
    : strand_(boost::asio::make_strand(ports.io)),
      timer_(ports.timers.make(strand_)),
      start_(std::move(start)),
      events_(std::move(events)),
      errors_(errors) {}

void StartCall::begin(HttpClient& http, OutboundRequest request, std::function<void()> ended) {
  ended_ = std::move(ended);
  exchange_ = http.begin(std::move(request));
  boost::asio::co_spawn(strand_, run(shared_from_this()), boost::asio::detached);
}

void StartCall::cut() {
  boost::asio::post(strand_, [self = shared_from_this()] {
    self->phase_ = StartPhase::done;
    self->exchange_->cancel();
  });
}

Task<void> StartCall::run(std::shared_ptr<StartCall> self) {
  const auto& endpoint = *self->start_.pool->config.serverless;
  const std::chrono::seconds open_for(drain_after_s(endpoint.request_lifespan_s, endpoint.drain_grace_period_s));
  self->arm(open_for, StartInput::lifespan_over);
  co_await self->read_answer();
  self->timer_->cancel();
  self->exchange_->cancel();
  self->ended_();
}

Task<void> StartCall::read_answer() {
  auto response = co_await exchange_->response();
  if (done()) co_return;
  if (!response) co_return take(StartInput::failed, connection_error(response.error().detail()));
  if (response->status != 200) {
    PoolError refused{PoolError::Kind::http_error, static_cast<std::uint16_t>(response->status), {}, std::nullopt};
    timer_->start(kRefusalLimit, [exchange = exchange_] { exchange->cancel(); });
    refused.text = co_await read_refusal(response->stream);
    if (done()) co_return;
    co_return take(StartInput::failed, std::move(refused));
  }
  if (media_type(response->headers) != "text/event-stream") {
    const auto* type = response->headers.find("content-type");
    co_return take(StartInput::failed,
                   connection_error("expected Content-Type header to be text/event-stream, received \"" +
                                    (type ? *type : std::string()) + "\""));
  }
  co_await read_events(response->stream);
}

Task<std::string> StartCall::read_refusal(std::shared_ptr<BodyStream> stream) {
  std::string text;
  while (stream && text.size() < kPoolErrorBodyBytesMax) {
    auto piece = co_await stream->read();
    if (!piece || !*piece) break;
    text.append(as_text(**piece).substr(0, kPoolErrorBodyBytesMax * 2));
  }
  co_return cut_text(std::move(text), kPoolErrorBodyBytesMax);
}

Task<void> StartCall::read_events(std::shared_ptr<BodyStream> stream) {
  while (!done()) {
    auto piece = co_await stream->read();
    if (done()) co_return;
    if (!piece) co_return take(StartInput::failed, connection_error(piece.error().detail()));
    if (!*piece) co_return take(StartInput::ended);
    const auto events = parser_.feed(**piece);
    if (!events) co_return take(StartInput::failed, connection_error("an event of the stream is too large"));
    for (const auto& event : *events) handle(event);
  }
}

void StartCall::handle(const SseEvent& event) {
  if (event.name == "ping" || done()) return;
  if (event.name == "stopping") return take(StartInput::stopping);
  if (std::exchange(warned_, true)) return;
  spdlog::warn("pool {}: the endpoint sent an unknown event", start_.pool->name);
}

void StartCall::post(StartInput input) {
  boost::asio::post(strand_, [self = shared_from_this(), input] { self->take(input); });
}

void StartCall::arm(Millis delay, StartInput input) {
  timer_->start(delay, [weak = weak_from_this(), input] {
    if (const auto self = weak.lock()) self->take(input);
  });
}

void StartCall::take(StartInput input, PoolError error) {
  if (input == StartInput::ended && phase_ == StartPhase::open) error.kind = PoolError::Kind::stream_ended_early;
  auto next = step(phase_, input);
  phase_ = next.phase;
  for (const auto effect : next.effects) perform(effect, error);
}

void StartCall::perform(StartEffect effect, const PoolError& error) {
  const auto& pool = *start_.pool;
  switch (effect) {
    case StartEffect::report_early_end:
    case StartEffect::report_failure:
      spdlog::warn("pool {}: start of actor {} generation {}: {}", pool.name, start_.actor.text(), start_.generation,
                   error.kind == PoolError::Kind::http_error ? "status " + std::to_string(error.status)
                   : error.text.empty()                      ? "the stream ended early"
                                                             : error.text);
      return errors_.report_error(pool.namespace_id, pool.name, error);
    case StartEffect::tell_lost:
      return events_->lost();
    case StartEffect::tell_going_away:
      return events_->going_away();
    case StartEffect::arm_grace:
      return arm(std::chrono::seconds(pool.config.serverless->drain_grace_period_s), StartInput::grace_over);
    case StartEffect::close:
      return exchange_->cancel();
  }
}

}  // namespace troupe
