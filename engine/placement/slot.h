#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/core/actor_machine.h"
#include "engine/hosts/host.h"
#include "engine/placement/deadlines.h"
#include "engine/placement/waiter.h"

namespace troupe {

/// Why a request that waits for its actor goes on.
enum class ReadyOutcome { ready, stopped, destroyed, timed_out, changed };
using ReadyWaiter = Waiter<ReadyOutcome>;
/// Waits until the actor is gone. Nothing: has to be looked up again.
using GoneOutcome = std::optional<Result<void>>;
using GoneWaiter = Waiter<GoneOutcome>;

/// An actor that holds memory: one that runs, starts, stops or waits for a host. Guarded by the mutex of its shard,
/// but for the constants.
struct Slot {
  explicit Slot(const ActorRecord& record)
      : id(record.id), namespace_id(record.namespace_id), name(record.name), pool(record.pool) {}

  const ActorId id;
  const NamespaceId namespace_id;
  const std::string name, pool;

  ActorState state;
  /// The last write of the record has failed: whoever took the actor up from it would take it for what it was before.
  bool unwritten = false;
  /// No longer in the map: whoever still holds it looks the actor up again.
  bool gone = false;

  /// Effects not yet performed, and whether somebody performs them now. One performer at a time keeps their order.
  /// (A vector: an empty deque costs half a KiB for each actor.)
  std::vector<ActorEffect> effects;
  bool performing = false;

  std::shared_ptr<Host> host;
  std::shared_ptr<HostedActor> hosted;
  std::uint32_t hosted_generation = 0;
  /// What the host said before `hosted` was known.
  std::vector<ActorEvent> early;
  /// Of a generation that has to be adopted, until it is.
  std::unique_ptr<ActorRecord> adopted;
  /// Run when no effect is left to be performed and the record is written.
  std::vector<std::function<void()>> when_settled;

  /// Of the `confirm` among `effects`, in their order.
  std::vector<Continuation<Result<void>>> confirmations;
  std::vector<std::shared_ptr<ReadyWaiter>> ready_waiters;
  std::vector<std::shared_ptr<GoneWaiter>> gone_waiters;
  /// Gone from the store too.
  bool erased = false;
  DeadlineQueue::Token timer = 0;
  /// Tells a callback of `timer` whether it is still meant.
  std::uint64_t timer_round = 0;
};

}  // namespace troupe
