#pragma once

#include <memory>

#include "tests/sim/sim_envoy_world.h"

namespace troupe::sim {

/// Clients of one life that ask actors of envoys: `sheet` ones all the time, `clock` ones now and then for an alarm.
/// Lifetime: as `Clients`.
class EnvoyClients {
 public:
  explicit EnvoyClients(EnvoyWorld& world);
  ~EnvoyClients();

  void begin(int count);
  /// What they hear from now on does not count.
  void end();
  std::uint64_t acknowledged() const;
  /// Time has passed: nobody waits for longer than the engine allows.
  void step();
  /// Every actor is there and has what it was given.
  void check_all();

  struct State;

 private:
  std::shared_ptr<State> state_;
};

}  // namespace troupe::sim
