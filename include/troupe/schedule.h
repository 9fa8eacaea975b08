#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "troupe/detail/instance.h"

namespace troupe {

/// Actions of the actor itself that run once, later: `c.schedule().after(5s, "remind", index)`. Arguments are encoded
/// as those of a call. The action gets one more argument after its own, a ScheduledFire, if it has a parameter for it.
/// When a change counts as made, and errors: Scheduler. Threads: the actor's executor only.
class Schedule {
 public:
  explicit Schedule(detail::Instance& instance) : instance_(&instance) {}

  /// Gives the id. Errors: also `actor.invalid_operation` for a negative delay.
  template <class... A>
  Result<std::string> after(std::chrono::milliseconds delay, std::string action, const A&... args) const {
    return after_encoded(delay, std::move(action), detail::encode_arguments(args...));
  }
  /// At a time in ms since the epoch, at once when it has passed.
  template <class... A>
  Result<std::string> at(std::int64_t at_ms, std::string action, const A&... args) const {
    return raw().at(at_ms, std::move(action), detail::encode_arguments(args...));
  }
  /// False: it has run, or there is none of that id.
  Result<bool> cancel(const std::string& id) const { return raw().cancel(id); }
  std::optional<ScheduledAction> find(const std::string& id) const { return raw().find(id); }
  std::vector<ScheduledAction> list() const { return raw().list(); }

  Scheduler& raw() const { return instance_->context().schedule(); }

 private:
  Result<std::string> after_encoded(std::chrono::milliseconds delay, std::string action, Bytes args) const;

  detail::Instance* instance_;
};

struct CronOptions {
  std::string name;
  /// `minute hour day month weekday`.
  std::string expression;
  std::string timezone = "UTC";
  /// Runs kept in the history, 0 to 1,000.
  std::int64_t max_history = 100;
};

struct IntervalOptions {
  std::string name;
  /// At least 5 s.
  std::chrono::milliseconds interval{};
  std::int64_t max_history = 100;
};

/// Actions of the actor itself that run again and again. Names are the actor's own; to set one again replaces it.
class Cron {
 public:
  explicit Cron(detail::Instance& instance) : instance_(&instance) {}

  template <class... A>
  Task<Result<void>> set(CronOptions options, std::string action, const A&... args) const {
    CronSpec job{std::move(options.name), std::move(options.expression),     std::move(options.timezone),
                 std::move(action),       detail::encode_arguments(args...), options.max_history};
    instance_->before_wait();
    return raw().set_cron(std::move(job));
  }
  template <class... A>
  Result<void> every(IntervalOptions options, std::string action, const A&... args) const {
    return raw().set_interval({std::move(options.name), options.interval, std::move(action),
                               detail::encode_arguments(args...), options.max_history});
  }
  Result<std::optional<ScheduledJob>> find(const std::string& name) const { return raw().job(name); }
  std::vector<ScheduledJob> list() const { return raw().jobs(); }
  /// With its history. False: no such job.
  Result<bool> erase(const std::string& name) const { return raw().erase_job(name); }
  /// Newest first.
  Task<Result<std::vector<JobRun>>> history(std::string name, std::int64_t limit = 20) const {
    instance_->before_wait();
    return raw().history(std::move(name), limit);
  }

 private:
  Scheduler& raw() const { return instance_->context().schedule(); }

  detail::Instance* instance_;
};

/// `{kind: "at" | "cron" | "every", id, name?, scheduledAt, firedAt}`
template <>
struct Codec<ScheduledFire> {
  static void write(Encoder& to, const ScheduledFire& fire);
  static void read(Decoder& from, ScheduledFire& fire);
};

}  // namespace troupe
