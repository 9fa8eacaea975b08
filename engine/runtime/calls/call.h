#pragma once

#include <boost/intrusive/list.hpp>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "engine/base/async.h"
#include "engine/runtime/activity.h"
#include "engine/runtime/connections/connection.h"
#include "engine/runtime/deadlines.h"
#include "engine/runtime/lifecycle.h"

namespace troupe {

class Instance;

/// One admitted call from outside, until it is answered. It is answered once: by its own code, by its time limit, or
/// because the stop of the actor does not wait any longer; what comes later is dropped.
/// Threads: after the admission the actor's executor only. Lifetime: shared by whoever may still answer.
class CallBase : public std::enable_shared_from_this<CallBase>,
                 public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  CallBase(std::shared_ptr<Instance> actor, Traffic traffic, const char* operation, bool* began);
  virtual ~CallBase();
  CallBase(const CallBase&) = delete;
  CallBase& operator=(const CallBase&) = delete;

  Instance& actor() const { return *actor_; }
  const std::shared_ptr<Instance>& shared_actor() const { return actor_; }
  Traffic traffic() const { return traffic_; }
  const char* operation() const { return operation_; }
  Work work() const { return work_; }
  /// What a change has to have reached before the answer leaves.
  Ack ack() const { return ack_; }
  /// The action, or the operation where it is none.
  virtual std::string_view handler() const { return operation_; }

  /// The work of the call; ends with an answer. `self` is this object.
  virtual Task<void> run(std::shared_ptr<CallBase> self) = 0;
  virtual void fail(Error error) = 0;
  virtual bool answered() const = 0;

  /// Called by the instance: counted as in flight from now on.
  void admitted() { admitted_ = true; }
  /// Called by the instance after `run` has come to its first wait: only now is a timer worth its price.
  virtual void suspended();

 protected:
  void set_ack(Ack ack) { ack_ = ack; }
  /// Counts as other work from now on.
  void change_work(Work work);
  /// From now on the call fails with `actor.action_timed_out` after `time`.
  void limit(Millis time);
  void unlimit();
  /// When it fails; on the monotonic clock.
  std::optional<std::chrono::nanoseconds> ends_at() const;
  /// Code of the actor is about to run.
  void mark_began() {
    if (began_) *began_ = true;
  }
  /// What has run decided whether the call may come in, and nothing else: another generation can begin anew.
  void mark_unbegun() {
    if (began_) *began_ = false;
  }
  /// Takes the call out of the actor's books; the answer follows.
  void leave();
  /// Logs what the caller is not told of a failure.
  virtual void log_hidden(const Error& error) const;

  /// The connection that lives for this call.
  std::shared_ptr<ActorConnection> temporary_;

 private:
  std::shared_ptr<Instance> actor_;
  const char* operation_;
  /// Of whoever made the call; not valid after the answer.
  bool* began_;
  Traffic traffic_;
  Work work_ = Work::call;
  Ack ack_;
  bool admitted_ = false;
  bool suspended_ = false;
  std::optional<Millis> limit_;
  Deadlines::Entry deadline_;
};

template <class T>
class Call : public CallBase {
 public:
  using CallBase::CallBase;

  void wait(Continuation<Result<T>> waiter) { waiter_ = std::move(waiter); }
  void answer(Result<T> result) {
    if (!waiter_) return;
    if (!result) log_hidden(result.error());
    auto waiter = std::move(waiter_);
    leave();
    waiter.resume(std::move(result));
  }
  void fail(Error error) override { answer(std::move(error)); }
  bool answered() const override { return !waiter_; }

 private:
  Continuation<Result<T>> waiter_;
};

}  // namespace troupe
