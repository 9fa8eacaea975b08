#include "tests/sim/sim_actors.h"

#include "troupe/actor.h"

namespace troupe::sim {
namespace {

using namespace std::chrono_literals;

constexpr const char* kLast = "last";

struct Book {
  std::map<std::string, std::vector<std::int64_t>> notes;
  std::int64_t last = 0;
  TROUPE_FIELDS(notes, last)
};

struct Reading {
  std::map<std::string, std::vector<std::int64_t>> notes;
  std::int64_t last = 0;
  std::int64_t entry = 0;
  TROUPE_FIELDS(notes, last, entry)
};

using Ctx = Context<Book>;

Task<Result<std::int64_t>> note(Book& book, Ctx& c, std::string client, std::int64_t number) {
  book.notes[client].push_back(number);
  ++book.last;
  const auto last = book.last;
  TROUPE_CO_CHECK(co_await c.kv().put(kLast, std::to_string(last)));
  co_return last;
}

Task<Result<Reading>> read(Book& book, Ctx& c) {
  TROUPE_CO_TRY(const auto entry, co_await c.kv().get(kLast));
  Reading reading{book.notes, book.last, 0};
  if (entry) reading.entry = std::stoll(*entry);
  co_return reading;
}

struct Posting {
  std::int64_t i = 0;
  TROUPE_FIELDS(i)
};

struct Ledger {
  std::int64_t applied = 0;
  std::vector<std::int64_t> order;
  TROUPE_FIELDS(applied, order)
};

/// Takes what is there and applies the newest first.
Task<Result<void>> apply_backwards(Ledger& ledger, Context<Ledger>& c) {
  const auto queue = c.queue();
  while (true) {
    QueueReceive wanted;
    wanted.count = 8;
    TROUPE_CO_CHECK(co_await c.delay(50ms));
    TROUPE_CO_TRY(const auto messages, co_await queue.next_batch<Posting>(std::move(wanted)));
    for (auto message = messages.rbegin(); message != messages.rend(); ++message) {
      ledger.order.push_back(message->body.i);
      ++ledger.applied;
    }
  }
}

ActorDefinition backward_ledger() {
  return actor<Ledger>("ledger").queue<Posting>("post").run(&apply_backwards).action("read", [](const Ledger& s) {
    return s;
  });
}

struct Timer {
  std::vector<std::tuple<Value, std::int64_t>> fired;
  std::int64_t wakes = 0;
  TROUPE_FIELDS(fired, wakes)
};

ActorDefinition hurried_timer() {
  return actor<Timer>("timer")
      .sleep_timeout(700ms)
      .action("later", [](Context<Timer>& c, std::int64_t ms,
                          Value tag) { return c.schedule().after(std::chrono::milliseconds(ms / 2), "fire", tag); })
      .action("fire", [](Timer& s, Context<Timer>& c, Value tag) { s.fired.emplace_back(std::move(tag), c.now_ms()); })
      .action("read", [](const Timer& s) { return s; });
}

ActorDefinition book_actor(bool never_sleeps) {
  ActorOptions options;
  options.sleep_timeout = 300ms;
  options.no_sleep = never_sleeps;
  return actor<Book>("book").options(options).action("note", &note).action("read", &read);
}

}  // namespace

void register_sim_actors(Registry& registry, const ActorDefects& defects) {
  registry.add(book_actor(defects.never_sleeps));
  if (defects.reverses_queue) registry.add(backward_ledger());
  if (defects.hurries_alarms) registry.add(hurried_timer());
}

}  // namespace troupe::sim
