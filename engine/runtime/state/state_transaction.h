#pragma once

#include <memory>
#include <optional>

#include "troupe/behavior.h"

/// The state of an actor is a row of the store, its SQL a file of its own. A change of both is one all the same:
///
/// 1. The transaction, still open, writes a random token into a reserved table.
/// 2. The state as it will be goes into the store as *pending*, with the token: durably, and with all changes so far.
/// 3. The change is applied in memory. Commits of the actor wait from here on.
/// 4. The transaction is committed. This decides.
/// 5. The next commit writes the state and removes the pending one, as one.
///
/// A start that finds a pending state looks for its token in the file: there, it is the state; else it never was.
///
/// A commit of step 4 that fails so that SQLite cannot tell what is in its log ends the generation: the next start
/// opens the file anew and decides in the same way.
namespace troupe {

class Instance;

/// See ActorContext::commit_with_state. Threads: the actor's executor only.
Task<Result<void>> commit_transaction(std::shared_ptr<Instance> actor, std::shared_ptr<SqlTransaction> transaction,
                                      StateChange& change);

struct PendingState {
  bool found = false;
  /// The state, when its transaction has been committed.
  std::optional<Bytes> committed;
};
/// What an earlier generation has left. Opens the database only if there is something.
Task<Result<PendingState>> find_pending_state(std::shared_ptr<Instance> actor);
/// Has the next commit write the state and remove the pending one; the saver is open.
void settle_pending_state(Instance& actor);

}  // namespace troupe
