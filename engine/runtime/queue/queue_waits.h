#pragma once

#include <boost/intrusive/list.hpp>
#include <map>
#include <memory>

#include "engine/base/async.h"
#include "engine/runtime/deadlines.h"
#include "troupe/abort.h"
#include "troupe/queue.h"

namespace troupe {

/// Who waits for messages of a queue: woken by one, by the end of the time, by the caller's signal, or by the stop.
/// Threads: the actor's executor only; a signal may come from anywhere.
class QueueReceivers {
 public:
  enum class Outcome { woken, timed_out, aborted };

  explicit QueueReceivers(Executor executor, Deadlines& deadlines)
      : executor_(std::move(executor)), deadlines_(deadlines) {}

  /// Waits at most `time`; nothing: for ever.
  Task<Outcome> wait(std::vector<std::string> names, std::optional<Millis> time, std::shared_ptr<AbortSignal> abort);
  /// Wakes, in the order of their arrival, those for whom `has_message(names)`.
  void wake(const std::function<bool(const std::vector<std::string>&)>& has_message);
  void abort_all();

 private:
  struct Waiting : boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
    std::vector<std::string> names;
    Continuation<Outcome> waiter;
    Deadlines::Entry deadline;
    AbortSignal::Subscription subscription;

    void end(Outcome outcome);
  };

  Executor executor_;
  Deadlines& deadlines_;
  boost::intrusive::list<Waiting, boost::intrusive::constant_time_size<false>> waiting_;
};

/// Who waits for the completion of a message: one for each, in memory only.
/// Threads: as above.
class QueueReplies {
 public:
  QueueReplies(Executor executor, Deadlines& deadlines) : executor_(std::move(executor)), deadlines_(deadlines) {}

  /// Nothing: the time was over. Errors: `actor.aborted` by `abort`, `queue.completion_waiter_dropped`.
  using Reply = Result<std::optional<QueueSent>>;
  Task<Reply> wait(std::uint64_t id, std::optional<Millis> time, std::shared_ptr<AbortSignal> abort);
  bool awaited(std::uint64_t id) const { return waiting_.contains(id); }
  void complete(std::uint64_t id, std::optional<Bytes> response);
  void drop(std::uint64_t id);
  void drop_all();

 private:
  struct Waiting {
    Continuation<Reply> waiter;
    Deadlines::Entry deadline;
    AbortSignal::Subscription subscription;
  };
  void end(std::uint64_t id, Reply reply);

  Executor executor_;
  Deadlines& deadlines_;
  std::map<std::uint64_t, std::shared_ptr<Waiting>> waiting_;
};

}  // namespace troupe
