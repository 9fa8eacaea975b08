#include "engine/runtime/schedule/schedule_checks.h"

#include "engine/base/errors.h"
#include "engine/runtime/schedule/time_zones.h"
#include "troupe/cbor.h"

namespace troupe {
namespace {

constexpr std::size_t kNameBytesMax = 128;
constexpr std::int64_t kIntervalMinMs = 5'000;
constexpr std::int64_t kHistoryMax = 1'000;

Error invalid_history(std::int64_t received) {
  return make_error("schedule", "invalid_max_history",
                    Value::object({{"max_history", received}, {"maximum", kHistoryMax}}));
}

}  // namespace

Result<void> check_name(const std::string& name) {
  if (!name.empty() && name.size() <= kNameBytesMax) return {};
  const char* reason = name.empty() ? "must not be empty" : "must be at most 128 UTF-8 bytes";
  return make_error("schedule", "invalid_name", Value::object({{"reason", reason}}));
}

Result<void> check_interval(std::int64_t interval_ms) {
  if (interval_ms >= kIntervalMinMs) return {};
  return make_error("schedule", "invalid_interval",
                    Value::object({{"interval_ms", interval_ms}, {"minimum_ms", kIntervalMinMs}}));
}

Result<void> check_max_history(std::int64_t max_history) {
  if (max_history >= 0 && max_history <= kHistoryMax) return {};
  return invalid_history(max_history);
}

Result<void> check_history_limit(std::int64_t limit) {
  if (limit >= 1 && limit <= kHistoryMax) return {};
  return invalid_history(limit);
}

Result<void> check_args(const Bytes& args, const ActorOptions& options) {
  if (args.size() > options.max_schedule_args_size) {
    auto metadata = Value::object({{"size", args.size()}, {"limit", options.max_schedule_args_size}});
    return make_error("schedule", "args_too_large", std::move(metadata));
  }
  if (args.empty()) return {};
  CborReader reader(args);
  if (reader.peek() == CborReader::Kind::array) {
    reader.skip();
    if (reader.ok() && reader.at_end()) return {};
  }
  return make_error("actor", "validation_error", std::nullopt, "the arguments of a schedule are no CBOR array");
}

Result<CronCadence> cron_cadence(const std::string& expression, const std::string& timezone) {
  const TimeZone* zone = find_time_zone(timezone);
  if (!zone) return make_error("schedule", "invalid_timezone", Value::object({{"timezone", timezone}}));
  TROUPE_TRY(auto parsed, CronExpression::parse(expression));
  return CronCadence{std::move(parsed), zone};
}

}  // namespace troupe
