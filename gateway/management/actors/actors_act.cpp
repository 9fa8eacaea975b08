#include "engine/base/codec/json.h"
#include "engine/base/errors.h"
#include "gateway/management/handlers.h"
#include "gateway/management/http/json_body.h"
#include "gateway/management/http/query.h"

namespace troupe::management {

namespace {

constexpr Field kQueryFields[] = {{"namespace", FieldKind::text, true}};

enum class WithBody { no, yes };

/// The actor that the path names, after all checks of the request. Errors: `actor.not_found` for unknown ids and those
/// of another namespace.
Task<Result<ActorRecord>> find_target(const ApiCall& call, WithBody with_body) {
  TROUPE_CO_TRY(const auto id, path_id(call, 0));
  TROUPE_CO_TRY(const auto query, Query::parse(call.query, kQueryFields));
  if (with_body == WithBody::yes) {
    TROUPE_CO_CHECK(co_await JsonBody::read(call.request, {}));
  }
  TROUPE_CO_CHECK(authorize(call));
  TROUPE_CO_CHECK(check_datacenter_label(call, id));
  TROUPE_CO_TRY(const auto ns, resolve_namespace(call, query.required("namespace")));
  TROUPE_CO_TRY(auto found, co_await call.engine().find(id));
  if (!found || found->namespace_id != ns.id) co_return make_error("actor", "not_found");
  co_return *std::move(found);
}

}  // namespace

Task<Result<HttpResponse>> destroy_actor(ApiCall call) {
  TROUPE_CO_TRY(const auto actor, co_await find_target(call, WithBody::no));
  TROUPE_CO_CHECK(co_await call.engine().destroy(actor.id));
  co_return json_answer(Json::object());
}

Task<Result<HttpResponse>> sleep_actor(ApiCall call) {
  TROUPE_CO_TRY(const auto actor, co_await find_target(call, WithBody::yes));
  if (!actor.destroyed()) {
    TROUPE_CO_CHECK(co_await call.engine().sleep(actor.id));
  }
  co_return json_answer(Json::object());
}

Task<Result<HttpResponse>> reschedule_actor(ApiCall call) {
  TROUPE_CO_TRY(const auto actor, co_await find_target(call, WithBody::yes));
  if (!actor.destroyed()) {
    TROUPE_CO_CHECK(co_await call.engine().reschedule(actor.id));
  }
  co_return json_answer(Json::object());
}

Task<Result<HttpResponse>> read_actor_kv(ApiCall call) {
  TROUPE_CO_TRY(const auto actor, co_await find_target(call, WithBody::no));
  auto key = decode_base64(call.params.at(1));
  if (!key) co_return internal_error("the key of the path is no base64");
  TROUPE_CO_TRY(const auto entry, co_await call.engine().kv_entry(actor.id, *std::move(key)));
  if (!entry) co_return make_error("actor", "kv_key_not_found");
  Json body;
  body["value"] = encode_base64(entry->value);
  // Entries of actors inside this process carry no time; they count as old as their actor.
  body["update_ts"] = entry->update_ts.value_or(actor.create_ts);
  co_return json_answer(body);
}

}  // namespace troupe::management
