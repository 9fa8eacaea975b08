// Any text as a cron expression: a parsed one gives times that are later, on the minute, and what the expression says.
#include <algorithm>

#include "engine/core/cron/next_occurrence.h"
#include "tests/fuzz/check.h"

using namespace troupe;
using namespace std::chrono;

namespace {

/// Clocks that jump by up to two hours every 180 days, forward and back in turn.
class JumpyZone final : public TimeZone {
 public:
  explicit JumpyZone(std::uint8_t seed) : base_(minutes(15 * (seed % 96) - 720)), jump_(minutes(15 * (seed % 9))) {}

  seconds offset_at(sys_seconds time) const override { return base_ + (summer(time) ? jump_ : seconds(0)); }
  std::optional<sys_seconds> first_time_of(local_seconds local) const override {
    const sys_seconds with(local.time_since_epoch() - base_ - jump_), without(local.time_since_epoch() - base_);
    if (summer(with)) return with;
    if (!summer(without)) return without;
    return std::nullopt;
  }

 private:
  static bool summer(sys_seconds time) { return floor<days>(time).time_since_epoch().count() / 180 % 2 == 1; }
  const seconds base_, jump_;
};

}  // namespace

void fuzz(BytesView input) {
  if (input.size() < 5) return;
  const JumpyZone zone(input[0]);
  std::int64_t after_ms = 0;
  for (int i = 1; i < 5; ++i) after_ms = after_ms << 8 | input[i];
  after_ms *= 1'000;
  const auto cron = CronExpression::parse(as_text(input.subspan(5)));
  if (!cron) return;
  for (int i = 0; i < 3; ++i) {
    const auto next = next_occurrence(*cron, zone, after_ms);
    if (!next) return;
    FUZZ_CHECK(*next > after_ms);
    const sys_seconds time = floor<seconds>(sys_time<milliseconds>(milliseconds(*next)));
    const local_seconds local(time.time_since_epoch() + zone.offset_at(time));
    const auto day = floor<days>(local);
    const auto minute = duration_cast<minutes>(local - day).count();
    FUZZ_CHECK(local - day == minutes(minute));
    FUZZ_CHECK(cron->matches(year_month_day(day)) && cron->matches(year_month_day(day).month()));
    FUZZ_CHECK(cron->has_hour(static_cast<unsigned>(minute / 60)) &&
               cron->has_minute(static_cast<unsigned>(minute % 60)));
    FUZZ_CHECK(zone.first_time_of(local) == time);
    after_ms = *next;
  }
}
