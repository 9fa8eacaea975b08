#pragma once

#include <memory>
#include <optional>
#include <string>

#include "engine/base/ports.h"
#include "engine/directory/directory.h"
#include "engine/envoyproto/messages/kv.h"
#include "engine/envoyproto/messages/sqlite_pages.h"
#include "engine/envoyproto/messages/sqlite_remote.h"
#include "engine/envoystore/remote/database_limits.h"
#include "engine/storage/actors/actor_store.h"
#include "engine/storage/store.h"

namespace troupe {

struct EnvoyStoreSettings {
  /// Bytes of requests and answers that are worked on at a time; others wait.
  std::size_t bytes_in_flight_max = 256u << 20;
  /// The same for one envoy.
  std::size_t bytes_in_flight_max_per_envoy = 96u << 20;
  /// Requests of one envoy that wait at a time, beyond that they fail with `storage.unavailable`.
  std::size_t waiting_max_per_envoy = 4'096;
  remote::DatabaseLimits databases;
  /// What key-value metadata name as the version that wrote an entry.
  std::string version = "2.3.19";
};

/// One connected envoy as the storage knows it: its namespace and its share of memory. Threads: any.
class EnvoyStorePeer;

/// The storage of actors that envoys host: key-value entries, pages of the databases the envoys run themselves, and
/// statements that the engine runs on the same databases. Answers are those of the protocol, errors included, so that
/// the caller only has to send them. Source: envoy protocol of RivetKit 2.3.19.
///
/// An envoy reaches the actors of its namespace only. Page and statement requests are fenced by the generation that
/// ActorStore::set_generation names; key-value requests by nothing but the life of the actor.
/// Threads: any. Blocks: never. Order: the caller awaits one answer per actor before it asks the next; requests about
/// the same actor that overtake each other do no harm but may fail.
/// Durability: what is answered as written is durable (Ack::durable), except the segments of a staged commit.
/// Lifetime: outlives every call.
class EnvoyStore {
 public:
  virtual ~EnvoyStore() = default;

  /// At connect. `namespace_name` is what statement requests call their `namespace_id`.
  virtual std::shared_ptr<EnvoyStorePeer> connect(NamespaceId namespace_id, std::string namespace_name) = 0;
  /// At the end of the connection: requests that have not been written yet write nothing any more.
  virtual void disconnect(const std::shared_ptr<EnvoyStorePeer>& peer) = 0;

  /// The engine stops: nothing is done that nobody asks for.
  virtual void stop() = 0;

  using Peer = std::shared_ptr<EnvoyStorePeer>;
  virtual Task<envoyproto::KvResponseData> handle(Peer peer, std::string actor_id,
                                                  envoyproto::KvRequestData request) = 0;
  virtual Task<envoyproto::SqliteGetPagesResponse> handle(Peer peer, envoyproto::SqliteGetPagesRequest request) = 0;
  virtual Task<envoyproto::SqliteCommitResponse> handle(Peer peer, envoyproto::SqliteCommitRequest request) = 0;
  virtual Task<envoyproto::SqliteCommitStageBeginResponse> handle(
      Peer peer, envoyproto::SqliteCommitStageBeginRequest request) = 0;
  virtual Task<envoyproto::SqliteCommitStageSegmentResponse> handle(
      Peer peer, envoyproto::SqliteCommitStageSegmentRequest request) = 0;
  virtual Task<envoyproto::SqliteCommitFinalizeResponse> handle(Peer peer,
                                                                envoyproto::SqliteCommitFinalizeRequest request) = 0;
  virtual Task<envoyproto::SqliteExecResponse> handle(Peer peer, envoyproto::SqliteExecRequest request) = 0;
  virtual Task<envoyproto::SqliteExecuteResponse> handle(Peer peer, envoyproto::SqliteExecuteRequest request) = 0;
  virtual Task<envoyproto::SqliteExecuteBatchResponse> handle(Peer peer,
                                                              envoyproto::SqliteExecuteBatchRequest request) = 0;

  struct KvEntryView {
    Bytes value;
    /// Milliseconds since 1970; nothing for entries that an actor inside this process has written.
    std::optional<std::int64_t> update_ts;
  };
  /// One entry of an actor of any kind of host, for the management API. `key` is the raw key. Nothing: no such entry.
  virtual Task<Result<std::optional<KvEntryView>>> kv_entry(ActorId id, Bytes key) = 0;
};

/// Lifetime: `directory`, `store` and `actors` outlive it.
std::unique_ptr<EnvoyStore> make_envoy_store(const Ports& ports, Directory& directory, Store& store, ActorStore& actors,
                                             const EnvoyStoreSettings& settings = {});

}  // namespace troupe
