#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/sim/sim_model.h"

/// What actors of envoys and their clients were told by the engine, and whether it has kept its word.
namespace troupe::sim {

/// One thing that an actor of an envoy has written down, with who wrote it.
struct SheetEntry {
  std::uint32_t number = 0;
  /// Counts the starts of actors over all envoys, from 1.
  std::uint32_t instance = 0;
  std::uint32_t generation = 0;
  /// Of an alarm; ms since the start of the run.
  std::uint32_t due = 0;
  /// The alarm has come.
  std::uint32_t fired = 0;
};

/// Keys are name and key of an actor.
class EnvoyPromises {
 public:
  explicit EnvoyPromises(Model& model) : model_(model) {}

  // -- of clients --
  /// Somebody wants something of the actor, which may wake it.
  void asked(const std::string& key);
  void answered(const std::string& key);
  /// Whoever waited does not any more.
  void nobody_asks();
  std::int64_t next_number() { return model_.next_number(); }
  /// An actor has been given this request.
  void delivered(std::int64_t number);

  // -- of starts --
  /// An envoy is told to start a generation at `wall_ms`, the latest time that was ever seen. The result numbers the
  /// instance.
  std::uint32_t begun(const std::string& key, std::uint32_t generation, const std::string& envoy, std::int64_t wall_ms);
  /// The newest generation that any envoy was told to start.
  std::uint32_t newest(const std::string& key) { return actors_[key].newest; }

  // -- of storage --
  /// What was acknowledged so far; what is read from now on has to have it.
  std::size_t committed_count(const std::string& key) { return actors_[key].committed.size(); }
  std::size_t put_count(const std::string& key) { return actors_[key].put.size(); }
  /// A commit of `generation` was acknowledged; `newest_before` had been started when it was sent.
  void committed(const std::string& key, const std::vector<std::uint32_t>& numbers, std::uint32_t generation,
                 std::uint32_t newest_before);
  void put(const std::string& key, std::uint32_t number) { actors_[key].put.push_back(number); }
  void check_sheet(const std::string& key, const std::vector<SheetEntry>& sheet, std::size_t committed);
  void check_entries(const std::string& key, const std::set<std::uint32_t>& entries, std::size_t put);
  /// What an actor says at the end.
  void check_reading(const std::string& key, const std::set<std::uint32_t>& there);

  // -- of alarms --
  /// The actor is about to say that it wants to sleep.
  void wants_sleep(const std::string& key);
  /// The engine has acknowledged the end of the actor's `generation`, which slept, with this alarm.
  void sleeps(const std::string& key, std::uint32_t generation, std::optional<std::int64_t> alarm_ms);
  /// The actor may be started elsewhere although nobody has asked for it.
  void may_move(const std::string& key) { actors_[key].left_alone = false; }
  /// The engine may have heard that the next generation runs, which has to look after its alarms itself.
  void runs(const std::string& key) { actors_[key].wake_ms.reset(); }
  /// Every actor that had to be woken by now has been.
  void check_wakes(std::int64_t now_ms);
  /// A later alarm or none may be forgotten with the power, and an earlier one comes then.
  void power_lost();

  std::set<std::string> keys() const;
  void violation(const std::string& checker, const std::string& what) { model_.violation(checker, what); }

 private:
  struct Actor {
    std::uint32_t newest = 0;
    /// Where each generation was started.
    std::map<std::uint32_t, std::string> envoys;
    std::vector<std::uint32_t> committed, put;
    /// Requests under way.
    int asking = 0;
    /// Nobody has asked for the actor since it wanted to sleep.
    bool left_alone = false;
    /// When the sleeping actor has to be woken.
    std::optional<std::int64_t> wake_ms;
  };

  Model& model_;
  std::map<std::string, Actor> actors_;
  std::set<std::int64_t> delivered_;
  std::uint32_t instances_ = 0;
};

}  // namespace troupe::sim
