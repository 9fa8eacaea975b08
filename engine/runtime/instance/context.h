#pragma once

#include "troupe/behavior.h"

namespace troupe {

class Instance;

/// ActorContext of an instance: translates, and decides nothing.
class Context final : public ActorContext {
 public:
  explicit Context(Instance& actor) : actor_(actor) {}

  const ActorInfo& info() const override;
  Executor executor() const override;
  std::int64_t now_ms() const override;
  Task<Result<void>> delay(std::chrono::milliseconds time, CallScopePtr scope) override;
  bool aborted() const override;
  Task<void> until_aborted() override;
  void request_save(SaveRequest request) override;
  Task<Result<void>> save() override;
  Task<Result<void>> commit_with_state(std::shared_ptr<SqlTransaction> transaction, StateChange& change) override;
  void broadcast(const std::string& event, const Bytes& args) override;
  std::vector<std::shared_ptr<Connection>> connections() const override;
  KeyValue& kv() override;
  Queue& queue() override;
  Database& db() override;
  Scheduler& schedule() override;
  Task<Result<Bytes>> call(ActorAddress to, std::string action, Bytes args, CallScopePtr scope) override;
  Task<Result<QueueSent>> send(ActorAddress to, QueueSend message) override;
  Result<void> sleep() override;
  Result<void> destroy() override;
  KeepAwake keep_awake() override;
  void spawn(std::function<Task<Result<void>>()> task) override;
  void log(int level, std::string_view text) override;

 private:
  Instance& actor_;
};

}  // namespace troupe
