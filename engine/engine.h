#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/ports.h"
#include "engine/base/running_code.h"
#include "engine/directory/directory.h"
#include "engine/directory/records.h"
#include "engine/hosts/host.h"
#include "engine/hosts/tunnel_stats.h"
#include "engine/pools/actor_names.h"
#include "engine/pools/envoy_info.h"
#include "engine/pools/pool_directory.h"
#include "engine/pools/pool_errors.h"
#include "engine/serverless/endpoint_watch.h"
#include "engine/serverless/serverless_driver.h"
#include "engine/sockets/socket_stats.h"
#include "troupe/behavior.h"
#include "troupe/http.h"

namespace troupe {

/// Times in ms. Names and defaults follow the reference's configuration keys where it has one.
struct EngineSettings {
  std::uint16_t datacenter_label = 1;
  std::string datacenter_name = "default";
  /// Pool under which in-process actors are listed.
  std::string local_pool = "default";
  /// How long a request waits for its actor to become ready.
  Millis actor_ready_timeout{30'000};
  /// Wakes tried for one request when the start keeps failing.
  int actor_wake_retries = 8;
  /// Time limit for the whole stop.
  Millis shutdown_grace{4'000};
  /// Time limit of a call from one actor to another, waking included.
  Millis actor_call_timeout{60'000};
  /// Actors that may be created in the pools of one namespace at once, and how often one more may follow; 0 = no limit.
  std::uint32_t actor_create_burst = 500;
  Millis actor_create_interval{10};
  /// Back-off of actors for which there is no host: base · 2^n, n at most the exponent; starts over after the reset.
  Millis base_retry_timeout{2'000};
  std::uint32_t reschedule_backoff_max_exponent = 8;
  Millis retry_reset_duration{600'000};
  /// Silence of a host that counts as the loss of the actor: until it accepts, until the actor runs, until it stopped.
  Millis actor_allocation_threshold{2'000};
  Millis actor_start_threshold{30'000};
  Millis actor_stop_threshold{1'800'000};
  /// Without a connection for this long an envoy counts as lost with its actors; also told to envoys.
  Millis envoy_lost_threshold{15'000};
  /// Client messages of one hibernatable WebSocket that its actor has not acknowledged.
  std::size_t websocket_pending_bytes_max = 128u << 20;
  std::size_t websocket_pending_messages_max = 65'535;
  /// How long such a message may stay unacknowledged at a host that can lose messages.
  Millis websocket_ack_timeout{30'000};
  /// Hosts of a failing serverless pool that have to connect in a row before its error is taken back.
  std::uint32_t pool_successes_to_clear_error = 3;
  ServerlessIdentity serverless_identity;
  EndpointWatchSettings endpoint_watch;
  /// Hears of handlers that hold an I/O thread for too long; null = nobody does.
  std::shared_ptr<const StallWatch> stall_watch;
};

struct FetchOptions {
  /// Send to a generation that is starting or stopping instead of waiting for the next.
  bool skip_ready_wait = false;
};

struct GetOrCreate {
  NamespaceId namespace_id;
  std::string name;
  /// Serialised.
  std::optional<std::string> key;
  std::string pool;
  std::optional<Bytes> input;
};

/// The facade that gateway, inspector and CLI see: directory, namespaces, and the way to an actor wherever it runs.
/// Threads: any.
class Engine {
 public:
  virtual ~Engine() = default;

  virtual const EngineSettings& settings() const = 0;

  /// Opens the directory, fires overdue alarms.
  virtual Task<Result<void>> start() = 0;
  /// Puts every running actor to sleep (`going_away`) within `shutdown_grace`; new requests get
  /// `guard.service_unavailable`.
  virtual Task<void> stop() = 0;

  virtual Directory& directory() = 0;
  virtual PoolDirectory& pools() = 0;
  virtual PoolErrors& pool_errors() = 0;
  /// The metadata of serverless endpoints.
  virtual EndpointWatch& endpoints() = 0;
  /// Where envoys connect; null when they cannot.
  virtual EnvoyGate* envoy_gate() { return nullptr; }
  /// Host processes that are connected now; newest first.
  virtual std::vector<EnvoyInfo> envoys(const NamespaceId& ns) const = 0;
  /// Names of the actors of this process and those that hosts have announced, with their metadata as a JSON object
  /// text.
  virtual std::map<std::string, std::string> actor_names(const NamespaceId& ns) const = 0;
  /// Whether this process has actors of its own to serve in that namespace.
  virtual bool has_local_actors(const NamespaceId& ns) const = 0;
  /// Whether actors of that name can be created with that pool: a local name, or a pool that exists.
  virtual bool pool_exists(const NamespaceId& ns, const std::string& pool, const std::string& name) const = 0;

  /// Creates and starts at once, in the background. Errors: `actor.duplicate_key`,
  /// `actor.no_runner_config_configured`, `actor.creation_rate_limit`.
  virtual Task<Result<ActorRecord>> create(GetOrCreate create) = 0;
  virtual Task<Result<Directory::Created>> get_or_create(GetOrCreate create) = 0;
  /// The record as clients see it: running actors have connectable_ts and no sleep_ts.
  virtual Task<Result<std::optional<ActorRecord>>> find(ActorId id) = 0;
  /// Completes records read from the directory the same way.
  virtual void refresh(std::vector<ActorRecord>& records) const = 0;

  /// Asynchronous: returns when the order is given. No-ops on actors that do not run.
  virtual Task<Result<void>> sleep(ActorId id) = 0;
  virtual Task<Result<void>> reschedule(ActorId id) = 0;
  /// Returns when the actor and its data are gone. Idempotent. Errors: `actor.not_found`.
  virtual Task<Result<void>> destroy(ActorId id) = 0;

  /// Wakes the actor if need be, waits for it and hands the request over. Errors (before the actor has seen
  /// anything): `actor.not_found`, `actor.destroyed_while_waiting_for_ready`, `guard.actor_ready_timeout`,
  /// `guard.actor_wake_retries_exceeded`, `guard.service_unavailable`. Everything else is a response. After an error
  /// the request is as good as new.
  virtual Task<Result<HttpResponse>> fetch(ActorId id, std::shared_ptr<const HttpRequest> request,
                                           FetchOptions options) = 0;

  /// A WebSocket in two steps, because the client's handshake is answered in between: `acquire` waits for the actor,
  /// `open_websocket` does the admission. Errors as `fetch`.
  virtual Task<Result<std::shared_ptr<HostedActor>>> acquire(ActorId id, FetchOptions options) = 0;

  /// The second step: opens the actor's end of `client` at `hosted`. The result carries the socket through sleep and
  /// restart of the actor when the actor allows it, and closes it with the actor otherwise.
  /// Errors: `actor.stopping` and its like when `hosted` was over before it saw the request.
  virtual Task<Result<std::shared_ptr<ActorSocket>>> open_websocket(ActorId id, std::shared_ptr<HostedActor> hosted,
                                                                    HttpRequest upgrade,
                                                                    std::shared_ptr<ClientSocket> client) = 0;

  struct KvEntry {
    Bytes value;
    /// ms since the epoch; nothing where the writer kept none.
    std::optional<std::int64_t> update_ts;
  };
  /// What the engine keeps under a raw key of an actor; nothing for actors that are gone.
  virtual Task<Result<std::optional<KvEntry>>> kv_entry(ActorId id, Bytes key) = 0;

  /// An action of an actor in that namespace, which is created and started if need be, as an actor would call it.
  /// Bound: `actor_call_timeout`. Errors: of `get_or_create` and `fetch`, and what the action returned.
  virtual Task<Result<Bytes>> call(NamespaceId ns, ActorAddress to, std::string action, Bytes args) = 0;

  /// Number of actors that hold memory now.
  virtual std::size_t resident_actors() const = 0;
  /// What goes on between this process and its envoys.
  virtual TunnelStats tunnel_stats() const { return {}; }
  virtual SocketStats socket_stats() const { return {}; }
};

class LocalInspector;

/// `registry`: the in-process actors; without an `inspector` nobody may inspect them. `http`: the way to serverless
/// endpoints; null = there is none. Lifetime: everything passed by reference outlives the engine.
std::unique_ptr<Engine> make_engine(Ports ports, EngineSettings settings, Store& store, ActorStore& actors,
                                    std::shared_ptr<const Registry> registry,
                                    std::shared_ptr<LocalInspector> inspector = nullptr,
                                    std::shared_ptr<HttpClient> http = nullptr);

}  // namespace troupe
