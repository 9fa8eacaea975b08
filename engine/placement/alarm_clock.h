#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "engine/directory/directory.h"
#include "engine/placement/deadlines.h"

namespace troupe {

/// Wakes sleeping actors when their alarm is due: one timer for the earliest alarm of the durable index.
///
/// An alarm is offered once. An actor that is awake at that time ignores it and looks at its alarm again on its way to
/// sleep, so alarms of running actors stay in the index without being read over and over.
/// Threads: any. Lifetime: shared; `directory` outlives it.
class AlarmClock : public std::enable_shared_from_this<AlarmClock> {
 public:
  /// Errors other than "no such actor" make the clock try again.
  using Wake = std::function<Task<Result<void>>(ActorId)>;

  AlarmClock(Ports ports, Directory& directory, std::shared_ptr<DeadlineQueue> deadlines, Wake wake);

  /// Offers what is overdue and goes on from there.
  void start();
  /// An actor fell asleep with this alarm, and its record says so.
  void watch(std::int64_t alarm_ts);
  /// Offers the alarm of one actor again after `delay_ms`, because its start has failed; later each time it fails
  /// again.
  void offer_later(const ActorId& id, std::int64_t delay_ms);
  void stop();

 private:
  struct Round {
    std::optional<std::int64_t> next_ts;
    bool failed = false;
  };

  /// Actors that are offered their alarm side by side, because to look one up may mean to read a file.
  struct Page;

  void arm(std::int64_t at_ms);
  void timer_due();
  void begin();
  Task<void> run();
  Task<Round> offer_due(std::optional<std::int64_t> offered_until, std::int64_t until_ms);
  /// False: some could not be woken.
  Task<bool> offer(std::vector<ActorId> due);
  static Task<void> offer_some(std::shared_ptr<AlarmClock> self, std::shared_ptr<Page> page);
  bool stopped();
  /// Whether another round is needed at once.
  bool finish(const Round& round, std::int64_t until_ms);

  Ports ports_;
  Directory& directory_;
  std::shared_ptr<DeadlineQueue> deadlines_;
  Wake wake_;

  std::mutex mutex_;
  bool stopped_ = false;
  bool running_ = false;
  DeadlineQueue::Token timer_ = 0;
  /// When the timer asks again; without a timer nothing is known to be coming.
  std::optional<std::int64_t> armed_for_;
  /// Alarms up to here have been offered.
  std::optional<std::int64_t> offered_until_;
  struct Failures {
    std::uint32_t count = 0;
    std::int64_t next_ms = 0;
  };
  /// Of actors whose start has failed lately.
  std::unordered_map<ActorId, Failures> failures_;
  /// Earliest alarm watched during the running round.
  std::optional<std::int64_t> watched_;
};

}  // namespace troupe
