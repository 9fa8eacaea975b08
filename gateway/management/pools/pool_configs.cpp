#include <algorithm>

#include "engine/base/errors.h"
#include "engine/pools/pool_rules.h"
#include "gateway/management/handlers.h"
#include "gateway/management/http/json_body.h"
#include "gateway/management/http/query.h"
#include "gateway/management/pools/pool_json.h"

namespace troupe::management {

namespace {

constexpr std::string_view kVariants[] = {"serverless", "normal"};
constexpr Field kListFields[] = {{"namespace", FieldKind::text, true},
                                 {"limit", FieldKind::integer},
                                 {"cursor"},
                                 {"variant", FieldKind::variant, false, kVariants},
                                 {"runner_names"},
                                 {"runner_name", FieldKind::texts}};
constexpr Field kQueryFields[] = {{"namespace", FieldKind::text, true}};
constexpr Field kPutFields[] = {{"datacenters", FieldKind::object, true}};

/// The stored pools, and the one of this process's own actors where nobody has written a config for it.
std::vector<PoolPtr> pools_of(Engine& engine, const NamespaceId& ns) {
  auto pools = engine.pools().list(ns);
  const auto& local = engine.settings().local_pool;
  if (engine.has_local_actors(ns) && !engine.pools().find(ns, local)) {
    const auto after = std::ranges::find_if(pools, [&](const auto& pool) { return pool->name > local; });
    pools.insert(after, std::make_shared<const Pool>(Pool{ns, local, {}, std::nullopt}));
  }
  return pools;
}

/// Which pools are asked for.
struct Filter {
  std::vector<std::string> names;
  std::optional<std::string> variant;
  std::optional<std::string> after_name;
  std::size_t limit = 0;

  static Filter of(const Query& query) {
    Filter filter;
    filter.names = query.texts("runner_name");
    for (auto& name : split_list(query.text("runner_names").value_or(""))) filter.names.push_back(std::move(name));
    filter.limit = page_limit(query.integer("limit"));
    filter.variant = query.text("variant");
    // "variant:name", as older releases returned it.
    const auto cursor = query.text("cursor");
    if (!cursor) return filter;
    const auto colon = std::ranges::find(*cursor, ':');
    if (colon == cursor->end()) return filter;
    filter.after_name = std::string(colon + 1, cursor->end());
    const std::string variant(cursor->begin(), colon);
    if (!filter.variant && std::ranges::find(kVariants, variant) != std::end(kVariants)) filter.variant = variant;
    return filter;
  }

  bool wants(const Pool& pool) const {
    if (!names.empty()) return std::ranges::find(names, pool.name) != names.end();
    if (variant && *variant != (pool.is_serverless() ? "serverless" : "normal")) return false;
    return !after_name || pool.name > *after_name;
  }
};

Json pool_json(const Pool& pool, const ApiCall& call) {
  Json json = pool_config_json(pool.config);
  json["protocol_version"] = pool.protocol_version ? Json(*pool.protocol_version) : Json(nullptr);
  if (const auto error = call.engine().pool_errors().active(pool.namespace_id, pool.name))
    json["runner_pool_error"] = pool_error_json(*error);
  return json;
}

/// The config for this datacenter, nothing when the body has none. Errors: `datacenter.not_found` for any other.
Result<std::optional<PoolConfig>> own_config(const JsonBody& body, const std::string& datacenter) {
  std::optional<PoolConfig> own;
  bool foreign = false;
  for (const auto& [name, value] : body.json("datacenters").items()) {
    TROUPE_TRY(auto config, read_pool_config(value, "datacenters." + name));
    if (name == datacenter) {
      own = std::move(config);
    } else {
      foreign = true;
    }
  }
  if (foreign) return make_error("datacenter", "not_found");
  return own;
}

}  // namespace

Task<Result<HttpResponse>> list_runner_configs(ApiCall call) {
  TROUPE_CO_TRY(const auto query, Query::parse(call.query, kListFields));
  TROUPE_CO_CHECK(authorize(call));
  TROUPE_CO_TRY(const auto ns, resolve_namespace(call, query.required("namespace")));
  const auto filter = Filter::of(query);
  Json configs = Json::object();
  for (const auto& pool : pools_of(call.engine(), ns.id)) {
    if (!filter.wants(*pool)) continue;
    if (filter.names.empty() && configs.size() >= filter.limit) break;
    configs[pool->name]["datacenters"][call.engine().settings().datacenter_name] = pool_json(*pool, call);
  }
  Json body;
  body["runner_configs"] = std::move(configs);
  body["pagination"] = pagination(std::nullopt);
  co_return json_answer(body);
}

Task<Result<HttpResponse>> put_runner_config(ApiCall call) {
  TROUPE_CO_TRY(const auto query, Query::parse(call.query, kQueryFields));
  TROUPE_CO_TRY(const auto request, co_await JsonBody::read(call.request, kPutFields));
  const auto& settings = call.engine().settings();
  auto config = own_config(request, settings.datacenter_name);
  if (!config && config.error().group() == "api") co_return config.error();
  TROUPE_CO_CHECK(authorize(call));
  if (!config) co_return config.error();
  TROUPE_CO_TRY(const auto ns, resolve_namespace(call, query.required("namespace")));
  const auto& name = call.params.at(0);
  bool changed = false;
  if (*config) {
    TROUPE_CO_CHECK(check_pool_config(**config, settings.actor_stop_threshold.count()));
    TROUPE_CO_TRY(changed, co_await call.engine().pools().put(ns.id, name, **config));
    auto pool = call.engine().pools().find(ns.id, name);
    if (changed && pool && pool->is_serverless()) {
      // So that the names and the protocol of the endpoint are known to whoever comes next; without them it works, too.
      (void)co_await call.engine().endpoints().refresh(std::move(pool));
    }
  } else {
    TROUPE_CO_CHECK(co_await call.engine().pools().erase(ns.id, name));
  }
  Json body;
  body["endpoint_config_changed"] = changed;
  co_return json_answer(body);
}

Task<Result<HttpResponse>> delete_runner_config(ApiCall call) {
  TROUPE_CO_TRY(const auto query, Query::parse(call.query, kQueryFields));
  TROUPE_CO_CHECK(authorize(call));
  TROUPE_CO_TRY(const auto ns, resolve_namespace(call, query.required("namespace")));
  TROUPE_CO_CHECK(co_await call.engine().pools().erase(ns.id, call.params.at(0)));
  co_return json_answer(Json::object());
}

}  // namespace troupe::management
