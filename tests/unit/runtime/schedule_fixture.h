#pragma once

#include "engine/runtime/schedule/schedule_rows.h"
#include "tests/unit/runtime/fixture.h"
#include "troupe/scheduler.h"

namespace troupe {

/// A scripted actor that has schedules. Its actions write what they were told to `log`; `other` waits for `release`.
class ScheduleTest : public ActorTest {
 protected:
  ScheduleTest() {
    definition.options.sleep_timeout = 1h;
    script->action = [this](ActionCall call) -> Task<Result<Bytes>> {
      log.push_back(call.name + text_of(call.fire));
      fires.push_back(call.fire);
      began_at.push_back(world.now_ms());
      if (call.name == "other") co_await release->wait();
      if (changes_state) {
        script->state.push_back(0x01);
        script->context->request_save();
      }
      if (failure) co_return *failure;
      co_return Bytes();
    };
  }

  static std::string text_of(const std::optional<ScheduledFire>& fire) {
    if (!fire) return "";
    return " " + std::string(to_string(fire->kind)) + (fire->name ? " " + *fire->name : "");
  }

  Scheduler& schedule() { return script->context->schedule(); }
  std::int64_t in(Millis time) { return world.now_ms() + time.count(); }
  std::string later(Millis time, std::string action = "act") {
    auto id = schedule().at(in(time), std::move(action), {});
    world.settle();
    return id.value();
  }
  Result<void> every(std::string name, Millis interval, std::string action = "act", std::int64_t max_history = 100) {
    auto set = schedule().set_interval({std::move(name), interval, std::move(action), {}, max_history});
    world.settle();
    return set;
  }
  Result<void> cron(std::string name, std::string expression, std::string zone = "UTC", std::string action = "act") {
    return world.run(
        schedule().set_cron({std::move(name), std::move(expression), std::move(zone), std::move(action), {}, 100}));
  }
  std::vector<JobRun> history(const std::string& name) { return world.run(schedule().history(name, 1'000)).value(); }
  void commit() { ASSERT_TRUE(world.run(script->context->save())); }

  /// The process dies, and another one starts the next generation.
  void crash() {
    store.save_failure = make_error("storage", "unavailable");
    begin_stop(StopReason::sleep_intent);
    world.advance(1min);
    store.save_failure.reset();
  }
  void sleep() { stop(StopReason::sleep_intent); }

  std::vector<std::string> log;
  std::vector<std::optional<ScheduledFire>> fires;
  std::vector<std::int64_t> began_at;
  std::shared_ptr<Gate> release = std::make_shared<Gate>();
  bool changes_state = false;
  std::optional<Error> failure;
};

}  // namespace troupe
