#pragma once

#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/base/virtual_ports.h"
#include "engine/engine.h"
#include "engine/storage/open.h"
#include "tests/sim/sim_actors.h"
#include "tests/sim/sim_model.h"
#include "tests/sim/sim_store.h"

namespace troupe::sim {

struct LifePlan {
  std::uint64_t seed = 1;
  std::int64_t start_ms = 0;
  StoreFaults faults;
  StoreDefects defects;
  /// Dies when this crash point is passed for the `crash_count`-th time; empty: no such death.
  std::string crash_point;
  int crash_count = 0;
  ActorDefects actor_defects;
  /// Of an engine without envoys.
  EngineSettings settings;
  /// The engine takes envoys, whose limits are short.
  bool envoys = false;
};

/// One process: a world of virtual time with an engine in it. After its death it still exists, but nobody hears of it.
class Life {
 public:
  Life(LifePlan plan, Rows rows, const std::filesystem::path& scratch);
  /// Stops the engine in order, so that everything is taken apart; nothing of that reaches the disk.
  ~Life();

  bool start();
  bool dead() const { return dead_; }
  /// Dies now. What it leaves is decided here.
  void die(Loss loss);
  Rows take_rows() { return std::move(left_); }

  VirtualWorld& world() { return world_; }
  Engine& engine() { return *engine_; }
  const NamespaceId& ns() const { return ns_; }
  std::int64_t now_ms() const { return world_.now_ms(); }
  void advance(Millis time) { world_.advance(time); }
  /// From now on storage is quick and never fails, and no crash point is passed.
  void calm() { store_.calm(); }
  /// Moves the wall clock.
  void jump(Millis by);
  /// All jumps so far, ms.
  const std::vector<std::int64_t>& jumps() const { return jumps_; }
  /// Tells every actor to go to sleep and closes the store, as on SIGTERM.
  void stop_in_order();
  Loss loss = Loss::process;

 private:
  void at_point(const char* name);

  LifePlan plan_;
  VirtualWorld world_;
  SimStore store_;
  std::unique_ptr<ActorStore> actors_;
  std::unique_ptr<Engine> engine_;
  NamespaceId ns_;
  Rows left_;
  bool dead_ = false;
  std::vector<std::int64_t> jumps_;
};

}  // namespace troupe::sim
