#include "src/demo/demo.h"
#include "troupe/actor.h"

namespace troupe {
namespace {

struct Timer {
  /// What has fired: the tag, and when.
  std::vector<std::tuple<Value, std::int64_t>> fired;
  std::int64_t wakes = 0;
  TROUPE_FIELDS(fired, wakes)
};

}  // namespace

ActorDefinition timer_actor() {
  return actor<Timer>("timer")
      .sleep_timeout(std::chrono::milliseconds(700))
      .on_wake([](Timer& s) { ++s.wakes; })
      .action("later",
              [](Context<Timer>& c, double ms, Value tag) {
                return c.schedule().after(std::chrono::milliseconds(static_cast<std::int64_t>(ms)), "fire", tag);
              })
      .action("fire", [](Timer& s, Context<Timer>& c, Value tag) { s.fired.emplace_back(std::move(tag), c.now_ms()); })
      .action("read", [](const Timer& s) { return s; });
}

}  // namespace troupe
