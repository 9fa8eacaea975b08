#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "engine/base/errors.h"
#include "engine/engine.h"
#include "engine/storage/open.h"
#include "gateway/management/management_api.h"
#include "tests/unit/management/fake_endpoint_watch.h"

/// An engine, actors and a management API whose answers a test sets, for tests of the gateway over real sockets.
namespace troupe {

/// Actors by namespace, name and key; the rest of a directory is not reached through the gateway.
class FakeDirectory final : public Directory {
 public:
  NamespaceRecord default_namespace{ActorId(), "default", "Default", 0};
  std::function<Task<Result<std::optional<ActorId>>>(std::string name, std::string key)> on_find_by_key;

  std::optional<NamespaceRecord> find_namespace(std::string_view name) const override {
    if (name != default_namespace.name) return std::nullopt;
    return default_namespace;
  }
  std::optional<NamespaceRecord> find_namespace(const NamespaceId&) const override { return default_namespace; }
  std::vector<NamespaceRecord> namespaces() const override { return {default_namespace}; }
  Task<Result<std::optional<ActorId>>> find_by_key(NamespaceId, std::string name, std::string key) override {
    if (on_find_by_key) co_return co_await on_find_by_key(std::move(name), std::move(key));
    co_return std::optional<ActorId>();
  }

  Task<Result<void>> open() override { co_return unused(); }
  Task<Result<NamespaceRecord>> create_namespace(std::string, std::string) override { co_return unused(); }
  Task<Result<ActorRecord>> create(CreateActor) override { co_return unused(); }
  Task<Result<Created>> get_or_create(CreateActor) override { co_return unused(); }
  Task<Result<std::optional<ActorRecord>>> find(ActorId) override { co_return unused(); }
  Task<Result<ActorPage>> list(NamespaceId, std::string, std::optional<std::string>, bool, std::size_t,
                               std::optional<std::int64_t>) override {
    co_return unused();
  }
  Task<Result<ActorRecord>> update(ActorId, std::function<void(ActorRecord&)>, Ack) override { co_return unused(); }
  Task<Result<ActorRecord>> destroy(ActorId, std::int64_t) override { co_return unused(); }
  Task<Result<std::vector<ActorId>>> awake(std::optional<ActorId>, std::size_t) override { co_return unused(); }
  Task<Result<DueAlarms>> due_alarms(std::optional<AlarmPosition>, std::int64_t, std::size_t) override {
    co_return unused();
  }

 private:
  static Error unused() { return make_error("core", "internal_error", std::nullopt, "not part of this fake"); }
};

class FakeHostedActor final : public HostedActor {
 public:
  using Open = std::function<Task<Result<std::shared_ptr<ActorSocket>>>(HttpRequest, std::shared_ptr<ClientSocket>)>;
  explicit FakeHostedActor(Open open) : open_(std::move(open)) {}
  void stop(StopReason) override {}
  Task<Result<HttpResponse>> fetch(HttpRequest) override { co_return HttpResponse{}; }
  Task<Result<OpenedSocket>> open_websocket(HttpRequest, std::shared_ptr<RelayedSocket>) override {
    co_return make_error("core", "internal_error", std::nullopt, "the engine is a fake, too");
  }
  Task<Result<std::shared_ptr<ActorSocket>>> open(HttpRequest upgrade, std::shared_ptr<ClientSocket> socket) {
    return open_(std::move(upgrade), std::move(socket));
  }
  Task<Result<Bytes>> call(std::string, Bytes) override { co_return Bytes(); }

 private:
  Open open_;
};

class FakeEngine final : public Engine {
 public:
  EngineSettings engine_settings;
  FakeDirectory fake_directory;
  std::unique_ptr<Store> fake_store = make_memory_store();
  std::unique_ptr<PoolDirectory> fake_pools = make_pool_directory(*fake_store);
  PoolErrors fake_pool_errors{3};
  testing::FakeEndpointWatch fake_watch;
  bool pool_known = true;
  std::atomic<int> fetches{0}, acquires{0}, creates{0};
  std::function<Task<Result<HttpResponse>>(ActorId, HttpRequest, FetchOptions)> on_fetch;
  std::function<Task<Result<std::shared_ptr<HostedActor>>>(ActorId)> on_acquire;
  std::function<Task<Result<Directory::Created>>(GetOrCreate)> on_get_or_create;

  const EngineSettings& settings() const override { return engine_settings; }
  Directory& directory() override { return fake_directory; }
  PoolDirectory& pools() override { return *fake_pools; }
  PoolErrors& pool_errors() override { return fake_pool_errors; }
  EndpointWatch& endpoints() override { return fake_watch; }
  std::vector<EnvoyInfo> envoys(const NamespaceId&) const override { return {}; }
  bool has_local_actors(const NamespaceId&) const override { return true; }
  bool pool_exists(const NamespaceId&, const std::string&, const std::string&) const override { return pool_known; }
  Task<Result<HttpResponse>> fetch(ActorId id, std::shared_ptr<const HttpRequest> request,
                                   FetchOptions options) override {
    ++fetches;
    if (on_fetch) return on_fetch(id, *request, options);
    return ok();
  }
  Task<Result<std::shared_ptr<HostedActor>>> acquire(ActorId id, FetchOptions) override {
    ++acquires;
    return on_acquire(id);
  }
  Task<Result<std::shared_ptr<ActorSocket>>> open_websocket(ActorId, std::shared_ptr<HostedActor> hosted,
                                                            HttpRequest upgrade,
                                                            std::shared_ptr<ClientSocket> client) override {
    return std::static_pointer_cast<FakeHostedActor>(hosted)->open(std::move(upgrade), std::move(client));
  }
  Task<Result<Directory::Created>> get_or_create(GetOrCreate create) override {
    ++creates;
    return on_get_or_create(std::move(create));
  }

  Task<Result<void>> start() override { co_return Result<void>(); }
  Task<void> stop() override { co_return; }
  std::map<std::string, std::string> actor_names(const NamespaceId&) const override { return {}; }
  Task<Result<ActorRecord>> create(GetOrCreate) override { co_return ActorRecord{}; }
  Task<Result<std::optional<ActorRecord>>> find(ActorId) override { co_return std::optional<ActorRecord>(); }
  void refresh(std::vector<ActorRecord>&) const override {}
  Task<Result<void>> sleep(ActorId) override { co_return Result<void>(); }
  Task<Result<void>> reschedule(ActorId) override { co_return Result<void>(); }
  Task<Result<void>> destroy(ActorId) override { co_return Result<void>(); }
  Task<Result<std::optional<KvEntry>>> kv_entry(ActorId, Bytes) override { co_return std::optional<KvEntry>(); }
  Task<Result<Bytes>> call(NamespaceId, ActorAddress, std::string, Bytes) override {
    co_return make_error("guard", "service_unavailable");
  }
  std::size_t resident_actors() const override { return 0; }

 private:
  static Task<Result<HttpResponse>> ok() {
    HttpResponse response;
    response.headers.set("content-type", "text/plain");
    response.body = to_bytes("actor");
    co_return response;
  }
};

class FakeManagement final : public ManagementApi {
 public:
  std::function<Task<HttpResponse>(HttpRequest)> on_request;
  Task<HttpResponse> handle(HttpRequest request, std::string) override {
    if (on_request) return on_request(std::move(request));
    return echo(std::move(request));
  }

 private:
  static Task<HttpResponse> echo(HttpRequest request) {
    HttpResponse response;
    response.body = to_bytes(request.method + " " + request.target + " " + std::to_string(request.body.size()));
    co_return response;
  }
};

}  // namespace troupe
