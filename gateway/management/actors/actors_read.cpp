#include <algorithm>

#include "engine/base/errors.h"
#include "gateway/management/actors/actor_json.h"
#include "gateway/management/handlers.h"
#include "gateway/management/http/query.h"

namespace troupe::management {

namespace {

constexpr std::size_t kActorIdsMax = 32;

constexpr Field kListFields[] = {
    {"namespace", FieldKind::text, true},
    {"name"},
    {"key"},
    {"actor_ids"},
    {"actor_id", FieldKind::ids},
    {"include_destroyed", FieldKind::boolean},
    {"limit", FieldKind::integer},
    {"cursor"},
};
constexpr Field kNamesFields[] = {{"namespace", FieldKind::text, true}, {"limit", FieldKind::integer}, {"cursor"}};

Error invalid_input(const char* message) {
  return make_error("validation", "invalid_input", Value::object({{"message", message}}));
}

/// Both parameters together, duplicates left out; texts in the comma list that are no ids are skipped.
std::vector<Id> asked_ids(const Query& query) {
  std::vector<Id> ids = query.ids("actor_id");
  if (const auto list = query.text("actor_ids"))
    for (const auto& text : split_list(*list))
      if (auto id = Id::parse(text)) ids.push_back(*id);
  return ids;
}

Task<Result<std::vector<ActorRecord>>> find_by_ids(Engine& engine, NamespaceId ns, std::vector<Id> ids) {
  std::vector<ActorRecord> actors;
  std::ranges::sort(ids);
  const auto repeated = std::ranges::unique(ids);
  ids.erase(repeated.begin(), repeated.end());
  for (const auto& id : ids) {
    TROUPE_CO_TRY(auto found, co_await engine.find(id));
    if (found && found->namespace_id == ns) actors.push_back(*std::move(found));
  }
  std::ranges::stable_sort(actors, std::ranges::greater(), &ActorRecord::create_ts);
  co_return actors;
}

Task<Result<std::vector<ActorRecord>>> find_by_key(Engine& engine, NamespaceId ns, std::string name, std::string key) {
  std::vector<ActorRecord> actors;
  TROUPE_CO_TRY(auto id, co_await engine.directory().find_by_key(ns, std::move(name), std::move(key)));
  if (!id) co_return actors;
  TROUPE_CO_TRY(auto found, co_await engine.find(*id));
  if (found && !found->destroyed()) actors.push_back(*std::move(found));
  co_return actors;
}

HttpResponse page_answer(const ApiCall& call, const std::vector<ActorRecord>& actors) {
  Json list = Json::array();
  for (const auto& actor : actors) list.push_back(actor_json(actor, call));
  Json body;
  body["actors"] = std::move(list);
  body["pagination"] =
      pagination(actors.empty() ? std::nullopt : std::optional(std::to_string(actors.back().create_ts)));
  return json_answer(body);
}

}  // namespace

Task<Result<HttpResponse>> list_actors(ApiCall call) {
  TROUPE_CO_TRY(const auto query, Query::parse(call.query, kListFields));
  TROUPE_CO_CHECK(authorize(call));
  const auto ids = asked_ids(query);
  const auto name = query.text("name"), key = query.text("key");
  if (!ids.empty() && (name || key))
    co_return invalid_input("Cannot provide both actor_id and (name + key). Use either actor_id or (name + key).");
  if (key && !name) co_return invalid_input("Name is required when key is provided.");
  if (ids.size() > kActorIdsMax)
    co_return make_error("validation", "too_many_actor_ids",
                         Value::object({{"count", ids.size()}, {"max", kActorIdsMax}}));
  if (ids.empty() && !name) co_return invalid_input("Name is required when not using actor_ids.");
  TROUPE_CO_TRY(const auto ns, resolve_namespace(call, query.required("namespace")));

  const auto limit = page_limit(query.integer("limit"));
  TROUPE_CO_TRY(const auto before, query.time_cursor());
  auto& engine = call.engine();
  if (!ids.empty()) {
    TROUPE_CO_TRY(auto actors, co_await find_by_ids(engine, ns.id, ids));
    if (before) std::erase_if(actors, [&](const auto& actor) { return actor.create_ts >= *before; });
    if (actors.size() > limit) actors.erase(actors.begin() + static_cast<std::ptrdiff_t>(limit), actors.end());
    co_return page_answer(call, actors);
  }
  const bool include_destroyed = query.flag("include_destroyed");
  if (key && !include_destroyed) {
    TROUPE_CO_TRY(const auto actors, co_await find_by_key(engine, ns.id, *name, *key));
    co_return page_answer(call, actors);
  }
  if (limit == 0) co_return page_answer(call, {});
  TROUPE_CO_TRY(auto page, co_await engine.directory().list(ns.id, *name, key, include_destroyed, limit, before));
  engine.refresh(page.actors);
  co_return page_answer(call, page.actors);
}

Task<Result<HttpResponse>> list_actor_names(ApiCall call) {
  TROUPE_CO_TRY(const auto query, Query::parse(call.query, kNamesFields));
  TROUPE_CO_CHECK(authorize(call));
  TROUPE_CO_TRY(const auto ns, resolve_namespace(call, query.required("namespace")));
  const auto limit = page_limit(query.integer("limit"));
  const auto announced = call.engine().actor_names(ns.id);
  const auto after = query.text("cursor");

  Json names = Json::object();
  std::optional<std::string> last;
  for (auto it = after ? announced.upper_bound(*after) : announced.begin();
       it != announced.end() && names.size() < limit; ++it) {
    auto details = Json::parse(it->second, nullptr, false);
    names[it->first]["metadata"] = details.is_object() ? std::move(details) : Json::object();
    last = it->first;
  }
  Json body;
  body["names"] = std::move(names);
  body["pagination"] = pagination(std::move(last));
  co_return json_answer(body);
}

}  // namespace troupe::management
