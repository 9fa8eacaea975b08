// Writes without end and reports every acknowledged write as a line "<kind><worker> <number>" on standard output.
// Usage: storage_crash_writer <directory> <first number of each worker, in the order of kinds and workers>...

#include <unistd.h>

#include <boost/asio/detached.hpp>
#include <boost/asio/strand.hpp>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <string>

#include "crash_world.h"

namespace troupe::crash {
namespace {

void acknowledge(char kind, int worker, std::int64_t number) {
  const std::string line = std::string(1, kind) + std::to_string(worker) + ' ' + std::to_string(number) + '\n';
  // One line is far below PIPE_BUF: it arrives whole or not at all.
  if (::write(STDOUT_FILENO, line.data(), line.size()) != static_cast<ssize_t>(line.size())) std::_Exit(3);
}

Bytes payload(std::int64_t number) { return to_bytes(std::to_string(number) + ' ' + std::string(300, 'p')); }

Task<Result<void>> write_kv(KeyValue& kv, std::int64_t number) {
  std::vector<KvEntry> entries;
  for (const char* key : {"a", "b", "c"}) entries.push_back({to_bytes(key), payload(number)});
  return kv.put_many(std::move(entries));
}

Task<Result<void>> write_state(World& world, ActorId id, std::int64_t number) {
  ActorSave save;
  save.state = payload(number);
  save.connections = {{"conn", payload(number)}};
  return world.actors->save(id, 1, std::move(save), number % 2 == 0 ? Ack::durable : Ack::written);
}

SqlParams with(std::int64_t number) {
  SqlParams params;
  params.positional = {number};
  return params;
}

Task<Result<void>> write_batch(Database& db, std::int64_t number) {
  std::vector<SqlStatement> statements;
  statements.push_back({"INSERT INTO log VALUES (?)", with(number)});
  statements.push_back({"UPDATE counter SET n = ?", with(number)});
  TROUPE_CO_CHECK(co_await db.execute_batch(std::move(statements)));
  co_return Result<void>();
}

Task<Result<void>> write_transaction(Database& db, std::int64_t number) {
  TROUPE_CO_TRY(const auto transaction, co_await db.begin());
  TROUPE_CO_CHECK(co_await transaction->execute("INSERT INTO log VALUES (?)", with(number)));
  TROUPE_CO_CHECK(co_await transaction->execute("UPDATE counter SET n = ?", with(number)));
  co_return co_await transaction->commit();
}

std::vector<Page> pages_between(std::uint32_t begin, std::uint32_t end, std::int64_t number) {
  std::vector<Page> pages;
  for (std::uint32_t pgno = begin; pgno < end; ++pgno) pages.push_back({pgno, page_of(pgno, number)});
  return pages;
}

/// The number is the txid.
Task<Result<void>> write_pages(PageStore& store, ActorId id, std::int64_t number) {
  PageCommit commit;
  commit.pages = pages_between(1, kCommittedPages + 1, number);
  commit.size_pages = kCommittedPages;
  commit.expected_txid = static_cast<std::uint64_t>(number) - 1;
  TROUPE_CO_CHECK(co_await store.commit(id, 1, std::move(commit)));
  co_return Result<void>();
}

Task<Result<void>> write_segments(PageStore& store, ActorId id, std::int64_t number) {
  StagedFinish finish;
  finish.size_pages = kStagedPages;
  finish.segments = {0, 320};
  TROUPE_CO_TRY(finish.txid, co_await store.begin_stage(id, 1, static_cast<std::uint64_t>(number) - 1));
  TROUPE_CO_CHECK(co_await store.stage_segment(id, 1, finish.txid, 0, pages_between(1, 320, number)));
  TROUPE_CO_CHECK(co_await store.stage_segment(id, 1, finish.txid, 320, pages_between(320, kStagedPages + 1, number)));
  TROUPE_CO_CHECK(co_await store.finish_stage(id, 1, std::move(finish)));
  co_return Result<void>();
}

Task<Result<void>> prepare(Database& db) {
  TROUPE_CO_CHECK(
      co_await db.exec("CREATE TABLE IF NOT EXISTS log (n INTEGER PRIMARY KEY);"
                       "CREATE TABLE IF NOT EXISTS counter (id INTEGER PRIMARY KEY, n INTEGER);"
                       "INSERT OR IGNORE INTO counter VALUES (1, 0)"));
  co_return Result<void>();
}

Task<void> write_for_ever(World& world, char kind, int worker, std::int64_t number) {
  const ActorId id = actor_of(kind, worker);
  const auto kv = world.actors->key_value(id, 1);
  const auto db = world.actors->database(id, 1, world.ports.io);
  Result<void> result;
  if (kind == 'q' || kind == 't') result = co_await prepare(*db);
  for (; result; ++number) {
    switch (kind) {
      case 'k':
        result = co_await write_kv(*kv, number);
        break;
      case 's':
        result = co_await write_state(world, id, number);
        break;
      case 'q':
        result = co_await write_batch(*db, number);
        break;
      case 'p':
        result = co_await write_pages(*world.actors->pages(), id, number);
        break;
      case 'g':
        result = co_await write_segments(*world.actors->pages(), id, number);
        break;
      default:
        result = co_await write_transaction(*db, number);
        break;
    }
    if (result) acknowledge(kind, worker, number);
  }
  std::fprintf(stderr, "%c%d: %s %s\n", kind, worker, result.error().id().c_str(), result.error().detail().c_str());
  std::_Exit(2);
}

}  // namespace
}  // namespace troupe::crash

int main(int argc, char** argv) {
  using namespace troupe::crash;
  if (argc != 2 + static_cast<int>(kKinds.size()) * kWorkers) return 1;
  World world(argv[1]);
  int argument = 2;
  for (char kind : kKinds) {
    for (int worker = 0; worker < kWorkers; ++worker) {
      boost::asio::co_spawn(boost::asio::make_strand(world.ports.io),
                            write_for_ever(world, kind, worker, std::atoll(argv[argument++])), boost::asio::detached);
    }
  }
  // The parent ends this process.
  std::promise<void>().get_future().wait();
}
