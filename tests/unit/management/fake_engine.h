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

  const NamespaceRecord& add_namespace(std::string name, std::string display_name) {
    NamespaceRecord record{Id::make(ports_.random, 1), std::move(name), std::move(display_name), next_ts_++};
    return namespaces_.emplace_back(std::move(record));
  }
  ActorRecord& add(ActorRecord record) { return actors_[record.id] = std::move(record); }
  ActorRecord& at(const ActorId& id) { return actors_.at(id); }
  std::map<ActorId, ActorRecord>& all() { return actors_; }

  Task<Result<void>> open() override { co_return Result<void>(); }

  Task<Result<NamespaceRecord>> create_namespace(std::string name, std::string display_name) override {
    if (find_namespace(name)) co_return make_error("namespace", "name_not_unique");
    co_return add_namespace(std::move(name), std::move(display_name));
  }
  std::optional<NamespaceRecord> find_namespace(std::string_view name) const override {
    for (const auto& record : namespaces_)
      if (record.name == name) return record;
    return std::nullopt;
  }
  std::optional<NamespaceRecord> find_namespace(const NamespaceId& id) const override {
    for (const auto& record : namespaces_)
      if (record.id == id) return record;
    return std::nullopt;
  }
  std::vector<NamespaceRecord> namespaces() const override { return namespaces_; }

  Task<Result<ActorRecord>> create(CreateActor create) override {
    if (create.key)
      for (const auto& [id, actor] : actors_)
        if (!actor.destroyed() && actor.namespace_id == create.namespace_id && actor.name == create.name &&
            actor.key == create.key)
          co_return make_error("actor", "duplicate_key",
                               Value::object({{"existing_actor_id", id.text()}, {"key", *create.key}}));
    ActorRecord record;
    record.id = Id::make(ports_.random, 1);
    record.namespace_id = create.namespace_id;
    record.name = create.name;
    record.key = create.key;
    record.pool = create.pool;
    record.input = create.input;
    record.create_ts = next_ts_++;
    co_return add(std::move(record));
  }
  Task<Result<Created>> get_or_create(CreateActor create) override {
    const auto ns = create.namespace_id;
    const auto name = create.name;
    const auto key = create.key.value_or("");
    auto made = co_await this->create(std::move(create));
    if (made) co_return Created{*made, true};
    auto found = co_await find_by_key(ns, name, key);
    co_return Created{actors_.at(**found), false};
  }
  Task<Result<std::optional<ActorRecord>>> find(ActorId id) override {
    const auto found = actors_.find(id);
    if (found == actors_.end()) co_return std::optional<ActorRecord>();
    co_return std::optional(found->second);
  }
  Task<Result<std::optional<ActorId>>> find_by_key(NamespaceId ns, std::string name, std::string key) override {
    for (const auto& [id, actor] : actors_)
      if (!actor.destroyed() && actor.namespace_id == ns && actor.name == name && actor.key == key)
        co_return std::optional(id);
    co_return std::optional<ActorId>();
  }
  Task<Result<ActorPage>> list(NamespaceId ns, std::string name, std::optional<std::string> key, bool include_destroyed,
                               std::size_t limit, std::optional<std::int64_t> before_ts) override {
    std::map<std::int64_t, ActorRecord, std::greater<>> newest_first;
    for (const auto& [id, actor] : actors_) {
      const bool wanted = actor.namespace_id == ns && actor.name == name && (!key || actor.key == key) &&
                          (include_destroyed || !actor.destroyed()) && (!before_ts || actor.create_ts < *before_ts);
      if (wanted) newest_first.emplace(actor.create_ts, actor);
    }
    ActorPage page;
    for (auto& [ts, actor] : newest_first)
      if (page.actors.size() < limit) page.actors.push_back(actor);
    co_return page;
  }
  Task<Result<ActorRecord>> update(ActorId id, std::function<void(ActorRecord&)> change, Ack) override {
    change(actors_.at(id));
    co_return actors_.at(id);
  }
  Task<Result<ActorRecord>> destroy(ActorId id, std::int64_t now_ms) override {
    actors_.at(id).destroy_ts = now_ms;
    co_return actors_.at(id);
  }
  Task<Result<std::vector<ActorId>>> awake(std::optional<ActorId>, std::size_t) override {
    co_return std::vector<ActorId>();
  }
  Task<Result<DueAlarms>> due_alarms(std::optional<AlarmPosition>, std::int64_t, std::size_t) override {
    co_return DueAlarms{};
  }

 private:
  Ports ports_;
  std::int64_t next_ts_ = 1'000;
  std::vector<NamespaceRecord> namespaces_;
  std::map<ActorId, ActorRecord> actors_;
};

/// Notes what it is asked to do.
class FakeEngine : public Engine {
 public:
  explicit FakeEngine(const Ports& ports) : directory_(ports) {}

  std::vector<EnvoyInfo> connected;
  FakeEndpointWatch watch;

  FakeDirectory& records() { return directory_; }
  std::map<std::string, std::string> names = {{"chat", R"({"icon":"x"})"}, {"counter", "{}"}};
  std::vector<std::string> calls;
  std::set<ActorId> running;
  bool throws = false;

  const EngineSettings& settings() const override { return settings_; }
  Task<Result<void>> start() override { co_return Result<void>(); }
  Task<void> stop() override { co_return; }
  Directory& directory() override { return directory_; }
  PoolDirectory& pools() override { return *pools_; }
  PoolErrors& pool_errors() override { return pool_errors_; }
  EndpointWatch& endpoints() override { return watch; }
  std::vector<EnvoyInfo> envoys(const NamespaceId&) const override { return connected; }
  bool has_local_actors(const NamespaceId&) const override { return !names.empty(); }
  std::map<std::string, std::string> actor_names(const NamespaceId&) const override { return names; }
  bool pool_exists(const NamespaceId&, const std::string& pool, const std::string& name) const override {
    return pool == "default" || names.contains(name);
  }
  Task<Result<ActorRecord>> create(GetOrCreate create) override {
    if (throws) throw std::runtime_error("broken");
    co_return co_await directory_.create(request(std::move(create)));
  }
  Task<Result<Directory::Created>> get_or_create(GetOrCreate create) override {
    co_return co_await directory_.get_or_create(request(std::move(create)));
  }
  Task<Result<std::optional<ActorRecord>>> find(ActorId id) override {
    auto found = co_await directory_.find(id);
    if (found && *found) complete(**found);
    co_return found;
  }
  void refresh(std::vector<ActorRecord>& records) const override {
    for (auto& record : records) complete(record);
  }
  Task<Result<void>> sleep(ActorId id) override { return note("sleep", id); }
  Task<Result<void>> reschedule(ActorId id) override { return note("reschedule", id); }
  Task<Result<void>> destroy(ActorId id) override {
    if (!directory_.at(id).destroyed()) directory_.at(id).destroy_ts = 9'999;
    return note("destroy", id);
  }
  Task<Result<HttpResponse>> fetch(ActorId, std::shared_ptr<const HttpRequest>, FetchOptions) override {
    co_return make_error("guard", "service_unavailable");
  }
  Task<Result<std::shared_ptr<ActorSocket>>> open_websocket(ActorId, std::shared_ptr<HostedActor>, HttpRequest,
                                                            std::shared_ptr<ClientSocket>) override {
    co_return std::shared_ptr<ActorSocket>();
  }
  Task<Result<std::shared_ptr<HostedActor>>> acquire(ActorId, FetchOptions) override {
    co_return make_error("guard", "service_unavailable");
  }
  std::map<Bytes, KvEntry> kv_entries;
  Task<Result<std::optional<KvEntry>>> kv_entry(ActorId, Bytes key) override {
    const auto found = kv_entries.find(key);
    if (found == kv_entries.end()) co_return std::optional<KvEntry>();
    co_return std::optional(found->second);
  }
  Task<Result<Bytes>> call(NamespaceId, ActorAddress, std::string, Bytes) override {
    co_return make_error("guard", "service_unavailable");
  }
  std::size_t resident_actors() const override { return running.size(); }

 private:
  static CreateActor request(GetOrCreate create) {
    return {create.namespace_id, create.name, create.key, create.pool, create.input};
  }
  void complete(ActorRecord& record) const {
    if (running.contains(record.id)) record.connectable_ts = 5'000;
  }
  Task<Result<void>> note(std::string what, ActorId id) {
    calls.push_back(what + " " + id.text());
    co_return Result<void>();
  }

  EngineSettings settings_;
  FakeDirectory directory_;
  WatchedStore store_;
  std::unique_ptr<PoolDirectory> pools_ = make_pool_directory(store_);
  PoolErrors pool_errors_{3};
};

}  // namespace troupe::testing
