#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "engine/envoystore/remote/database_limits.h"
#include "engine/envoystore/remote/turns.h"
#include "engine/storage/job_gate.h"
#include "engine/storage/pages/sqlite/page_connection.h"
#include "engine/storage/rocks/delayed_job.h"

namespace troupe::remote {

/// Databases that statements of envoys have opened: one connection each, used by one request at a time.
///
/// A connection belongs to one generation and one head: another one's commit makes it worthless, and so does a commit
/// of its own that fails. What a request changes is committed as one page commit before it is answered, so an answer
/// means durable, and fences are those of page commits. An open transaction may span requests and holds its connection.
/// Threads: any; SQLite runs on the storage pool. Lifetime: shared with its jobs; `close` before the page store goes.
class Databases : public std::enable_shared_from_this<Databases> {
 public:
  using Work = std::function<Result<void>(PageConnection&)>;

  static std::shared_ptr<Databases> make(PageStore& pages, const DatabaseLimits& limits);

  /// Runs `work` in its turn. Its error is the result, unless the commit of what it changed fails.
  /// Errors: `actor.fenced`, `sqlite.transaction_queue_full`, those of PageConnection::open and PageStore::commit.
  static Task<Result<void>> run(std::shared_ptr<Databases> self, ActorId id, std::uint32_t generation, Work work);

  /// Idle connections stay open from now on.
  void stop() { sweep_later_->close(); }
  /// Closes all connections. No request runs any more. Blocks.
  void close();
  std::size_t open_count() const;

 private:
  struct Database {
    explicit Database(std::size_t waiting_max) : turns(std::make_shared<Turns>(waiting_max)) {}

    const std::shared_ptr<Turns> turns;
    // Of whoever has the turn.
    std::unique_ptr<PageConnection> connection;
    std::uint32_t generation = 0;
    // Guarded by the mutex of Databases.
    std::chrono::nanoseconds last_used{0};
    bool is_open = false;
  };
  using DatabasePtr = std::shared_ptr<Database>;

  struct Outcome {
    Result<void> result;
    std::optional<PageCommit> commit;
  };

  Databases(PageStore& pages, const DatabaseLimits& limits) : pages_(pages), limits_(limits) {}

  DatabasePtr find_or_make(const ActorId& id);
  void note(Database& database);
  /// On the storage pool, in its turn.
  Outcome run_now(const ActorId& id, Database& database, std::uint32_t generation, const Work& work);
  Result<void> ensure_current(const ActorId& id, Database& database, std::uint32_t generation);
  void drop_connection(Database& database);
  Task<Result<void>> finish(ActorId id, DatabasePtr database, std::uint32_t generation, Outcome outcome);
  bool may_close(const ActorId& id, const Database& database) const;
  /// Least recently used first.
  std::vector<std::pair<ActorId, DatabasePtr>> open_databases() const;
  void make_room();
  void sweep();

  PageStore& pages_;
  const DatabaseLimits limits_;
  const std::shared_ptr<JobGate> gate_ = std::make_shared<JobGate>();
  std::shared_ptr<DelayedJob> sweep_later_;
  mutable std::mutex mutex_;
  std::unordered_map<ActorId, DatabasePtr> databases_;
};

}  // namespace troupe::remote
