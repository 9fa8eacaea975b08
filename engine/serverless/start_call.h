#pragma once

#include <functional>
#include <memory>

#include "engine/serverless/serverless_driver.h"
#include "engine/serverless/sse_parser.h"
#include "engine/serverless/start_request.h"

namespace troupe {

/// One open start request. Threads: its strand, but for `input`. Lifetime: kept alive by its own coroutine.
class StartCall : public std::enable_shared_from_this<StartCall> {
 public:
  StartCall(Ports ports, ServerlessStart start, std::shared_ptr<ServerlessEvents> events, PoolErrors& errors);

  /// `ended` is called once, when nothing of the call is left.
  void begin(HttpClient& http, OutboundRequest request, std::function<void()> ended);
  void engine_stops() { post(StartInput::engine_stops); }
  /// Closes without a word to anybody.
  void cut();

 private:
  static Task<void> run(std::shared_ptr<StartCall> self);
  Task<void> read_answer();
  Task<void> read_events(std::shared_ptr<BodyStream> stream);
  Task<std::string> read_refusal(std::shared_ptr<BodyStream> stream);
  void handle(const SseEvent& event);
  void post(StartInput input);
  void take(StartInput input, PoolError error = {});
  void perform(StartEffect effect, const PoolError& error);
  void arm(Millis delay, StartInput input);
  bool done() const { return phase_ == StartPhase::done; }

  Strand strand_;
  std::unique_ptr<Timer> timer_;
  ServerlessStart start_;
  std::shared_ptr<ServerlessEvents> events_;
  PoolErrors& errors_;
  std::shared_ptr<OutboundExchange> exchange_;
  std::function<void()> ended_;
  SseParser parser_;
  StartPhase phase_ = StartPhase::open;
  bool warned_ = false;
};

}  // namespace troupe
