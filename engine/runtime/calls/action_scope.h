#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include "engine/runtime/calls/call_origin.h"
#include "troupe/behavior.h"

namespace troupe {

class Instance;

/// An action or a raw request, as the scope of what its code asks of others.
/// Threads: the actor's executor only. Lifetime: that of the call, which whoever has the scope keeps.
class ActionScope : public CallScope {
 public:
  bool aborted() const final { return aborted_; }
  std::shared_ptr<AbortSignal> signal() const final;
  /// The origin of the calls that the code makes.
  CallOrigin outgoing();

 protected:
  explicit ActionScope(Instance& actor) : actor_(actor) {}
  /// Nobody waits for the call any more: the waits of its code end, and new ones fail.
  void give_up();
  /// From now on the scope counts as aborted; `give_up` ends the waits.
  void mark_aborted() { aborted_ = true; }

 private:
  /// The way that the call came; null from outside.
  virtual std::shared_ptr<const CallFrame> caller() const { return nullptr; }
  virtual std::optional<std::chrono::nanoseconds> latest_end() const = 0;

  Instance& actor_;
  bool aborted_ = false;
  // Made when first asked for.
  std::shared_ptr<const CallFrame> frame_;
  mutable std::shared_ptr<AbortSignal> signal_;
};

}  // namespace troupe
