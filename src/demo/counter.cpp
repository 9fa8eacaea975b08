#include "src/demo/demo.h"
#include "troupe/actor.h"

namespace troupe {
namespace {

struct Counter {
  double count = 0;
  TROUPE_FIELDS(count)
};

}  // namespace

ActorDefinition counter_actor() {
  return actor<Counter>("counter")
      .action("increment",
              [](Counter& s, Context<Counter>& c, double n) {
                s.count += n;
                c.broadcast("count", s.count);
                return s.count;
              })
      .action("get", [](const Counter& s) { return s.count; });
}

}  // namespace troupe
