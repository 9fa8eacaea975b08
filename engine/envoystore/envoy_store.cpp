#include "engine/envoystore/envoy_store.h"

#include <cassert>
#include <type_traits>

#include "engine/base/errors.h"
#include "engine/envoystore/kv/kv_requests.h"
#include "engine/envoystore/pages/page_requests.h"
#include "engine/envoystore/peer.h"
#include "engine/envoystore/remote/remote_requests.h"
#include "engine/envoystore/request_cost.h"
#include "engine/envoystore/wire_errors.h"

namespace troupe {
namespace {

using namespace envoyproto;

template <class Response>
Response overloaded() {
  const Error error = make_error("storage", "unavailable", std::nullopt, "too many requests of one envoy wait");
  if constexpr (std::is_same_v<Response, KvResponseData>) {
    KvErrorResponse response;
    response.message = error.message();
    return response;
  } else {
    return to_wire(error);
  }
}

/// `start()` makes the task that answers, once there is memory for it.
template <class Response, class Start>
Task<Response> admit(std::shared_ptr<ByteBudget> total, EnvoyStore::Peer peer, std::size_t bytes, Start start) {
  const auto own = co_await ByteBudget::acquire(peer->budget, bytes);
  if (!own) co_return overloaded<Response>();
  const auto shared = co_await ByteBudget::acquire(total, bytes);
  if (!shared) co_return overloaded<Response>();
  co_return co_await start();
}

class RealEnvoyStore final : public EnvoyStore {
 public:
  RealEnvoyStore(const Ports& ports, Directory& directory, Store& store, PageStore& pages,
                 const EnvoyStoreSettings& settings)
      : settings_(settings),
        store_(store),
        lookup_(directory),
        kv_{ports.clock, store, lookup_, settings.version},
        pages_{pages, lookup_},
        remote_{remote::Databases::make(pages, settings.databases), lookup_},
        // Envoys wait in their own queues first.
        total_(std::make_shared<ByteBudget>(settings.bytes_in_flight_max, SIZE_MAX)) {}

  ~RealEnvoyStore() override { remote_.databases->close(); }

  void stop() override { remote_.databases->stop(); }

  Peer connect(NamespaceId namespace_id, std::string namespace_name) override {
    return std::make_shared<EnvoyStorePeer>(namespace_id, std::move(namespace_name), settings_);
  }
  void disconnect(const Peer& peer) override { peer->disconnected = true; }

  Task<KvResponseData> handle(Peer peer, std::string actor_id, KvRequestData request) override {
    const std::size_t bytes = cost_of(request);
    auto start = [scope = kv_, peer, actor_id = std::move(actor_id), request = std::move(request)]() mutable {
      return handle_kv(std::move(scope), std::move(peer), std::move(actor_id), std::move(request));
    };
    return admit<KvResponseData>(total_, peer, bytes, std::move(start));
  }
  Task<SqliteGetPagesResponse> handle(Peer peer, SqliteGetPagesRequest request) override {
    return on<SqliteGetPagesResponse>(pages_, std::move(peer), std::move(request));
  }
  Task<SqliteCommitResponse> handle(Peer peer, SqliteCommitRequest request) override {
    return on<SqliteCommitResponse>(pages_, std::move(peer), std::move(request));
  }
  Task<SqliteCommitStageBeginResponse> handle(Peer peer, SqliteCommitStageBeginRequest request) override {
    return on<SqliteCommitStageBeginResponse>(pages_, std::move(peer), std::move(request));
  }
  Task<SqliteCommitStageSegmentResponse> handle(Peer peer, SqliteCommitStageSegmentRequest request) override {
    return on<SqliteCommitStageSegmentResponse>(pages_, std::move(peer), std::move(request));
  }
  Task<SqliteCommitFinalizeResponse> handle(Peer peer, SqliteCommitFinalizeRequest request) override {
    return on<SqliteCommitFinalizeResponse>(pages_, std::move(peer), std::move(request));
  }
  Task<SqliteExecResponse> handle(Peer peer, SqliteExecRequest request) override {
    return on<SqliteExecResponse>(remote_, std::move(peer), std::move(request));
  }
  Task<SqliteExecuteResponse> handle(Peer peer, SqliteExecuteRequest request) override {
    return on<SqliteExecuteResponse>(remote_, std::move(peer), std::move(request));
  }
  Task<SqliteExecuteBatchResponse> handle(Peer peer, SqliteExecuteBatchRequest request) override {
    return on<SqliteExecuteBatchResponse>(remote_, std::move(peer), std::move(request));
  }

  Task<Result<std::optional<KvEntryView>>> kv_entry(ActorId id, Bytes key) override {
    return read_kv_entry(store_, id, std::move(key));
  }

 private:
  /// What all requests about databases have in common.
  template <class Response, class Scope, class Request>
  Task<Response> on(Scope of, Peer peer, Request request) {
    const std::size_t bytes = cost_of(request);
    auto start = [scope = std::move(of), peer, request = std::move(request)]() mutable {
      if constexpr (std::is_same_v<Scope, PageScope>)
        return handle_pages(scope, std::move(peer), std::move(request));
      else
        return handle_remote(std::move(scope), std::move(peer), std::move(request));
    };
    return admit<Response>(total_, peer, bytes, std::move(start));
  }

  const EnvoyStoreSettings settings_;
  Store& store_;
  ActorLookup lookup_;
  const KvScope kv_;
  const PageScope pages_;
  const RemoteScope remote_;
  const std::shared_ptr<ByteBudget> total_;
};

}  // namespace

std::unique_ptr<EnvoyStore> make_envoy_store(const Ports& ports, Directory& directory, Store& store, ActorStore& actors,
                                             const EnvoyStoreSettings& settings) {
  PageStore* pages = actors.pages();
  assert(pages && "this store of actors keeps no pages");
  return std::make_unique<RealEnvoyStore>(ports, directory, store, *pages, settings);
}

}  // namespace troupe
