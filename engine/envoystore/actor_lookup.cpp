#include "engine/envoystore/actor_lookup.h"

#include "engine/base/errors.h"

namespace troupe {

Task<Result<ActorId>> ActorLookup::find_live(NamespaceId ns, std::string actor_id) {
  TROUPE_CO_TRY(const ActorId id, Id::parse(actor_id));
  TROUPE_CO_TRY(const auto record, co_await directory_.find(id));
  if (!record || record->destroyed() || record->namespace_id != ns) co_return make_error("actor", "not_found");
  co_return id;
}

Task<Result<ActorId>> ActorLookup::find_fenced(NamespaceId ns, std::string actor_id) {
  TROUPE_CO_TRY(const ActorId id, Id::parse(actor_id));
  std::optional<NamespaceId> home = namespaces_.find(id);
  if (!home) {
    TROUPE_CO_TRY(const auto record, co_await directory_.find(id));
    if (!record) co_return make_error("actor", "not_found");
    home = record->namespace_id;
    namespaces_.put(id, *home);
  }
  if (*home != ns) co_return make_error("actor", "not_found");
  co_return id;
}

Task<Result<bool>> ActorLookup::is_live(ActorId id) {
  TROUPE_CO_TRY(const auto record, co_await directory_.find(id));
  co_return record && !record->destroyed();
}

}  // namespace troupe
