#pragma once

#include <memory>

#include "engine/storage/actors/actor_store.h"

namespace troupe::faults {

/// How a chosen call on a store fails. Reads and refused commits do nothing.
enum class Fault {
  refused,
  /// A commit is applied and reported as failed, as after a sync that failed.
  applied,
  /// That call and all after it, until the store is healed.
  outage,
};

/// Which call fails. Shared by everything that counts as one.
struct FaultPlan {
  enum class Verdict { pass, fail, apply_and_fail };

  Fault fault = Fault::refused;
  /// The first call is 1.
  std::size_t at = 0;
  std::size_t calls = 0;
  bool counting = false;
  /// The process is dead: nothing reaches the data any more.
  bool dead = false;

  bool reached() const { return calls >= at; }
  Verdict next_call();
};

/// `inner` with the faults of a plan. Lifetime: `inner` outlives it.
std::unique_ptr<Store> make_failing_store(Store& inner, std::shared_ptr<FaultPlan> plan);
/// The same for the databases of `inner`; everything else passes. A commit that fails does not say whether it is there.
std::unique_ptr<ActorStore> make_failing_actor_store(std::unique_ptr<ActorStore> inner,
                                                     std::shared_ptr<FaultPlan> plan);

}  // namespace troupe::faults
