#include "engine/envoystore/remote/databases.h"

#include <algorithm>

#include "engine/base/errors.h"
#include "engine/storage/run_on_pool.h"

namespace troupe::remote {
namespace {

Error closed_error() { return make_error("storage", "unavailable", std::nullopt, "the store is closed"); }

}  // namespace

std::shared_ptr<Databases> Databases::make(PageStore& pages, const DatabaseLimits& limits) {
  std::shared_ptr<Databases> made(new Databases(pages, limits));
  made->sweep_later_ = DelayedJob::make(pages.ports(), [weak = std::weak_ptr(made)] {
    const auto alive = weak.lock();
    if (!alive) return;
    boost::asio::post(alive->pages_.ports().storage, [alive, gate = alive->gate_] {
      if (const JobGate::Pass pass(gate); pass) alive->sweep();
    });
  });
  return made;
}

Task<Result<void>> Databases::run(std::shared_ptr<Databases> self, ActorId id, std::uint32_t generation, Work work) {
  TROUPE_CO_CHECK(self->pages_.check_generation(id, generation));
  const DatabasePtr database = self->find_or_make(id);
  const auto turn = co_await Turns::wait(database->turns);
  if (!turn) co_return make_error("sqlite", "transaction_queue_full");
  auto job = [self, id, database, generation, work = std::move(work)] {
    return self->run_now(id, *database, generation, work);
  };
  Outcome outcome = co_await run_on_pool(self->pages_.ports().storage, std::move(job));
  co_return co_await self->finish(id, database, generation, std::move(outcome));
}

Databases::DatabasePtr Databases::find_or_make(const ActorId& id) {
  std::lock_guard lock(mutex_);
  DatabasePtr& slot = databases_[id];
  if (!slot) slot = std::make_shared<Database>(limits_.waiting_max);
  slot->last_used = pages_.ports().clock.monotonic();
  sweep_later_->request(limits_.idle_close);
  return slot;
}

void Databases::note(Database& database) {
  std::lock_guard lock(mutex_);
  database.is_open = database.connection != nullptr;
  database.last_used = pages_.ports().clock.monotonic();
}

void Databases::drop_connection(Database& database) {
  database.connection.reset();
  note(database);
}

Databases::Outcome Databases::run_now(const ActorId& id, Database& database, std::uint32_t generation,
                                      const Work& work) {
  Outcome outcome;
  const JobGate::Pass pass(gate_);
  outcome.result = pass ? ensure_current(id, database, generation) : closed_error();
  if (!outcome.result) return outcome;
  PageConnection& connection = *database.connection;
  connection.set_deadline(pages_.ports().clock.monotonic() + limits_.request_timeout);
  outcome.result = work(connection);
  outcome.commit = connection.file().take_commit();
  // A read has failed or the head has moved: nothing that SQLite remembers can be relied on.
  if (connection.file().failure()) drop_connection(database);
  return outcome;
}

Result<void> Databases::ensure_current(const ActorId& id, Database& database, std::uint32_t generation) {
  TROUPE_CHECK(pages_.check_generation(id, generation));
  if (database.connection) {
    TROUPE_TRY(const auto snapshot, read_pages_now(pages_.store(), id, {}));
    const std::uint64_t head = snapshot ? snapshot->head.txid : 0;
    if (database.generation == generation && head == database.connection->file().txid()) return {};
    const bool was_in_transaction = database.generation == generation && database.connection->in_transaction();
    drop_connection(database);
    if (was_in_transaction) return make_error("sqlite", "transaction_closed");
  }
  make_room();
  TROUPE_TRY(database.connection, PageConnection::open(pages_.store(), pages_.ports().clock, id));
  database.generation = generation;
  note(database);
  return {};
}

Task<Result<void>> Databases::finish(ActorId id, DatabasePtr database, std::uint32_t generation, Outcome outcome) {
  if (outcome.commit) {
    const auto txid = co_await pages_.commit(id, generation, *std::move(outcome.commit));
    if (txid && database->connection) database->connection->file().committed(*txid);
    if (!txid) {
      // SQLite believes in a commit that has not happened.
      auto drop = [this, database] {
        drop_connection(*database);
        return Done();
      };
      co_await run_on_pool(pages_.ports().storage, std::move(drop));
      co_return txid.error();
    }
  }
  note(*database);
  co_return std::move(outcome.result);
}

// -- closing ----------------------------------------------------------------------------------------------------------

bool Databases::may_close(const ActorId& id, const Database& database) const {
  // Of a generation that is over nothing is worth keeping.
  if (!pages_.check_generation(id, database.generation)) return true;
  return !database.connection->in_transaction() && !database.connection->has_session_state();
}

std::vector<std::pair<ActorId, Databases::DatabasePtr>> Databases::open_databases() const {
  std::vector<std::pair<std::chrono::nanoseconds, std::pair<ActorId, DatabasePtr>>> found;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [id, database] : databases_) {
      if (database->is_open) found.push_back({database->last_used, {id, database}});
    }
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::pair<ActorId, DatabasePtr>> databases;
  databases.reserve(found.size());
  for (auto& entry : found) databases.push_back(std::move(entry.second));
  return databases;
}

std::size_t Databases::open_count() const {
  std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(
      std::count_if(databases_.begin(), databases_.end(), [](const auto& entry) { return entry.second->is_open; }));
}

void Databases::make_room() {
  if (open_count() < limits_.connections_max) return;
  for (const auto& [id, database] : open_databases()) {
    const auto turn = database->turns->try_take();
    if (!turn || !database->connection || !may_close(id, *database)) continue;
    drop_connection(*database);
    return;
  }
}

void Databases::sweep() {
  const auto now = pages_.ports().clock.monotonic();
  for (const auto& [id, database] : open_databases()) {
    const auto turn = database->turns->try_take();
    if (!turn || !database->connection) continue;
    std::chrono::nanoseconds last_used;
    {
      std::lock_guard lock(mutex_);
      last_used = database->last_used;
    }
    const bool is_over = !pages_.check_generation(id, database->generation);
    if (is_over || (now - last_used >= limits_.idle_close && may_close(id, *database))) drop_connection(*database);
  }
  std::lock_guard lock(mutex_);
  // Whoever waits for a turn or has it holds a second reference.
  std::erase_if(databases_, [](const auto& entry) { return !entry.second->is_open && entry.second.use_count() == 1; });
  if (!databases_.empty()) sweep_later_->request(limits_.idle_close / 2);
}

void Databases::close() {
  sweep_later_->close();
  gate_->close();
  std::lock_guard lock(mutex_);
  for (auto& [id, database] : databases_) database->connection.reset();
  databases_.clear();
}

}  // namespace troupe::remote
