#include <spdlog/spdlog.h>

#include "engine/runtime/instance/instance.h"

/// The end of a generation that cannot know what its rows are: going on could lose or double something. It saves
/// nothing more, its callers hear of it at once, and the next generation begins with what is stored.
namespace troupe {

void Instance::crash(const Error& cause, const char* operation) {
  if (crash_) return;
  spdlog::error("actor {}: generation {} ends with a failure of {}: {} {}", info_.actor_id, info_.generation, operation,
                cause.id(), cause.detail());
  crash_ = make_error("actor", "panicked", Value::object({{"operation", operation}}), cause.id());
  saver_.close();
  // The start fails as soon as its hook is over.
  if (lifecycle_.state() == LifecycleState::loading) return;
  const bool stops_already = !lifecycle_.apply(LifecycleEvent::crashed);
  idle_entry_.cancel();
  scheduler_.suspend();
  abort_delays();
  fail_work(*crash_);
  work_ended_.notify_all();
  if (!stops_already) detach(run_crash(self()));
}

Task<void> Instance::run_crash(std::shared_ptr<Instance> self) {
  // What the failure of their calls does to the sockets comes first: a message that has failed is not left to the next
  // generation.
  auto yield = [](Continuation<Done> rest) { rest.post({}); };
  (void)co_await suspend<Done>(std::move(yield));
  self->abandon_rest(false);
  co_await self->finalize(false);
  self->lifecycle_.apply(LifecycleEvent::finalized);
  self->terminate();
}

}  // namespace troupe
