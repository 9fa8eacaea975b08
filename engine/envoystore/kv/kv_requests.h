#pragma once

#include <string>

#include "engine/base/ports.h"
#include "engine/envoystore/actor_lookup.h"
#include "engine/envoystore/envoy_store.h"
#include "engine/storage/store.h"

namespace troupe {

/// What key-value requests need, copied into every task. Lifetime: what it refers to outlives every task.
struct KvScope {
  Clock& clock;
  Store& store;
  ActorLookup& actors;
  /// What metadata name as the writer.
  std::string version;
};

/// The rows are those of actors inside this process (keys::actor_kv); the metadata lie beside them.
Task<envoyproto::KvResponseData> handle_kv(KvScope scope, EnvoyStore::Peer peer, std::string actor_id,
                                           envoyproto::KvRequestData request);

Task<Result<std::optional<EnvoyStore::KvEntryView>>> read_kv_entry(Store& store, ActorId id, Bytes key);

}  // namespace troupe
