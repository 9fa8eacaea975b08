#include "engine/engine.h"

#include <algorithm>
#include <utility>

#include "engine/base/codec/json.h"
#include "engine/base/errors.h"
#include "engine/engine_hosts.h"
#include "engine/envoystore/kv/kv_requests.h"
#include "engine/hosts/envoy/envoy_gate.h"
#include "engine/placement/actor_calls.h"
#include "engine/placement/creation.h"
#include "engine/placement/hand_over.h"
#include "engine/placement/placement.h"
#include "engine/pools/pool_error_records.h"
#include "engine/serverless/no_http_client.h"

namespace troupe {
namespace {

std::string announced_metadata(const ActorOptions& options) {
  Value::Object members;
  if (!options.display_name.empty()) members.emplace_back("name", Value(options.display_name));
  if (!options.icon.empty()) members.emplace_back("icon", Value(options.icon));
  return to_json(Value(std::move(members)));
}

class HostedEngine final : public Engine {
 public:
  HostedEngine(Ports ports, EngineSettings settings, Store& store, ActorStore& actors,
               std::shared_ptr<const Registry> registry, const MakeHosts& make_hosts, std::shared_ptr<HttpClient> http)
      : settings_(std::move(settings)),
        store_(store),
        registry_(std::move(registry)),
        directory_(make_directory(ports, store, actors, settings_.datacenter_label)),
        pools_(make_pool_directory(store)),
        names_(make_actor_names(store)),
        pool_errors_(settings_.pool_successes_to_clear_error),
        pool_error_records_(make_pool_error_records(ports.io, store, pool_errors_)),
        http_(http ? std::move(http) : make_no_http_client()),
        serverless_(make_serverless_driver(ports, settings_.serverless_identity, *http_, *directory_, pool_errors_)),
        endpoints_(make_endpoint_watch(watch_parts(ports))),
        placement_(std::make_shared<Placement>(ports, settings_, *directory_, actors)),
        creation_(std::make_shared<Creation>(ports, settings_, *directory_, *pools_, placement_)),
        calls_(std::make_shared<ActorCalls>(ports, settings_, creation_, *directory_, placement_)) {
    placement_->make_sockets();
    placement_->set_pool_fails(
        [this](const NamespaceId& ns, const std::string& pool) { return pool_errors_.active(ns, pool).has_value(); });
    HostParts parts{make_actor_caller(calls_), *directory_, *pools_, *names_, pool_errors_, *serverless_};
    for (auto& host : make_hosts(std::move(parts))) placement_->add_host(std::move(host));
    pools_->on_change([watch = endpoints_](const PoolChange& change) { watch->changed(change); });
  }

  ~HostedEngine() override { placement_->drop_hosts(); }

  const EngineSettings& settings() const override { return settings_; }
  Directory& directory() override { return *directory_; }
  PoolDirectory& pools() override { return *pools_; }
  PoolErrors& pool_errors() override { return pool_errors_; }
  EndpointWatch& endpoints() override { return *endpoints_; }
  std::size_t resident_actors() const override { return placement_->residents(); }
  SocketStats socket_stats() const override { return placement_->sockets()->stats(); }
  TunnelStats tunnel_stats() const override {
    for (const auto& host : placement_->hosts())
      if (const EnvoyGate* gate = host->envoy_gate()) return gate->tunnel_stats();
    return {};
  }

  Task<Result<void>> start() override {
    TROUPE_CO_CHECK(co_await directory_->open());
    TROUPE_CO_CHECK(co_await pools_->open());
    TROUPE_CO_CHECK(co_await pool_error_records_->open(*pools_));
    TROUPE_CO_CHECK(co_await names_->open());
    TROUPE_CO_CHECK(co_await placement_->start());
    endpoints_->start();
    co_return Result<void>();
  }

  Task<void> stop() override {
    endpoints_->stop();
    serverless_->drain_all();
    co_await placement_->stop(settings_.shutdown_grace);
    serverless_->close_all();
    co_await pool_error_records_->written();
  }

  EnvoyGate* envoy_gate() override {
    for (const auto& host : placement_->hosts())
      if (EnvoyGate* gate = host->envoy_gate()) return gate;
    return nullptr;
  }

  std::vector<EnvoyInfo> envoys(const NamespaceId& ns) const override {
    std::vector<EnvoyInfo> all;
    for (const auto& host : placement_->hosts()) {
      auto some = host->envoys(ns);
      std::ranges::move(some, std::back_inserter(all));
    }
    std::ranges::stable_sort(all, std::ranges::greater(), &EnvoyInfo::create_ts);
    return all;
  }

  std::map<std::string, std::string> actor_names(const NamespaceId& ns) const override {
    auto names = names_->list(ns);
    for (const auto& [name, definition] : registry_->all()) names[name] = announced_metadata(definition->options);
    return names;
  }

  bool has_local_actors(const NamespaceId&) const override { return !registry_->all().empty(); }

  bool pool_exists(const NamespaceId& ns, const std::string& pool, const std::string& name) const override {
    return creation_->pool_exists(ns, pool, name);
  }

  Task<Result<ActorRecord>> create(GetOrCreate create) override { return creation_->create(std::move(create)); }
  Task<Result<Directory::Created>> get_or_create(GetOrCreate create) override {
    return creation_->get_or_create(std::move(create));
  }

  Task<Result<std::optional<ActorRecord>>> find(ActorId id) override {
    TROUPE_CO_TRY(auto record, co_await directory_->find(id));
    if (record) placement_->refresh(*record);
    co_return std::move(record);
  }

  void refresh(std::vector<ActorRecord>& records) const override {
    for (ActorRecord& record : records) placement_->refresh(record);
  }

  Task<Result<void>> sleep(ActorId id) override { return order(id, ActorInput::sleep); }
  Task<Result<void>> reschedule(ActorId id) override { return order(id, ActorInput::reschedule); }
  Task<Result<void>> destroy(ActorId id) override { return placement_->destroy(id); }

  Task<Result<std::optional<KvEntry>>> kv_entry(ActorId id, Bytes key) override {
    TROUPE_CO_TRY(auto entry, co_await read_kv_entry(store_, id, std::move(key)));
    if (!entry) co_return std::optional<KvEntry>();
    co_return std::optional(KvEntry{std::move(entry->value), entry->update_ts});
  }

  Task<Result<HttpResponse>> fetch(ActorId id, std::shared_ptr<const HttpRequest> request,
                                   FetchOptions options) override {
    auto work = [request = std::move(request)](HostedActor& hosted) { return hosted.fetch(*request); };
    return hand_over_to<HttpResponse>(*placement_, id, options.skip_ready_wait, std::move(work));
  }

  Task<Result<std::shared_ptr<HostedActor>>> acquire(ActorId id, FetchOptions options) override {
    if (auto hosted = placement_->running(id)) co_return hosted;
    Placement::Acquire how;
    how.skip_ready_wait = options.skip_ready_wait;
    how.deadline = placement_->ready_deadline();
    co_return co_await placement_->acquire(id, how);
  }

  Task<Result<std::shared_ptr<ActorSocket>>> open_websocket(ActorId id, std::shared_ptr<HostedActor> hosted,
                                                            HttpRequest upgrade,
                                                            std::shared_ptr<ClientSocket> client) override {
    return placement_->sockets()->open(id, std::move(hosted), std::move(upgrade), std::move(client));
  }

  Task<Result<Bytes>> call(NamespaceId ns, ActorAddress to, std::string action, Bytes args) override {
    return calls_->call(ns, std::move(to), std::move(action), std::move(args), {});
  }

 private:
  EndpointWatchParts watch_parts(Ports ports) {
    const auto evict = [this](const NamespaceId& ns, const std::string& pool, std::uint32_t version) {
      for (const auto& host : placement_->hosts()) host->evict_older(ns, pool, version);
    };
    return {ports, settings_.endpoint_watch, *http_, *pools_, *names_, pool_errors_, evict};
  }

  Task<Result<void>> order(ActorId id, ActorInput input) {
    TROUPE_CO_TRY(auto record, co_await directory_->find(id));
    if (!record) co_return make_error("actor", "not_found");
    placement_->order(id, input);
    co_return Result<void>();
  }

  EngineSettings settings_;
  Store& store_;
  std::shared_ptr<const Registry> registry_;
  std::unique_ptr<Directory> directory_;
  std::unique_ptr<PoolDirectory> pools_;
  std::unique_ptr<ActorNames> names_;
  PoolErrors pool_errors_;
  std::shared_ptr<PoolErrorRecords> pool_error_records_;
  std::shared_ptr<HttpClient> http_;
  std::shared_ptr<ServerlessDriver> serverless_;
  std::shared_ptr<EndpointWatch> endpoints_;
  std::shared_ptr<Placement> placement_;
  std::shared_ptr<Creation> creation_;
  std::shared_ptr<ActorCalls> calls_;
};

}  // namespace

std::unique_ptr<Engine> make_engine_over(Ports ports, EngineSettings settings, Store& store, ActorStore& actors,
                                         std::shared_ptr<const Registry> registry, MakeHosts make_hosts,
                                         std::shared_ptr<HttpClient> http) {
  return std::make_unique<HostedEngine>(ports, std::move(settings), store, actors, std::move(registry), make_hosts,
                                        std::move(http));
}

}  // namespace troupe
