#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/base/errors.h"
#include "engine/base/virtual_ports.h"
#include "engine/engine.h"
#include "tests/unit/directory/watched_store.h"
#include "tests/unit/management/fake_endpoint_watch.h"

namespace troupe::testing {

/// Records in a map, with the contract of the real directory.
class FakeDirectory : public Directory {
 public:
  explicit FakeDirectory(const Ports& ports) : ports_(ports) { add_namespace("default", "Default"); }

  const NamespaceRecord& add_namespace(std::string name, std::string display_name);
  ActorRecord& add(ActorRecord record) { return actors_[record.id] = std::move(record); }
  ActorRecord& at(const ActorId& id) { return actors_.at(id); }
  std::map<ActorId, ActorRecord>& all() { return actors_; }

  Task<Result<void>> open() override;

  Task<Result<NamespaceRecord>> create_namespace(std::string name, std::string display_name) override;
  std::optional<NamespaceRecord> find_namespace(std::string_view name) const override;
  std::optional<NamespaceRecord> find_namespace(const NamespaceId& id) const override;
  std::vector<NamespaceRecord> namespaces() const override { return namespaces_; }

  Task<Result<ActorRecord>> create(CreateActor create) override;
  Task<Result<Created>> get_or_create(CreateActor create) override;
  Task<Result<std::optional<ActorRecord>>> find(ActorId id) override;
  Task<Result<std::optional<ActorId>>> find_by_key(NamespaceId ns, std::string name, std::string key) override;
  Task<Result<ActorPage>> list(NamespaceId ns, std::string name, std::optional<std::string> key, bool include_destroyed,
                               std::size_t limit, std::optional<std::int64_t> before_ts) override;
  Task<Result<ActorRecord>> update(ActorId id, std::function<void(ActorRecord&)> change, Ack) override;
  Task<Result<ActorRecord>> destroy(ActorId id, std::int64_t now_ms) override;
  Task<Result<std::vector<ActorId>>> awake(std::optional<ActorId>, std::size_t) override;
  Task<Result<DueAlarms>> due_alarms(std::optional<AlarmPosition>, std::int64_t, std::size_t) override;

 private:
  Ports ports_;
  std::int64_t next_ts_ = 1'000;
  std::vector<NamespaceRecord> namespaces_;
  std::map<ActorId, ActorRecord> actors_;
};

/// Notes what it is asked to do.
class FakeEngine : public Engine {
 public:
  explicit FakeEngine(const Ports& ports);
  ~FakeEngine() override;

  std::vector<EnvoyInfo> connected;
  FakeEndpointWatch watch;

  FakeDirectory& records() { return directory_; }
  std::map<std::string, std::string> names = {{"chat", R"({"icon":"x"})"}, {"counter", "{}"}};
  std::vector<std::string> calls;
  std::set<ActorId> running;
  bool throws = false;

  const EngineSettings& settings() const override { return settings_; }
  Task<Result<void>> start() override;
  Task<void> stop() override;
  Directory& directory() override { return directory_; }
  PoolDirectory& pools() override { return *pools_; }
  PoolErrors& pool_errors() override { return pool_errors_; }
  EndpointWatch& endpoints() override { return watch; }
  std::vector<EnvoyInfo> envoys(const NamespaceId&) const override { return connected; }
  bool has_local_actors(const NamespaceId&) const override { return !names.empty(); }
  std::map<std::string, std::string> actor_names(const NamespaceId&) const override { return names; }
  bool pool_exists(const NamespaceId&, const std::string& pool, const std::string& name) const override;
  Task<Result<ActorRecord>> create(GetOrCreate create) override;
  Task<Result<Directory::Created>> get_or_create(GetOrCreate create) override;
  Task<Result<std::optional<ActorRecord>>> find(ActorId id) override;
  void refresh(std::vector<ActorRecord>& records) const override;
  Task<Result<void>> sleep(ActorId id) override { return note("sleep", id); }
  Task<Result<void>> reschedule(ActorId id) override { return note("reschedule", id); }
  Task<Result<void>> destroy(ActorId id) override;
  Task<Result<HttpResponse>> fetch(ActorId, std::shared_ptr<const HttpRequest>, FetchOptions) override;
  Task<Result<std::shared_ptr<ActorSocket>>> open_websocket(ActorId, std::shared_ptr<HostedActor>, HttpRequest,
                                                            std::shared_ptr<ClientSocket>) override;
  Task<Result<std::shared_ptr<HostedActor>>> acquire(ActorId, FetchOptions) override;
  std::map<Bytes, KvEntry> kv_entries;
  Task<Result<std::optional<KvEntry>>> kv_entry(ActorId, Bytes key) override;
  Task<Result<Bytes>> call(NamespaceId, ActorAddress, std::string, Bytes) override;
  std::size_t resident_actors() const override { return running.size(); }

 private:
  static CreateActor request(GetOrCreate create);
  void complete(ActorRecord& record) const;
  Task<Result<void>> note(std::string what, ActorId id);

  EngineSettings settings_;
  FakeDirectory directory_;
  WatchedStore store_;
  std::unique_ptr<PoolDirectory> pools_ = make_pool_directory(store_);
  PoolErrors pool_errors_{3};
};

}  // namespace troupe::testing
