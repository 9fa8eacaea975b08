#pragma once

#include "troupe/behavior.h"

namespace troupe::sim {

/// Adds `hall`, whose clients speak the client protocol, and `line`, whose raw sockets can hibernate. Both write down
/// in their state what each client has said, by the name that it gives as its parameters, and that it came and left.
/// `hall`: `say(number)`, `ponder(number)`, which takes a while, and `vow(number)`, which is answered once it is on
/// disk, tell all subscribers of `said`. `line` echoes each number to its sender, waiting for slow ones. Both: `read()`
/// gives the state and the names of the connections.
void register_socket_actors(Registry& registry);

}  // namespace troupe::sim
