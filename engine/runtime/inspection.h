#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "troupe/behavior.h"

namespace troupe {

/// What an operator may see and change of a running actor, past its connections and their hooks.
/// Threads: the actor's executor only. Lifetime: as long as the call it was handed to.
class ActorInspection {
 public:
  struct ConnectionView {
    std::shared_ptr<Connection> connection;
    std::size_t subscriptions = 0;
  };

  virtual ~ActorInspection() = default;

  /// The secret that opens the inspector of this actor; nothing when it has none. Errors: those of the store.
  virtual Task<Result<std::optional<std::string>>> token() = 0;

  /// The state as it is now, CBOR; empty when the actor has none.
  virtual Result<Bytes> state() = 0;
  /// Replaces the whole state; returns once it is durable. Errors: what the actor's code says of bytes that it cannot
  /// read, `storage.unavailable`.
  virtual Task<Result<void>> replace_state(Bytes cbor) = 0;

  /// In the order of their making.
  virtual std::vector<ConnectionView> connections() = 0;
  /// Runs an action without a connection. Errors: as `ActorInstance::action`.
  virtual Task<Result<Bytes>> action(std::string name, Bytes args) = 0;
  virtual Database& db() = 0;
  virtual Queue& queue() = 0;
};

/// A look at an actor: runs on the actor's executor as a call of it, so the actor neither sleeps nor ends meanwhile.
using InspectionWork = std::function<Task<Result<Bytes>>(ActorInspection&)>;

}  // namespace troupe
