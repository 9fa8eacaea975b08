#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "engine/base/async.h"
#include "engine/base/ports.h"
#include "engine/runtime/deadlines.h"
#include "engine/storage/actors/actor_store.h"
#include "troupe/behavior.h"

namespace troupe {

/// Writes the state of one actor: at once when an answer depends on it, else by a throttled tick.
///
/// Every request for a save raises a revision. A commit serialises the state as it is, so it covers all revisions up to
/// then; commits of one actor never overlap, and those who wait for the same revision share one.
/// Threads: the actor's executor only. Lifetime: `owner` of the config keeps it alive while a commit runs.
class StateSaver {
 public:
  struct Config {
    ActorStore* store = nullptr;
    ActorId id;
    std::uint32_t generation = 0;
    std::string actor_id;
    Millis interval{};
    const Clock* clock = nullptr;
    Deadlines* deadlines = nullptr;
    Executor executor;
  };
  explicit StateSaver(Config config);

  /// `owner` keeps saver and behavior alive. Nothing is saved before: a start that fails leaves nothing behind.
  void open(Behavior& behavior, std::weak_ptr<void> owner);
  /// Later requests are dropped, later commits fail with `actor.stopping`.
  void close();

  /// Marks the state as changed and plans a tick.
  void request(const SaveRequest& request);
  /// Whether there are changes that no finished commit covers.
  bool dirty() const { return revision_ > written_; }
  /// Marks the state as changed without planning a tick.
  void mark() { ++revision_; }

  /// Returns when the changes so far are committed. Errors: those of the store and of the serialisation; the changes
  /// stay marked and are tried again by the tick.
  /// `gather`: more changes are about to come, so let what is ready on the actor's executor run first; one commit
  /// covers them all.
  Task<Result<void>> commit(Ack ack, bool gather = false);
  /// The first snapshot of a new actor.
  Task<Result<void>> commit_first(Bytes state);

 private:
  using Nanos = std::chrono::nanoseconds;

  Task<Result<void>> write(Ack ack);
  Task<Result<void>> gather_and_write(Ack ack);
  Task<Result<void>> store(Bytes state, std::uint64_t revision, Ack ack);
  void finished(std::uint64_t revision, Ack ack, const Result<void>& result);
  bool covered(std::uint64_t revision, Ack ack) const;
  void plan(Nanos due);
  void tick();

  Config config_;
  Behavior* behavior_ = nullptr;
  std::weak_ptr<void> owner_;
  bool closed_ = false;

  std::uint64_t revision_ = 0;
  std::uint64_t written_ = 0;
  std::uint64_t durable_ = 0;
  bool writing_ = false;
  /// The newest attempt that failed, for those who waited for it.
  std::uint64_t failed_revision_ = 0;
  std::optional<Error> failure_;
  Signal write_ended_;

  Nanos last_save_{};
  /// When the tick is wanted; its entry may be armed for an earlier time and then goes back to sleep.
  std::optional<Nanos> due_;
  Deadlines::Entry entry_;
};

}  // namespace troupe
