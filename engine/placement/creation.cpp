#include "engine/placement/creation.h"

#include <utility>

#include "engine/base/errors.h"

namespace troupe {
namespace {

CreateActor record_of(GetOrCreate create) {
  return {create.namespace_id, std::move(create.name), std::move(create.key), std::move(create.pool),
          std::move(create.input)};
}

}  // namespace

Creation::Creation(Ports ports, const EngineSettings& settings, Directory& directory, PoolDirectory& pools,
                   std::shared_ptr<Placement> placement)
    : local_pool_(settings.local_pool),
      directory_(directory),
      pools_(pools),
      placement_(std::move(placement)),
      limit_(ports.clock, settings.actor_create_burst, settings.actor_create_interval) {}

bool Creation::pool_exists(const NamespaceId& ns, const std::string& pool, const std::string& name) const {
  return (!local_pool_.empty() && pool == local_pool_) || placement_->served(ns, pool, name) ||
         pools_.find(ns, pool) != nullptr;
}

Result<void> Creation::check_pool(const GetOrCreate& create) const {
  if (placement_->stopping()) return make_error("guard", "service_unavailable");
  if (pool_exists(create.namespace_id, create.pool, create.name)) return {};
  const auto ns = directory_.find_namespace(create.namespace_id);
  Value metadata = Value::object(
      {{"namespace", Value(ns ? ns->name : create.namespace_id.text())}, {"pool_name", Value(create.pool)}});
  return make_error("actor", "no_runner_config_configured", std::move(metadata));
}

Result<void> Creation::check_rate(const GetOrCreate& create) {
  if (runs_here(create) || limit_.admit(create.namespace_id)) return {};
  return make_error("actor", "creation_rate_limit");
}

bool Creation::runs_here(const GetOrCreate& create) const {
  for (const auto& host : placement_->hosts())
    if (host->serves(create.namespace_id, create.pool, create.name)) return !host->can_lose_actors();
  return false;
}

Task<Result<ActorRecord>> Creation::create(GetOrCreate create) {
  TROUPE_CO_CHECK(check_pool(create));
  TROUPE_CO_CHECK(check_rate(create));
  TROUPE_CO_TRY(auto record, co_await directory_.create(record_of(std::move(create))));
  // Whoever needs the actor wakes it again should this fail.
  (void)co_await placement_->wake(record.id, ActorInput::wake);
  co_return record;
}

Task<Result<Directory::Created>> Creation::get_or_create(GetOrCreate create) {
  TROUPE_CO_CHECK(check_pool(create));
  if (create.key) {
    TROUPE_CO_TRY(auto id, co_await directory_.find_by_key(create.namespace_id, create.name, *create.key));
    if (id) {
      TROUPE_CO_TRY(auto existing, co_await directory_.find(*id));
      if (existing && !existing->destroyed()) {
        placement_->refresh(*existing);
        co_return Directory::Created{std::move(*existing), false};
      }
    }
  }
  TROUPE_CO_CHECK(check_rate(create));
  TROUPE_CO_TRY(auto made, co_await directory_.get_or_create(record_of(std::move(create))));
  if (made.created) {
    (void)co_await placement_->wake(made.actor.id, ActorInput::wake);
  } else {
    placement_->refresh(made.actor);
  }
  co_return made;
}

}  // namespace troupe
