#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

/// What an actor is busy with, by kind, and what follows from it: whether it may fall asleep, and whether a stop still
/// has to wait. Pure.
namespace troupe {

enum class Work : std::uint8_t {
  /// An action or request that has not been answered, or whose answer is still being read.
  call,
  /// ActorContext::keep_awake.
  keep_awake,
  /// ActorContext::spawn.
  task,
  /// A handler of a raw WebSocket.
  websocket,
  /// onDisconnect.
  disconnect,
  /// onSleep, onDestroy.
  stop_hook,
  /// The run handler. Lets the actor sleep while somebody waits for a message of the queue.
  run,
  /// The actor's own code waits for a message.
  queue_receive,
  /// A sender outside waits for the completion of its message. A stop does not wait for it: who would complete the
  /// message has been told to end.
  queue_reply,
};
constexpr std::size_t kWorkKinds = 9;

struct WorkRule {
  Work work;
  bool blocks_sleep;
  bool drains_before_sleep;
  bool drains_before_destroy;
};

constexpr std::array<WorkRule, kWorkKinds> kWorkRules{{
    {Work::call, true, true, true},
    {Work::keep_awake, true, true, true},
    {Work::task, false, true, true},
    {Work::websocket, true, true, true},
    {Work::disconnect, true, true, true},
    {Work::stop_hook, false, true, true},
    {Work::run, true, true, false},
    {Work::queue_receive, false, false, false},
    {Work::queue_reply, true, false, false},
}};

class Activity {
 public:
  void begin(Work work) { ++counts_[static_cast<std::size_t>(work)]; }
  void end(Work work) { --counts_[static_cast<std::size_t>(work)]; }
  std::uint32_t count(Work work) const { return counts_[static_cast<std::size_t>(work)]; }

  /// Of every kind but waits.
  std::uint32_t total() const {
    std::uint32_t sum = 0;
    for (const auto n : counts_) sum += n;
    return sum - count(Work::queue_receive);
  }

  bool allows_sleep() const {
    const bool parked = count(Work::queue_receive) > 0;
    return none(&WorkRule::blocks_sleep, parked ? std::optional(Work::run) : std::nullopt);
  }
  bool drained(bool destroying) const {
    return none(destroying ? &WorkRule::drains_before_destroy : &WorkRule::drains_before_sleep);
  }

 private:
  bool none(bool WorkRule::*rule, std::optional<Work> but = std::nullopt) const {
    for (const auto& row : kWorkRules)
      if (row.*rule && row.work != but && count(row.work) > 0) return false;
    return true;
  }

  std::array<std::uint32_t, kWorkKinds> counts_{};
};

}  // namespace troupe
