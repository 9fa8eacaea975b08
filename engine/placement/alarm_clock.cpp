#include "engine/placement/alarm_clock.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "engine/base/async.h"

namespace troupe {
namespace {

/// Alarms read at a time.
constexpr std::size_t kPageMax = 512;
constexpr std::size_t kOfferedAtOnce = 32;
/// The timer runs on the monotonic clock; a jump of the wall clock is noticed within this time.
constexpr std::int64_t kCheckIntervalMs = 1'000;
constexpr std::int64_t kRetryMs = 1'000;
constexpr std::uint32_t kRetryExponentMax = 9;
/// Actors whose failures are remembered; beyond that all are forgotten.
constexpr std::size_t kFailuresMax = 100'000;

Id last_id() {
  std::array<std::uint8_t, Id::kSize> bytes;
  bytes.fill(0xff);
  return Id(bytes);
}

}  // namespace

AlarmClock::AlarmClock(Ports ports, Directory& directory, std::shared_ptr<DeadlineQueue> deadlines, Wake wake)
    : ports_(ports), directory_(directory), deadlines_(std::move(deadlines)), wake_(std::move(wake)) {}

void AlarmClock::start() { begin(); }

void AlarmClock::watch(std::int64_t alarm_ts) {
  std::lock_guard lock(mutex_);
  if (stopped_) return;
  // The wall clock may have gone back since.
  if (offered_until_ && alarm_ts <= *offered_until_) offered_until_ = alarm_ts - 1;
  if (running_) {
    watched_ = watched_ ? std::min(*watched_, alarm_ts) : alarm_ts;
  } else if (!armed_for_ || alarm_ts < *armed_for_) {
    arm(alarm_ts);
  }
}

void AlarmClock::stop() {
  std::lock_guard lock(mutex_);
  stopped_ = true;
  deadlines_->cancel(timer_);
}

void AlarmClock::arm(std::int64_t at_ms) {
  deadlines_->cancel(timer_);
  const std::int64_t now_ms = ports_.clock.now_ms();
  const std::int64_t delay_ms = at_ms <= now_ms ? 0 : std::min(at_ms - now_ms, kCheckIntervalMs);
  armed_for_ = at_ms;
  timer_ = deadlines_->add(Millis(delay_ms), [weak = weak_from_this()] {
    if (auto self = weak.lock()) self->timer_due();
  });
}

void AlarmClock::timer_due() {
  {
    std::lock_guard lock(mutex_);
    if (stopped_) return;
    // Only a look at the wall clock, or it has gone back.
    if (armed_for_ && *armed_for_ > ports_.clock.now_ms()) return arm(*armed_for_);
  }
  begin();
}

void AlarmClock::offer_later(const ActorId& id, std::int64_t delay_ms) {
  std::lock_guard lock(mutex_);
  if (stopped_) return;
  if (failures_.size() >= kFailuresMax) failures_.clear();
  Failures& failures = failures_[id];
  const std::int64_t now_ms = ports_.clock.now_ms();
  // One that has been well for as long again starts over.
  if (now_ms - failures.next_ms > delay_ms << failures.count) failures.count = 0;
  const std::int64_t wait_ms = delay_ms << failures.count;
  failures.count = std::min(failures.count + 1, kRetryExponentMax);
  failures.next_ms = now_ms + wait_ms;
  deadlines_->add(Millis(wait_ms), [weak = weak_from_this(), id] {
    auto self = weak.lock();
    if (!self) return;
    auto offer = [self, id]() -> Task<void> { (void)co_await self->wake_(id); };
    boost::asio::co_spawn(self->ports_.io, std::move(offer), boost::asio::detached);
  });
}

void AlarmClock::begin() {
  {
    std::lock_guard lock(mutex_);
    if (stopped_ || running_) return;
    running_ = true;
    armed_for_.reset();
  }
  boost::asio::co_spawn(
      ports_.io, [self = shared_from_this()] { return self->run(); }, boost::asio::detached);
}

Task<void> AlarmClock::run() {
  auto self = shared_from_this();
  for (;;) {
    std::optional<std::int64_t> offered_until;
    {
      std::lock_guard lock(mutex_);
      offered_until = offered_until_;
      watched_.reset();
    }
    const std::int64_t until_ms = ports_.clock.now_ms();
    const Round round = co_await offer_due(offered_until, until_ms);
    if (!finish(round, until_ms)) co_return;
  }
}

Task<AlarmClock::Round> AlarmClock::offer_due(std::optional<std::int64_t> offered_until, std::int64_t until_ms) {
  std::optional<Directory::AlarmPosition> after;
  if (offered_until) after = Directory::AlarmPosition{*offered_until, last_id()};
  Round round;
  for (;;) {
    auto page = co_await directory_.due_alarms(after, until_ms, kPageMax);
    if (!page) {
      round.failed = true;
      co_return round;
    }
    const bool all = co_await offer(std::move(page->due));
    if (!all) round.failed = true;
    round.next_ts = page->next_ts;
    if (!page->more_after || stopped()) co_return round;
    after = page->more_after;
  }
}

struct AlarmClock::Page {
  std::vector<ActorId> due;
  std::atomic<std::size_t> next{0};
  std::atomic<std::size_t> at_work{0};
  std::atomic<bool> all{true};
  Continuation<bool> rest;
};

Task<bool> AlarmClock::offer(std::vector<ActorId> due) {
  if (due.empty()) co_return true;
  auto page = std::make_shared<Page>();
  page->due = std::move(due);
  auto begin = [self = shared_from_this(), page](Continuation<bool> rest) {
    page->rest = std::move(rest);
    const std::size_t count = std::min(kOfferedAtOnce, page->due.size());
    page->at_work = count;
    for (std::size_t i = 0; i < count; ++i)
      boost::asio::co_spawn(self->ports_.io, offer_some(self, page), boost::asio::detached);
  };
  co_return co_await suspend<bool>(std::move(begin));
}

Task<void> AlarmClock::offer_some(std::shared_ptr<AlarmClock> self, std::shared_ptr<Page> page) {
  for (;;) {
    const std::size_t i = page->next.fetch_add(1);
    if (i >= page->due.size() || self->stopped()) break;
    const ActorId id = page->due[i];
    auto woken = co_await self->wake_(id);
    if (!woken && !woken.error().is("actor", "not_found")) page->all = false;
  }
  if (page->at_work.fetch_sub(1) == 1) page->rest.resume(page->all.load());
}

bool AlarmClock::stopped() {
  std::lock_guard lock(mutex_);
  return stopped_;
}

bool AlarmClock::finish(const Round& round, std::int64_t until_ms) {
  std::lock_guard lock(mutex_);
  if (stopped_) {
    running_ = false;
    return false;
  }
  if (watched_ && *watched_ <= ports_.clock.now_ms()) return true;
  running_ = false;
  if (round.failed) {
    arm(ports_.clock.now_ms() + kRetryMs);
    return false;
  }
  offered_until_ = watched_ ? std::min(until_ms, *watched_ - 1) : until_ms;
  std::optional<std::int64_t> next = round.next_ts;
  if (watched_) next = next ? std::min(*next, *watched_) : *watched_;
  if (next) arm(*next);
  return false;
}

}  // namespace troupe
