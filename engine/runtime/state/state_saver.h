#pragma once

#include <algorithm>
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

/// Writes what the code of one actor has changed, its state and the rows of its other parts, as one atomic commit: at
/// once when an answer depends on it, else by a throttled tick.
///
/// Every change raises a revision. A commit takes the rows that are staged and serialises the state as it is, so it
/// covers all revisions up to then; commits of one actor never overlap, and those who wait for the same revision share
/// one. What could not be committed stays, and is tried again by the next commit.
/// Threads: the actor's executor only. Lifetime: `owner` of the config keeps it alive while a commit runs.
class StateSaver {
 public:
  struct Config {
    ActorStore* store = nullptr;
    ActorId id;
    std::uint32_t generation = 0;
    Millis interval{};
    const Clock* clock = nullptr;
    /// On the actor's executor.
    Deadlines* deadlines = nullptr;
    /// A commit is about to take everything up to now: the last moment to mark changes.
    std::function<void()> before_write;
    /// A commit has succeeded.
    std::function<void()> on_committed;
  };
  explicit StateSaver(Config config);

  /// `owner` keeps saver and behavior alive. Nothing is saved before: a start that fails leaves nothing behind.
  void open(Behavior& behavior, std::weak_ptr<void> owner);
  /// Later requests are dropped, later commits fail with `actor.stopping`.
  void close();

  /// Marks the state as changed and plans a tick.
  void request(const SaveRequest& request);
  /// Whether there are changes that no finished commit covers, or not as durably as they have to be.
  bool dirty() const { return !settled(Ack::written); }
  std::uint64_t revision() const { return revision_; }
  /// How many writes have begun, whatever became of them.
  std::uint64_t writes() const { return writes_; }
  /// The actor's.
  const Executor& executor() const { return config_.deadlines->executor(); }
  /// Whether everything up to `revision` is committed that far, and what has to be durable is.
  bool covers(std::uint64_t revision, Ack need) const {
    if (need == Ack::durable) return durable_ >= revision;
    return written_ >= revision && durable_ >= std::min(must_sync_, revision);
  }
  bool settled(Ack need) const { return covers(revision_, need); }
  /// Whether changes can be committed yet.
  bool opened() const { return behavior_ != nullptr; }
  /// Marks the state as changed without planning a tick.
  void mark() { state_revision_ = ++revision_; }

  // -- rows -----------------------------------------------------------------------------------------------------------
  /// A row (a key of keys.h that belongs to this actor) for the next commit, the last change of a key winning. `need`:
  /// what it has to have reached before anything that reveals it leaves the actor. Nothing is waited for; a tick is
  /// planned as for a change of the state. Errors: `storage.unavailable` when `kStagedBytesMax` are staged already
  /// because commits fail, `actor.stopping`.
  Result<void> accepts_rows() const;
  Result<void> put(Bytes key, Bytes value, Ack need);
  /// Not bound: what is erased was there before.
  Result<void> erase(Bytes key, Ack need);
  Result<void> erase_range(keys::Range range, Ack need);
  /// What a read of `key` has to see: staged, or on its way to the store. Nothing: what the store has.
  std::optional<RowChanges::Found> find(const Bytes& key) const;
  /// Whether such a row is staged or on its way to the store.
  bool touches(const keys::Range& range) const;
  /// Of staged rows. Whoever stages much commits when it is above `kStagedBytesSoftMax`.
  std::size_t staged_bytes() const { return rows_.bytes(); }

  static constexpr std::size_t kStagedBytesSoftMax = 1u << 20;
  static constexpr std::size_t kStagedBytesMax = 16u << 20;

  /// Runs before every commit that has rows, which fails with its error.
  void before_rows(std::function<Task<Result<void>>(Ack)> prepare) { before_rows_ = std::move(prepare); }

  /// Returns when the changes so far are committed, at least as far as `ack` and as the rows among them need. Errors:
  /// those of the store and of the serialisation; the changes stay marked and are tried again by the tick. `gather`:
  /// more changes are about to come, so let what is ready on the actor's executor run first; one commit covers them
  /// all.
  Task<Result<void>> commit(Ack ack, bool gather = false);
  /// Commits everything so far, and this row, durably, and keeps later commits waiting until `go_on`. Errors: those of
  /// `commit`, `actor.starting` before the first snapshot; nothing is kept waiting then, and the row is none.
  Task<Result<void>> commit_and_hold(Bytes key, Bytes value);
  /// `undone`: changes since then have been taken back, and those who wait for them get this error.
  void go_on(const std::optional<Error>& undone = std::nullopt);

  /// The first snapshot of a new actor.
  Task<Result<void>> commit_first(Bytes state);

 private:
  using Nanos = std::chrono::nanoseconds;

  Task<Result<void>> write(Ack ack);
  Task<Result<void>> gather_and_write(Ack ack);
  Task<Result<void>> store(std::optional<Bytes> state, std::uint64_t revision, Ack ack);
  void staged(Ack need);
  void finished(std::uint64_t revision, Ack ack, const Result<void>& result);
  void plan(Nanos due);
  void tick();

  Config config_;
  Behavior* behavior_ = nullptr;
  std::weak_ptr<void> owner_;
  bool closed_ = false;

  std::uint64_t revision_ = 0;
  std::uint64_t writes_ = 0;
  /// The newest change of the state itself.
  std::uint64_t state_revision_ = 0;
  /// The newest change that has to be durable.
  std::uint64_t must_sync_ = 0;
  std::uint64_t written_ = 0;
  std::uint64_t durable_ = 0;
  bool writing_ = false;

  std::function<Task<Result<void>>(Ack)> before_rows_;
  RowChanges rows_;
  /// Of the commit that is running.
  std::shared_ptr<const RowChanges> rows_in_flight_;
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
