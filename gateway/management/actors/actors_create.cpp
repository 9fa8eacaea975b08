#include "engine/base/codec/json.h"
#include "engine/base/errors.h"
#include "gateway/management/actors/actor_json.h"
#include "gateway/management/handlers.h"
#include "gateway/management/http/json_body.h"
#include "gateway/management/http/query.h"

namespace troupe::management {

namespace {

constexpr std::size_t kKeyBytesMax = 1'024;
constexpr std::size_t kInputBytesMax = 1u << 20;

constexpr std::string_view kCrashPolicies[] = {"restart", "sleep", "destroy"};
constexpr Field kQueryFields[] = {{"namespace", FieldKind::text, true}};
constexpr Field kCreateFields[] = {
    {"datacenter"},
    {"name", FieldKind::text, true},
    {"key"},
    {"input"},
    {"runner_name_selector", FieldKind::text, true},
    {"crash_policy", FieldKind::variant, true, kCrashPolicies},
};
constexpr Field kGetOrCreateFields[] = {
    {"datacenter"},
    {"name", FieldKind::text, true},
    {"key", FieldKind::text, true},
    {"input"},
    {"runner_name_selector", FieldKind::text, true},
    {"crash_policy", FieldKind::variant, true, kCrashPolicies},
};

/// The first `bytes_max` bytes, cut between characters.
std::string preview(const std::string& text, std::size_t bytes_max) {
  auto size = std::min(text.size(), bytes_max);
  while (size > 0 && size < text.size() && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
  return text.substr(0, size);
}

Result<void> check_key(const std::optional<std::string>& key) {
  if (!key) return {};
  if (key->empty()) return make_error("actor", "empty_key");
  if (key->size() > kKeyBytesMax)
    return make_error("actor", "key_too_large",
                      Value::object({{"max_size", kKeyBytesMax}, {"key_preview", preview(*key, kKeyBytesMax)}}));
  return {};
}

/// Bytes that the text would decode to, whether or not it is base64.
std::size_t decoded_size(std::string_view base64) {
  std::size_t padding = 0;
  while (padding < 2 && padding < base64.size() && base64[base64.size() - 1 - padding] == '=') ++padding;
  const auto size = base64.size() * 3 / 4;
  return size - std::min(size, padding);
}

/// Nothing for text that is no padded base64: such an actor starts without input.
Result<std::optional<Bytes>> decode_input(const std::optional<std::string>& text) {
  if (!text || text->empty()) return std::optional<Bytes>();
  if (decoded_size(*text) > kInputBytesMax)
    return make_error("actor", "input_too_large", Value::object({{"max_size", kInputBytesMax}}));
  return decode_base64(*text);
}

/// Everything that both ways to create have in common, in the order of the checks.
Task<Result<GetOrCreate>> read_request(const ApiCall& call, std::span<const Field> fields) {
  TROUPE_CO_TRY(const auto query, Query::parse(call.query, kQueryFields));
  TROUPE_CO_TRY(const auto body, co_await JsonBody::read(call.request, fields));
  TROUPE_CO_CHECK(authorize(call));
  TROUPE_CO_TRY(const auto ns, resolve_namespace(call, query.required("namespace")));
  const auto datacenter = body.text("datacenter");
  if (datacenter && *datacenter != call.engine().settings().datacenter_name)
    co_return make_error("datacenter", "not_found");

  GetOrCreate create;
  create.namespace_id = ns.id;
  create.name = body.required("name");
  create.key = body.text("key");
  create.pool = body.required("runner_name_selector");
  if (!call.engine().pool_exists(ns.id, create.pool, create.name))
    co_return make_error("actor", "no_runner_config_configured",
                         Value::object({{"namespace", ns.name}, {"pool_name", create.pool}}));
  TROUPE_CO_CHECK(check_key(create.key));
  TROUPE_CO_TRY(create.input, decode_input(body.text("input")));
  co_return create;
}

}  // namespace

Task<Result<HttpResponse>> create_actor(ApiCall call) {
  TROUPE_CO_TRY(auto create, co_await read_request(call, kCreateFields));
  TROUPE_CO_TRY(const auto actor, co_await call.engine().create(std::move(create)));
  Json body;
  body["actor"] = actor_json(actor, call);
  co_return json_answer(body);
}

Task<Result<HttpResponse>> get_or_create_actor(ApiCall call) {
  TROUPE_CO_TRY(auto create, co_await read_request(call, kGetOrCreateFields));
  TROUPE_CO_TRY(const auto created, co_await call.engine().get_or_create(std::move(create)));
  Json body;
  body["actor"] = actor_json(created.actor, call);
  body["created"] = created.created;
  co_return json_answer(body);
}

}  // namespace troupe::management
