#include "src/demo/demo.h"
#include "troupe/actor.h"

namespace troupe {
namespace {

using namespace std::chrono_literals;
using Ctx = Context<None>;

constexpr std::int64_t kBulkMax = 100'000;

struct Note {
  std::int64_t id = 0;
  std::string body;
  double n = 0;
  TROUPE_FIELDS(id, body, n)
};

struct Sum {
  std::int64_t c = 0;
  double s = 0;
  TROUPE_FIELDS(c, s)
};

Task<Result<std::int64_t>> add(Ctx& c, std::string body, double n) {
  TROUPE_CO_CHECK(co_await c.db().execute("INSERT INTO note (body, n) VALUES (?, ?)", body, n));
  co_return co_await c.db().single<std::int64_t>("SELECT count(*) FROM note");
}

Task<Result<Sum>> bulk(Ctx& c, std::int64_t count) {
  if (count < 0 || count > kBulkMax) throw UserError("bad_count", "count must be from 0 to 100000");
  std::vector<SqlStatement> inserts;
  inserts.reserve(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i)
    inserts.push_back(
        sql_statement("INSERT INTO note (body, n) VALUES (?, ?)", "b" + std::to_string(i), static_cast<double>(i) / 2));
  TROUPE_CO_CHECK(co_await c.db().batch(std::move(inserts)));
  co_return co_await c.db().single<Sum>("SELECT count(*) AS c, total(n) AS s FROM note");
}

}  // namespace

ActorDefinition notes_actor() {
  return actor("notes")
      .sleep_timeout(1000ms)
      .on_migrate([](Ctx& c) {
        return c.db().exec(
            "CREATE TABLE IF NOT EXISTS note (id INTEGER PRIMARY KEY, body TEXT NOT NULL, n REAL NOT NULL)");
      })
      .action("add", &add)
      .action("all", [](Ctx& c) { return c.db().query<Note>("SELECT id, body, n FROM note ORDER BY id"); })
      .action("bulk", &bulk)
      .action("integrity", [](Ctx& c) { return c.db().single<std::string>("PRAGMA integrity_check"); });
}

}  // namespace troupe
