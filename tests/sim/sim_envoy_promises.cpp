#include "tests/sim/sim_envoy_promises.h"

#include <algorithm>

namespace troupe::sim {
namespace {

/// How late a wake may be: retries of starts that fail are in it.
constexpr std::int64_t kWakeLateMs = 20'000;

}  // namespace

void EnvoyPromises::asked(const std::string& key) {
  Actor& actor = actors_[key];
  ++actor.asking;
  actor.left_alone = false;
}

void EnvoyPromises::answered(const std::string& key) { --actors_[key].asking; }

void EnvoyPromises::nobody_asks() {
  for (auto& [key, actor] : actors_) actor.asking = 0;
}

void EnvoyPromises::delivered(std::int64_t number) {
  if (!delivered_.insert(number).second)
    violation("no request twice", "request " + std::to_string(number) + " reached an actor twice");
}

std::uint32_t EnvoyPromises::begun(const std::string& key, std::uint32_t generation, const std::string& envoy,
                                   std::int64_t wall_ms) {
  Actor& actor = actors_[key];
  const auto at = actor.envoys.try_emplace(generation, envoy).first->second;
  if (at != envoy)
    violation("one envoy", key + " generation " + std::to_string(generation) + " is at " + at + " and " + envoy);
  if (actor.left_alone && actor.wake_ms && wall_ms < *actor.wake_ms && generation > actor.newest)
    violation("no early wake", key + " was woken " + std::to_string(*actor.wake_ms - wall_ms) + " ms too early");
  actor.newest = std::max(actor.newest, generation);
  actor.left_alone = false;
  return ++instances_;
}

void EnvoyPromises::committed(const std::string& key, const std::vector<std::uint32_t>& numbers,
                              std::uint32_t generation, std::uint32_t newest_before) {
  if (generation < newest_before) {
    violation("one writer", key + " generation " + std::to_string(generation) + " has written after generation " +
                                std::to_string(newest_before) + " was started");
  }
  auto& all = actors_[key].committed;
  all.insert(all.end(), numbers.begin(), numbers.end());
}

void EnvoyPromises::check_sheet(const std::string& key, const std::vector<SheetEntry>& sheet, std::size_t committed) {
  std::set<std::uint32_t> there, writers;
  const SheetEntry* before = nullptr;
  for (const SheetEntry& entry : sheet) {
    there.insert(entry.number);
    const bool other = !before || before->instance != entry.instance;
    if ((other && !writers.insert(entry.instance).second) || (before && before->generation > entry.generation))
      violation("one writer", key + " was written to by an instance that another had followed");
    before = &entry;
  }
  const auto& all = actors_[key].committed;
  for (std::size_t i = 0; i < committed; ++i)
    if (!there.contains(all[i])) violation("no lost commit", key + " lost " + std::to_string(all[i]));
}

void EnvoyPromises::check_entries(const std::string& key, const std::set<std::uint32_t>& entries, std::size_t put) {
  const auto& all = actors_[key].put;
  for (std::size_t i = 0; i < put; ++i)
    if (!entries.contains(all[i])) violation("no lost entry", key + " lost entry " + std::to_string(all[i]));
}

void EnvoyPromises::check_reading(const std::string& key, const std::set<std::uint32_t>& there) {
  for (const std::uint32_t number : actors_[key].committed)
    if (!there.contains(number)) violation("no lost commit", key + " lost " + std::to_string(number));
  check_entries(key, there, put_count(key));
}

void EnvoyPromises::wants_sleep(const std::string& key) {
  Actor& actor = actors_[key];
  actor.left_alone = actor.asking == 0;
}

void EnvoyPromises::sleeps(const std::string& key, std::uint32_t generation, std::optional<std::int64_t> alarm_ms) {
  Actor& actor = actors_[key];
  if (actor.newest == generation) actor.wake_ms = alarm_ms;
}

void EnvoyPromises::check_wakes(std::int64_t now_ms) {
  for (const auto& [key, actor] : actors_) {
    if (!actor.wake_ms || *actor.wake_ms + kWakeLateMs > now_ms) continue;
    violation("no lost wake", key + " sleeps " + std::to_string(now_ms - *actor.wake_ms) + " ms after its alarm");
  }
}

void EnvoyPromises::power_lost() {
  for (auto& [key, actor] : actors_) actor.left_alone = false;
}

std::set<std::string> EnvoyPromises::keys() const {
  std::set<std::string> keys;
  for (const auto& [key, actor] : actors_) keys.insert(key);
  return keys;
}

}  // namespace troupe::sim
