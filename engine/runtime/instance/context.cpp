#include "engine/runtime/instance/context.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "engine/runtime/instance/instance.h"
#include "engine/runtime/state/state_transaction.h"

namespace troupe {
namespace {

/// Counts as work of the actor as long as it lives. May be dropped on any thread, also after the actor.
class WorkToken {
 public:
  WorkToken(const std::shared_ptr<Instance>& actor, Work work)
      : actor_(actor), executor_(actor->executor()), work_(work) {
    actor->begin_work(work);
  }
  ~WorkToken() {
    auto actor = actor_.lock();
    if (!actor) return;
    hand_over(executor_, [actor = std::move(actor), work = work_] { actor->end_work(work); });
  }
  WorkToken(const WorkToken&) = delete;
  WorkToken& operator=(const WorkToken&) = delete;

 private:
  std::weak_ptr<Instance> actor_;
  Executor executor_;
  Work work_;
};

template <class T>
Task<Result<T>> aborted_call() {
  co_return make_error("actor", "aborted");
}

/// What leaves the actor must not reveal what a crash could take back.
template <class T>
Task<Result<T>> after_commit(std::shared_ptr<Instance> actor, Task<Result<T>> call) {
  TROUPE_CO_CHECK(co_await actor->saver().commit(actor->output_ack()));
  co_return co_await std::move(call);
}

template <class T>
Task<Result<T>> leave(Instance& actor, Task<Result<T>> call) {
  if (!actor.saver().opened() || !actor.unsettled(actor.output_ack())) return call;
  return after_commit(actor.self(), std::move(call));
}

}  // namespace

const ActorInfo& Context::info() const { return actor_.info(); }
Executor Context::executor() const { return actor_.executor(); }
std::int64_t Context::now_ms() const { return actor_.ports().clock.now_ms(); }
Task<Result<void>> Context::delay(std::chrono::milliseconds time, CallScopePtr scope) {
  return actor_.delay(time, std::move(scope));
}
bool Context::aborted() const { return actor_.lifecycle().aborted(); }
Task<void> Context::until_aborted() { return actor_.until_aborted(); }

void Context::request_save(SaveRequest request) { actor_.saver().request(request); }

Task<Result<void>> Context::save() {
  actor_.saver().mark();
  return actor_.saver().commit(Ack::durable);
}

Task<Result<void>> Context::commit_with_state(std::shared_ptr<SqlTransaction> transaction, StateChange& change) {
  return commit_transaction(actor_.self(), std::move(transaction), change);
}

void Context::broadcast(const std::string& event, const Bytes& args) { actor_.broadcast(event, args); }

std::vector<std::shared_ptr<Connection>> Context::connections() const {
  const auto& all = actor_.connections().all();
  return {all.begin(), all.end()};
}

KeyValue& Context::kv() { return actor_.data().kv(); }
Queue& Context::queue() { return actor_.queue(); }
Database& Context::db() { return actor_.data().db(); }
Scheduler& Context::schedule() { return actor_.scheduler(); }

Task<Result<Bytes>> Context::call(ActorAddress to, std::string action, Bytes args, CallScopePtr scope) {
  if (!actor_.lifecycle().accepts_work() || (scope && scope->aborted())) return aborted_call<Bytes>();
  auto origin = actor_.origin_of(scope.get());
  return leave(actor_, actor_.host().call(std::move(to), std::move(action), std::move(args), std::move(origin)));
}

Task<Result<QueueSent>> Context::send(ActorAddress to, QueueSend message) {
  if (!actor_.lifecycle().accepts_work()) return aborted_call<QueueSent>();
  return leave(actor_, actor_.host().send(std::move(to), std::move(message)));
}

Result<void> Context::sleep() { return actor_.request_sleep(); }
Result<void> Context::destroy() { return actor_.request_destroy(); }

ActorContext::KeepAwake Context::keep_awake() { return std::make_shared<WorkToken>(actor_.self(), Work::keep_awake); }
void Context::spawn(std::function<Task<Result<void>>()> task) { actor_.spawn(std::move(task)); }

void Context::log(int level, std::string_view text) {
  const auto known =
      std::clamp(level, static_cast<int>(spdlog::level::trace), static_cast<int>(spdlog::level::critical));
  spdlog::log(static_cast<spdlog::level::level_enum>(known), "actor {}: {}", actor_.info().actor_id, text);
}

}  // namespace troupe
