#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/runtime/connections/raw_socket.h"

namespace troupe {

/// What a waking actor takes over from earlier generations, until every socket has been resumed.
/// Threads: the actor's executor.
struct RestoredSockets {
  /// Sockets that no stored connection has claimed yet.
  std::map<SocketId, std::shared_ptr<RelayedSocket>> clients;
  decltype(ActorInstance::Config::attach) attach;
  /// What `resume` hands out.
  std::map<SocketId, std::shared_ptr<ActorSocket>> ends;
  std::vector<std::pair<std::shared_ptr<RawSocket>, std::shared_ptr<ActorConnection>>> raw;
  std::vector<std::shared_ptr<ActorConnection>> live, stale;
  /// Ids of records that cannot be read.
  std::vector<std::string> damaged;
};

}  // namespace troupe
