#include "tests/unit/management/fake_engine.h"

namespace troupe::testing {

const NamespaceRecord& FakeDirectory::add_namespace(std::string name, std::string display_name) {
  NamespaceRecord record{Id::make(ports_.random, 1), std::move(name), std::move(display_name), next_ts_++};
  return namespaces_.emplace_back(std::move(record));
}

Task<Result<void>> FakeDirectory::open() { co_return Result<void>(); }

Task<Result<NamespaceRecord>> FakeDirectory::create_namespace(std::string name, std::string display_name) {
  if (find_namespace(name)) co_return make_error("namespace", "name_not_unique");
  co_return add_namespace(std::move(name), std::move(display_name));
}

std::optional<NamespaceRecord> FakeDirectory::find_namespace(std::string_view name) const {
  for (const auto& record : namespaces_)
    if (record.name == name) return record;
  return std::nullopt;
}

std::optional<NamespaceRecord> FakeDirectory::find_namespace(const NamespaceId& id) const {
  for (const auto& record : namespaces_)
    if (record.id == id) return record;
  return std::nullopt;
}

Task<Result<ActorRecord>> FakeDirectory::create(CreateActor create) {
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

Task<Result<Directory::Created>> FakeDirectory::get_or_create(CreateActor create) {
  const auto ns = create.namespace_id;
  const auto name = create.name;
  const auto key = create.key.value_or("");
  auto made = co_await this->create(std::move(create));
  if (made) co_return Created{*made, true};
  auto found = co_await find_by_key(ns, name, key);
  co_return Created{actors_.at(**found), false};
}

Task<Result<std::optional<ActorRecord>>> FakeDirectory::find(ActorId id) {
  const auto found = actors_.find(id);
  if (found == actors_.end()) co_return std::optional<ActorRecord>();
  co_return std::optional(found->second);
}

Task<Result<std::optional<ActorId>>> FakeDirectory::find_by_key(NamespaceId ns, std::string name, std::string key) {
  for (const auto& [id, actor] : actors_)
    if (!actor.destroyed() && actor.namespace_id == ns && actor.name == name && actor.key == key)
      co_return std::optional(id);
  co_return std::optional<ActorId>();
}

Task<Result<ActorPage>> FakeDirectory::list(NamespaceId ns, std::string name, std::optional<std::string> key,
                                            bool include_destroyed, std::size_t limit,
                                            std::optional<std::int64_t> before_ts) {
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

Task<Result<ActorRecord>> FakeDirectory::update(ActorId id, std::function<void(ActorRecord&)> change, Ack) {
  change(actors_.at(id));
  co_return actors_.at(id);
}

Task<Result<ActorRecord>> FakeDirectory::destroy(ActorId id, std::int64_t now_ms) {
  actors_.at(id).destroy_ts = now_ms;
  co_return actors_.at(id);
}

Task<Result<std::vector<ActorId>>> FakeDirectory::awake(std::optional<ActorId>, std::size_t) {
  co_return std::vector<ActorId>();
}

Task<Result<Directory::DueAlarms>> FakeDirectory::due_alarms(std::optional<AlarmPosition>, std::int64_t, std::size_t) {
  co_return DueAlarms{};
}

FakeEngine::FakeEngine(const Ports& ports) : directory_(ports) {}

FakeEngine::~FakeEngine() = default;

Task<Result<void>> FakeEngine::start() { co_return Result<void>(); }

Task<void> FakeEngine::stop() { co_return; }

bool FakeEngine::pool_exists(const NamespaceId&, const std::string& pool, const std::string& name) const {
  return pool == "default" || names.contains(name);
}

Task<Result<ActorRecord>> FakeEngine::create(GetOrCreate create) {
  if (throws) throw std::runtime_error("broken");
  co_return co_await directory_.create(request(std::move(create)));
}

Task<Result<Directory::Created>> FakeEngine::get_or_create(GetOrCreate create) {
  co_return co_await directory_.get_or_create(request(std::move(create)));
}

Task<Result<std::optional<ActorRecord>>> FakeEngine::find(ActorId id) {
  auto found = co_await directory_.find(id);
  if (found && *found) complete(**found);
  co_return found;
}

void FakeEngine::refresh(std::vector<ActorRecord>& records) const {
  for (auto& record : records) complete(record);
}

Task<Result<void>> FakeEngine::destroy(ActorId id) {
  if (!directory_.at(id).destroyed()) directory_.at(id).destroy_ts = 9'999;
  return note("destroy", id);
}

Task<Result<HttpResponse>> FakeEngine::fetch(ActorId, std::shared_ptr<const HttpRequest>, FetchOptions) {
  co_return make_error("guard", "service_unavailable");
}

Task<Result<std::shared_ptr<ActorSocket>>> FakeEngine::open_websocket(ActorId, std::shared_ptr<HostedActor>,
                                                                      HttpRequest, std::shared_ptr<ClientSocket>) {
  co_return std::shared_ptr<ActorSocket>();
}

Task<Result<std::shared_ptr<HostedActor>>> FakeEngine::acquire(ActorId, FetchOptions) {
  co_return make_error("guard", "service_unavailable");
}

Task<Result<std::optional<Engine::KvEntry>>> FakeEngine::kv_entry(ActorId, Bytes key) {
  const auto found = kv_entries.find(key);
  if (found == kv_entries.end()) co_return std::optional<KvEntry>();
  co_return std::optional(found->second);
}

Task<Result<Bytes>> FakeEngine::call(NamespaceId, ActorAddress, std::string, Bytes) {
  co_return make_error("guard", "service_unavailable");
}

CreateActor FakeEngine::request(GetOrCreate create) {
  return {create.namespace_id, create.name, create.key, create.pool, create.input};
}

void FakeEngine::complete(ActorRecord& record) const {
  if (running.contains(record.id)) record.connectable_ts = 5'000;
}

Task<Result<void>> FakeEngine::note(std::string what, ActorId id) {
  calls.push_back(what + " " + id.text());
  co_return Result<void>();
}

}  // namespace troupe::testing
