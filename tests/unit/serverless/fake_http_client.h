#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "engine/base/async.h"
#include "engine/base/errors.h"
#include "engine/base/http_client.h"

namespace troupe::testing {

/// A value that is either there or waited for. Threads: one.
template <class T>
class Slot {
 public:
  void give(T value) {
    if (waiter_) {
      waiter_.post(std::move(value));
    } else {
      values_.push_back(std::move(value));
    }
  }
  Task<T> take() {
    if (!values_.empty()) {
      T value = std::move(values_.front());
      values_.pop_front();
      co_return value;
    }
    co_return co_await suspend<T>([this](Continuation<T> waiter) { waiter_ = std::move(waiter); });
  }
  bool awaited() const { return static_cast<bool>(waiter_); }

 private:
  std::deque<T> values_;
  Continuation<T> waiter_;
};

/// What an endpoint does with one request is said step by step.
class ScriptedExchange final : public OutboundExchange, public std::enable_shared_from_this<ScriptedExchange> {
 public:
  using Piece = Result<std::optional<Bytes>>;

  explicit ScriptedExchange(OutboundRequest asked) : request(std::move(asked)) {}

  void answer(int status, HttpHeaders headers) {
    HttpResponse response;
    response.status = status;
    response.headers = std::move(headers);
    response.stream = std::make_shared<Stream>(shared_from_this());
    head_.give(std::move(response));
  }
  void answer_events() { answer(200, {{"content-type", "text/event-stream"}}); }
  void send(std::string_view text) { pieces_.give(std::optional(to_bytes(text))); }
  void finish() { pieces_.give(std::optional<Bytes>()); }
  void break_off(std::string why) { pieces_.give(make_error("outbound", "failed", std::nullopt, std::move(why))); }
  void refuse(const char* code, std::string why) {
    head_.give(make_error("outbound", code, std::nullopt, std::move(why)));
  }

  Task<Result<HttpResponse>> response() override { return head_.take(); }
  void cancel() override {
    if (cancelled) return;
    cancelled = true;
    if (head_.awaited()) head_.give(make_error("outbound", "cancelled", std::nullopt, "cancelled"));
    if (pieces_.awaited()) pieces_.give(make_error("outbound", "cancelled", std::nullopt, "cancelled"));
  }

  const OutboundRequest request;
  bool cancelled = false;

 private:
  class Stream final : public BodyStream {
   public:
    explicit Stream(std::weak_ptr<ScriptedExchange> exchange) : exchange_(std::move(exchange)) {}
    Task<Result<std::optional<Bytes>>> read() override { return exchange_.lock()->pieces_.take(); }
    void cancel() override {
      if (const auto exchange = exchange_.lock()) exchange->cancel();
    }

   private:
    std::weak_ptr<ScriptedExchange> exchange_;
  };

  Slot<Result<HttpResponse>> head_;
  Slot<Piece> pieces_;
};

class FakeHttpClient final : public HttpClient {
 public:
  std::shared_ptr<OutboundExchange> begin(OutboundRequest request) override {
    exchanges.push_back(std::make_shared<ScriptedExchange>(std::move(request)));
    return exchanges.back();
  }
  ScriptedExchange& last() { return *exchanges.back(); }
  std::vector<std::shared_ptr<ScriptedExchange>> exchanges;
};

}  // namespace troupe::testing
