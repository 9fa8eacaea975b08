#include "troupe/schedule.h"

#include <limits>

#include "engine/base/errors.h"

namespace troupe {

Result<std::string> Schedule::after_encoded(std::chrono::milliseconds delay, std::string action, Bytes args) const {
  if (delay.count() < 0) {
    auto metadata = Value::object({{"operation", "schedule.after"}, {"reason", "the delay must not be negative"}});
    return make_error("actor", "invalid_operation", std::move(metadata));
  }
  std::int64_t at_ms = 0;
  if (__builtin_add_overflow(instance_->context().now_ms(), delay.count(), &at_ms))
    at_ms = std::numeric_limits<std::int64_t>::max();
  return raw().at(at_ms, std::move(action), std::move(args));
}

void Codec<ScheduledFire>::write(Encoder& to, const ScheduledFire& fire) {
  to.cbor().map(fire.name ? 5 : 4);
  to.cbor().text("kind");
  to.cbor().text(to_string(fire.kind));
  to.cbor().text("id");
  to.cbor().text(fire.id);
  if (fire.name) {
    to.cbor().text("name");
    to.cbor().text(*fire.name);
  }
  to.cbor().text("scheduledAt");
  to.cbor().number(fire.scheduled_at);
  to.cbor().text("firedAt");
  to.cbor().number(fire.fired_at);
}

void Codec<ScheduledFire>::read(Decoder& from, ScheduledFire& fire) {
  const auto size = from.open_map();
  if (!size) return;
  bool known_kind = false;
  for (std::size_t i = 0; i < *size && from.ok(); ++i) {
    const std::string key = from.cbor().text();
    if (key == "kind") {
      std::string kind;
      from.member(key, kind);
      for (const ScheduleKind one : {ScheduleKind::at, ScheduleKind::cron, ScheduleKind::every}) {
        if (kind != to_string(one)) continue;
        fire.kind = one;
        known_kind = true;
      }
    } else if (key == "id") {
      from.member(key, fire.id);
    } else if (key == "name") {
      from.member(key, fire.name);
    } else if (key == "scheduledAt") {
      from.member(key, fire.scheduled_at);
    } else if (key == "firedAt") {
      from.member(key, fire.fired_at);
    } else {
      from.cbor().skip();
    }
  }
  if (from.ok() && !known_kind) from.expected_before("a kind of schedule");
}

}  // namespace troupe
