#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/sim/sim_envoy.h"
#include "tests/sim/sim_envoy_world.h"

namespace troupe::sim {

EnvoyDefects envoy_defects_of(std::string_view variant);

/// The envoys of a run, over all lives of its engine, and what befalls them.
class Envoys {
 public:
  Envoys(std::uint64_t seed, Model& model, EnvoyDefects defects, std::string& log);
  ~Envoys();

  /// A new life of the engine, `gap` after the last one; troubled ones have faults.
  void begin(Life& life, Millis gap, bool troubled);
  /// The life is over. Its world still moves.
  void end(Loss loss);
  /// Time has passed.
  void step() { world_.wall_ms(); }

  EnvoyWorld& world() { return world_; }

 private:
  /// Starts the process anew.
  void add(std::size_t which);
  void trouble(std::size_t which);
  /// From now on: a process that has ended has a successor.
  void replace_ended();
  void plan_trouble(std::size_t which);

  EnvoyWorld world_;
  std::vector<std::shared_ptr<SimEnvoy>> envoys_;
  std::uint64_t last_key_ = 0;
  /// Counts lives: trouble that was planned in an earlier one is off.
  std::uint64_t lives_ = 0;
};

}  // namespace troupe::sim
