#include "engine/runtime/schedule/time_zones.h"

#include <date/tz.h>

#include <memory>
#include <mutex>
#include <unordered_map>

namespace troupe {
namespace {

using std::chrono::local_seconds;
using std::chrono::seconds;
using std::chrono::sys_seconds;

class SystemTimeZone final : public TimeZone {
 public:
  explicit SystemTimeZone(const date::time_zone& zone) : zone_(zone) {}

  seconds offset_at(sys_seconds time) const override { return zone_.get_info(time).offset; }

  std::optional<sys_seconds> first_time_of(local_seconds local) const override {
    const auto info = zone_.get_info(date::local_seconds(local.time_since_epoch()));
    if (info.result == date::local_info::nonexistent) return std::nullopt;
    return sys_seconds(local.time_since_epoch() - info.first.offset);
  }

 private:
  const date::time_zone& zone_;
};

/// Also reads the zone's file.
std::unique_ptr<const TimeZone> load(const std::string& name) {
  // The machine's own zone has a name here that means another zone elsewhere.
  if (name.empty() || name == "localtime") return nullptr;
  try {
    auto zone = std::make_unique<SystemTimeZone>(*date::locate_zone(name));
    (void)zone->offset_at(sys_seconds());
    return zone;
  } catch (const std::exception&) {
    return nullptr;
  }
}

}  // namespace

const TimeZone* find_time_zone(const std::string& name) {
  if (name == "UTC") return &utc_time_zone();
  static std::mutex mutex;
  static std::unordered_map<std::string, std::unique_ptr<const TimeZone>> zones;
  std::lock_guard lock(mutex);
  const auto known = zones.find(name);
  if (known != zones.end()) return known->second.get();
  auto zone = load(name);
  if (!zone) return nullptr;
  return zones.emplace(name, std::move(zone)).first->second.get();
}

}  // namespace troupe
