#include <algorithm>

#include "engine/base/errors.h"
#include "gateway/management/actors/actor_json.h"
#include "gateway/management/handlers.h"
#include "gateway/management/http/json_body.h"
#include "gateway/management/http/query.h"
#include "gateway/management/namespace_names.h"

namespace troupe::management {

namespace {

constexpr Field kListFields[] = {
    {"limit", FieldKind::integer}, {"cursor"}, {"name"}, {"namespace_ids"}, {"namespace_id", FieldKind::ids}};
constexpr Field kCreateFields[] = {{"name", FieldKind::text, true}, {"display_name", FieldKind::text, true}};

HttpResponse page_answer(const std::vector<NamespaceRecord>& records, std::optional<std::string> cursor) {
  Json list = Json::array();
  for (const auto& record : records) list.push_back(namespace_json(record));
  Json body;
  body["namespaces"] = std::move(list);
  body["pagination"] = pagination(std::move(cursor));
  return json_answer(body);
}

}  // namespace

Task<Result<HttpResponse>> list_namespaces(ApiCall call) {
  TROUPE_CO_TRY(const auto query, Query::parse(call.query, kListFields));
  TROUPE_CO_CHECK(authorize(call));
  TROUPE_CO_TRY(const auto ids, query.all_ids("namespace_ids", "namespace_id"));
  const auto& directory = call.engine().directory();
  std::vector<NamespaceRecord> found;
  if (const auto name = query.text("name")) {
    if (auto record = directory.find_namespace(*name)) found.push_back(*std::move(record));
    co_return page_answer(found, std::nullopt);
  }
  if (!ids.empty()) {
    for (const auto& id : ids)
      if (auto record = directory.find_namespace(id)) found.push_back(*std::move(record));
    co_return page_answer(found, std::nullopt);
  }
  found = directory.namespaces();
  if (const auto limit = query.integer("limit"))
    found.resize(std::min(found.size(), static_cast<std::size_t>(std::min<std::uint64_t>(*limit, found.size()))));
  co_return page_answer(found, found.empty() ? std::nullopt : std::optional(std::to_string(found.back().create_ts)));
}

Task<Result<HttpResponse>> create_namespace(ApiCall call) {
  TROUPE_CO_TRY(const auto body, co_await JsonBody::read(call.request, kCreateFields));
  TROUPE_CO_CHECK(authorize(call));
  auto name = body.required("name"), display_name = body.required("display_name");
  if (const auto reason = namespace_name_problem(name, display_name))
    co_return make_error("namespace", "failed_to_create", Value::object({{"reason", *reason}}));
  TROUPE_CO_TRY(const auto record,
                co_await call.engine().directory().create_namespace(std::move(name), std::move(display_name)));
  Json answer;
  answer["namespace"] = namespace_json(record);
  co_return json_answer(answer);
}

}  // namespace troupe::management
