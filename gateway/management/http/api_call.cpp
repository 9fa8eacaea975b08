#include "gateway/management/http/api_call.h"

#include <algorithm>

#include "engine/base/errors.h"

namespace troupe::management {

namespace {

/// Takes the same time wherever the first difference is.
bool equal_in_constant_time(std::string_view secret, std::string_view given) {
  std::size_t difference = secret.size() ^ given.size();
  for (std::size_t i = 0; i < given.size(); ++i) {
    const auto mine = static_cast<unsigned char>(secret[i % secret.size()]);
    difference |= static_cast<std::size_t>(mine ^ static_cast<unsigned char>(given[i]));
  }
  return difference == 0;
}

Error forbidden(const char* reason) { return make_error("api", "forbidden", Value::object({{"reason", reason}})); }

}  // namespace

Result<void> authorize(const ApiCall& call) {
  const auto& secret = call.context->settings.admin_token;
  if (secret.empty()) return {};
  constexpr std::string_view kScheme = "Bearer ";
  const auto* header = call.request.headers.find("authorization");
  if (!header || !header->starts_with(kScheme)) return forbidden("Token not provided");
  if (!equal_in_constant_time(secret, std::string_view(*header).substr(kScheme.size())))
    return forbidden("Invalid token");
  return {};
}

Error bad_request(std::string_view reason) {
  return make_error("api", "bad_request", Value::object({{"reason", reason}}));
}

Result<Id> path_id(const ApiCall& call, std::size_t index) {
  auto id = Id::parse(call.params.at(index));
  if (!id) return bad_request("Invalid URL: " + id.error().message());
  return id;
}

Result<NamespaceRecord> resolve_namespace(const ApiCall& call, std::string_view name) {
  auto found = call.engine().directory().find_namespace(name);
  if (!found) return make_error("namespace", "not_found");
  return *std::move(found);
}

Result<void> check_datacenter_label(const ApiCall& call, const Id& id) {
  if (id.label() != call.engine().settings().datacenter_label) return make_error("datacenter", "not_found");
  return {};
}

HttpResponse json_answer(const Json& body, int status) {
  HttpResponse response;
  response.status = status;
  response.headers.set("content-type", "application/json");
  // Names taken from elsewhere may hold anything; the answer stays valid JSON.
  response.body = to_bytes(body.dump(-1, ' ', false, Json::error_handler_t::replace));
  return response;
}

Json pagination(std::optional<std::string> cursor) {
  Json json;
  json["cursor"] = cursor ? Json(*std::move(cursor)) : Json(nullptr);
  return json;
}

std::size_t page_limit(std::optional<std::uint64_t> asked) {
  if (!asked) return kPageLimitDefault;
  return static_cast<std::size_t>(std::min<std::uint64_t>(*asked, kPageLimitMax));
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const auto comma = text.find(',');
    auto part = text.substr(0, comma);
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    if (!part.empty()) parts.emplace_back(part);
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  return parts;
}

}  // namespace troupe::management
