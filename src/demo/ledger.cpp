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

/// As the numbers of JavaScript count: exact as long as they are, approximate beyond.
Value twice(std::int64_t i) {
  constexpr std::int64_t kExactMax = std::int64_t{1} << 52;
  if (i < -kExactMax || i > kExactMax) return Value(2.0 * static_cast<double>(i));
  return Value(2 * i);
}

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
      const auto answer = Value::object({{"double", twice(i)}});
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
