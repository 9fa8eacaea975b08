#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "troupe/value.h"

/// What the clients of a run were told, and whether the engine has kept its word.
namespace troupe::sim {

/// How far a promise goes.
enum class Promise {
  /// Survives the death of the process.
  relaxed,
  /// Survives a power loss too.
  durable,
};

/// One thing that an actor must not forget.
struct Told {
  std::int64_t number = 0;
  Promise promise = Promise::durable;
};

struct Alarm {
  std::string tag;
  /// Not before, ms since the epoch.
  std::int64_t due_ms = 0;
};

/// Everything of one actor key.
struct ActorModel {
  /// What each client was told that it has noted, in order.
  std::map<std::string, std::vector<Told>> noted;
  /// Messages that the queue has taken of each client, in order.
  std::map<std::string, std::vector<std::int64_t>> posted;
  std::vector<Alarm> alarms;
  /// The newest generation that answered.
  std::int64_t generation = 0;
  bool destroyed = false;
};

class Model {
 public:
  ActorModel& actor(const std::string& key) { return actors_[key]; }
  const std::map<std::string, ActorModel>& actors() const { return actors_; }
  /// Names one thing that a client does; later ones are larger, over all lives.
  std::int64_t next_number() { return ++last_number_; }

  /// The power is gone: relaxed promises of this life are void, and so are the numbers of generations.
  void power_lost();
  /// What was promised so far is on disk from now on.
  void reopened();

  /// From this time on (ms since the epoch) an actor may be awake only because somebody looks at it.
  void looking_since(std::int64_t ms) { looking_since_ms_ = ms; }

  void violation(const std::string& checker, const std::string& what) { violations_.push_back(checker + ": " + what); }
  const std::vector<std::string>& violations() const { return violations_; }

  /// Looks at what an actor says at the end, by the name in its key.
  void check(const std::string& key, const Value& state);

 private:
  /// No acknowledged write is lost, none is there twice, and those of one client are in order.
  void check_notes(const std::string& key, const Value& state);
  /// State and entry of one turn agree.
  void check_turns(const std::string& key, const Value& state);
  /// Every message that was taken is applied once, those of one client in their order.
  void check_posts(const std::string& key, const Value& state);
  /// Every alarm has fired by itself, and none before its time.
  void check_alarms(const std::string& key, const Value& state);

  std::map<std::string, ActorModel> actors_;
  std::int64_t last_number_ = 0;
  std::int64_t looking_since_ms_ = 0;
  std::vector<std::string> violations_;
};

}  // namespace troupe::sim
