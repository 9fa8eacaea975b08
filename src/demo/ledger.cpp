#include "src/demo/demo.h"
#include "troupe/actor.h"

namespace troupe {
namespace {

struct Ledger {
  std::int64_t applied = 0;
  std::vector<std::int64_t> order;
  TROUPE_FIELDS(applied, order)
};

struct Posting {
  std::int64_t i = 0;
  TROUPE_FIELDS(i)
};

using Ctx = Context<Ledger>;

/// Applies one posting after the other. Its effect and its completion are one commit, so each is applied exactly once,
/// whatever happens in between.
Task<Result<void>> apply_all(Ledger& ledger, Ctx& c) {
  const auto queue = c.queue();
  while (true) {
    QueueReceive wanted;
    wanted.completable = true;
    TROUPE_CO_TRY(auto message, co_await queue.next<Posting>(std::move(wanted)));
    const auto i = message->body.i;
    ++ledger.applied;
    ledger.order.push_back(i);
    if (message->name() == "ask") {
      const auto answer = Value::object({{"double", 2 * i}});
      TROUPE_CO_CHECK(co_await message->complete(answer));
    } else {
      TROUPE_CO_CHECK(co_await message->complete());
    }
  }
}

}  // namespace

ActorDefinition ledger_actor() {
  return actor<Ledger>("ledger")
      .queue<Posting>("post")
      .queue<Posting>("ask")
      .run(&apply_all)
      .action("read", [](const Ledger& s) { return s; });
}

}  // namespace troupe
