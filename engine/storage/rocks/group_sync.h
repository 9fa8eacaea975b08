#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "engine/base/async.h"
#include "engine/storage/job_gate.h"

namespace troupe {

/// Group commit: many commits that have been written share one fsync.
///
/// At most one sync runs at a time. Whoever joins before a sync begins is answered by it; whoever joins while it runs
/// is answered by the next one, because the running fsync may have passed the page of its write already. Threads: any.
/// Bound: one waiter per suspended commit. Lifetime: shared with its jobs.
class GroupSync : public std::enable_shared_from_this<GroupSync> {
 public:
  using Waiter = Continuation<Result<void>>;

  /// `sync` blocks; it runs on `storage` and only inside `gate`.
  GroupSync(Executor storage, std::shared_ptr<JobGate> gate, std::function<Result<void>()> sync);

  /// The caller's write has returned already.
  void join(Waiter waiter);
  /// A sync that nobody waits for.
  void request();
  /// After the gate was closed: answers what is left over with a last sync. Blocks.
  void finish();

  /// Syncs that have been started.
  std::uint64_t rounds() const;

 private:
  void start_round(std::unique_lock<std::mutex> lock);
  void run_rounds();
  /// One sync for everybody who waits now; whether more have come meanwhile.
  bool run_round();

  const Executor storage_;
  const std::shared_ptr<JobGate> gate_;
  const std::function<Result<void>()> sync_;

  mutable std::mutex mutex_;
  std::vector<Waiter> waiters_;
  bool wanted_ = false;
  /// A job is posted or runs: it will see everything that is added under the mutex.
  bool active_ = false;
  std::uint64_t rounds_ = 0;
};

}  // namespace troupe
