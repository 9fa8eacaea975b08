#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "tests/sim/sim_agenda.h"
#include "tests/sim/sim_envoy_promises.h"
#include "tests/sim/sim_life.h"
#include "tests/sim/sim_random.h"

namespace troupe::sim {

class SimLink;

/// Deliberate defects, each of which a checker has to notice.
struct EnvoyDefects {
  /// Envoys write in the name of the newest generation.
  bool ignores_fences = false;
  /// Connections answer commits of sheets, or puts of entries, themselves now and then.
  bool answers_commits = false;
  bool answers_puts = false;
  /// Connections lose every start of some actors.
  bool drops_starts = false;
  /// Connections keep alarms for themselves.
  bool keeps_alarms = false;
  /// Envoys ask to be woken too early.
  bool hurries_wakes = false;
  /// Envoys begin answers that they never finish, and their actors stay awake over it.
  bool never_finishes = false;
  /// Connections bring requests twice.
  bool repeats_requests = false;
  /// Envoys do what another one was told to.
  bool shares_starts = false;
  /// Envoys answer in the name of an earlier generation.
  bool answers_as_earlier = false;
  /// Envoys mix up whom they answer.
  bool swaps_answers = false;

  bool any() const {
    return ignores_fences || answers_commits || answers_puts || drops_starts || keeps_alarms || hurries_wakes ||
           never_finishes || repeats_requests || shares_starts || answers_as_earlier || swaps_answers;
  }
};

struct EnvoyFaults {
  /// Of all messages, in either direction.
  unsigned tears_per_mille = 0;
  /// Acknowledgements of commands come late or twice.
  bool odd_acks = false;
};

/// What everything around the envoys of a run shares. Goes on over the lives of the engine.
struct EnvoyWorld {
  EnvoyWorld(std::uint64_t seed, Model& model, EnvoyDefects with, std::string& text)
      : random(seed), promises(model), defects(with), log(text) {}

  Agenda agenda;
  SimRandom random;
  EnvoyPromises promises;
  const EnvoyDefects defects;
  EnvoyFaults faults;
  /// Null between two lives.
  Life* life = nullptr;
  std::int64_t latest_wall_ms = 0;
  /// Every connection of this life.
  std::vector<std::weak_ptr<SimLink>> links;
  std::string& log;

  /// Whether what the engine says is heard by anybody.
  bool engine_lives() const { return life && !life->dead(); }
  std::int64_t wall_ms() {
    const std::int64_t now = life ? life->now_ms() : latest_wall_ms;
    latest_wall_ms = std::max(latest_wall_ms, now);
    return now;
  }
  Millis some_time(std::int64_t low, std::int64_t high) { return Millis(random.between(low, high)); }
  void note(const std::string& line) {
    log += "  " + std::to_string(std::chrono::duration_cast<Millis>(agenda.now()).count()) + " " + line + "\n";
  }
};

}  // namespace troupe::sim
