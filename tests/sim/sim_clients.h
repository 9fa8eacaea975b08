#pragma once

#include <memory>
#include <string>

#include "tests/sim/sim_life.h"
#include "tests/sim/sim_model.h"
#include "tests/sim/sim_random.h"

namespace troupe::sim {

/// Clients of one life: each does one thing after the other and writes down what it was told.
/// Lifetime: what is passed by reference outlives it; `end` before the life is looked at again.
class Clients {
 public:
  Clients(Life& life, Model& model, std::uint64_t seed);
  ~Clients();

  void begin(int count);
  /// What they hear from now on does not count.
  void end();
  std::uint64_t acknowledged() const;

  /// Asks every actor for something, which wakes those that have work to do; alarms have to wake theirs.
  void wake_all();
  /// Looks up everything that the model knows.
  void check_all();

  struct State;

 private:
  std::shared_ptr<State> state_;
};

}  // namespace troupe::sim
