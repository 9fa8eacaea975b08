#pragma once

#include <memory>
#include <string_view>

#include "tests/sim/sim_guest.h"
#include "tests/sim/sim_life.h"
#include "tests/sim/sim_random.h"
#include "tests/sim/sim_socket_model.h"

namespace troupe::sim {

/// Clients of one life that talk to actors over WebSockets, as the gateway would carry them. They come, talk, read
/// slowly and go, in order or by a torn connection; some stay to the end of the life. Meanwhile their actors are put to
/// sleep and destroyed.
/// Lifetime: what is passed by reference outlives it; `end` before the life is looked at again.
class Sockets {
 public:
  /// `faults`: those of this life.
  Sockets(Life& life, SocketModel& model, std::uint64_t seed, WireDefect defect, const StoreFaults& faults);
  ~Sockets();

  void begin(int count);
  /// Everything that is begun gets the time to come about, and is then looked up. Nobody says anything new.
  void settle();
  /// Every connection breaks, and what is heard from now on does not count.
  void end();

  /// Asks every actor for something, which wakes those whose clients are gone.
  void wake_all();
  /// Looks up what the model knows of earlier lives.
  void check_all();

  struct State;

 private:
  std::shared_ptr<State> state_;
};

}  // namespace troupe::sim
