#include "engine/engine.h"

#include <utility>

#include "engine/base/codec/json.h"
#include "engine/base/errors.h"
#include "engine/engine_hosts.h"
#include "engine/placement/actor_calls.h"
#include "engine/placement/creation.h"
#include "engine/placement/hand_over.h"
#include "engine/placement/placement.h"

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
               std::shared_ptr<const Registry> registry, const MakeHosts& make_hosts)
      : settings_(std::move(settings)),
        registry_(std::move(registry)),
        directory_(make_directory(ports, store, actors, settings_.datacenter_label)),
        placement_(std::make_shared<Placement>(ports, settings_, *directory_, actors)),
        creation_(std::make_shared<Creation>(ports, settings_, *directory_, placement_)),
        calls_(std::make_shared<ActorCalls>(ports, settings_, creation_, placement_)) {
    placement_->make_sockets();
    for (auto& host : make_hosts(make_actor_caller(calls_))) placement_->add_host(std::move(host));
  }

  const EngineSettings& settings() const override { return settings_; }
  Directory& directory() override { return *directory_; }
  std::size_t resident_actors() const override { return placement_->residents(); }

  Task<Result<void>> start() override {
    TROUPE_CO_CHECK(co_await directory_->open());
    co_return co_await placement_->start();
  }

  Task<void> stop() override { co_await placement_->stop(settings_.shutdown_grace); }

  std::map<std::string, std::string> actor_names(const NamespaceId&) const override {
    std::map<std::string, std::string> names;
    for (const auto& [name, definition] : registry_->all()) names[name] = announced_metadata(definition->options);
    return names;
  }

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

  Task<Result<HttpResponse>> fetch(ActorId id, HttpRequest request, FetchOptions options) override {
    auto work = [request = std::move(request)](HostedActor& hosted) { return hosted.fetch(request); };
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

 private:
  Task<Result<void>> order(ActorId id, ActorInput input) {
    TROUPE_CO_TRY(auto record, co_await directory_->find(id));
    if (!record) co_return make_error("actor", "not_found");
    placement_->order(id, input);
    co_return Result<void>();
  }

  EngineSettings settings_;
  std::shared_ptr<const Registry> registry_;
  std::unique_ptr<Directory> directory_;
  std::shared_ptr<Placement> placement_;
  std::shared_ptr<Creation> creation_;
  std::shared_ptr<ActorCalls> calls_;
};

}  // namespace

std::unique_ptr<Engine> make_engine_over(Ports ports, EngineSettings settings, Store& store, ActorStore& actors,
                                         std::shared_ptr<const Registry> registry, MakeHosts make_hosts) {
  return std::make_unique<HostedEngine>(ports, std::move(settings), store, actors, std::move(registry), make_hosts);
}

}  // namespace troupe
