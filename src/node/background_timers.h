#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "engine/base/ports.h"

namespace troupe::node {

/// Timers of work that nobody waits for and that the closing of a store does anyway: syncs of what is written, the
/// closing of idle files. After `close` none of them calls back, and none keeps a thread from ending.
/// Threads: any; a timer belongs to its executor. Lifetime: the timers of one node, over those of `inner`.
class BackgroundTimers final : public Timers {
 public:
  explicit BackgroundTimers(Timers& inner) : inner_(inner), shared_(std::make_shared<Shared>()) {}

  std::unique_ptr<Timer> make(Executor executor) override;
  /// Does not block: takes effect once the executors of the timers have had their turn.
  void close();

 private:
  class Background;
  struct Entry {
    Executor executor;
    std::weak_ptr<Timer> timer;
  };
  struct Shared {
    std::mutex mutex;
    bool closed = false;
    std::map<const Timer*, Entry> timers;
  };

  Timers& inner_;
  const std::shared_ptr<Shared> shared_;
};

}  // namespace troupe::node
