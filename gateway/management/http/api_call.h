#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/ports.h"
#include "engine/engine.h"
#include "gateway/management/management_api.h"
#include "troupe/http.h"
#include "troupe/result.h"

/// What the route families of the management API share.
namespace troupe::management {

/// Members stay in the order in which they are added.
using Json = nlohmann::ordered_json;

/// Release of the reference whose API this is; clients and pools compare it.
inline constexpr std::string_view kEngineVersion = "2.3.19";

inline constexpr std::size_t kBodyBytesMax = 2u << 20;
inline constexpr std::size_t kPageLimitDefault = 100;
/// A larger `limit` is accepted and gives pages of this size.
inline constexpr std::size_t kPageLimitMax = 100'000;

struct ApiContext {
  Ports ports;
  Engine* engine = nullptr;
  ManagementSettings settings;
};

/// One matched request. Lifetime: the context outlives the call.
struct ApiCall {
  const ApiContext* context = nullptr;
  HttpRequest request;
  /// Values of the `{parameters}` of the route, percent-decoded.
  std::vector<std::string> params;
  /// Raw, without '?'.
  std::string query;
  std::string ray_id;

  Engine& engine() const { return *context->engine; }
};

/// Checks the admin token. Handlers call it after they have read path, query and body, and before they act.
/// Errors: `api.forbidden`.
Result<void> authorize(const ApiCall& call);

Error bad_request(std::string_view reason);

/// Path parameter `index` as an id. Errors: `api.bad_request`.
Result<Id> path_id(const ApiCall& call, std::size_t index);

/// Errors: `namespace.not_found`.
Result<NamespaceRecord> resolve_namespace(const ApiCall& call, std::string_view name);

/// Errors: `datacenter.not_found` for an id made elsewhere.
Result<void> check_datacenter_label(const ApiCall& call, const Id& id);

HttpResponse json_answer(const Json& body, int status = 200);

/// `{"pagination":{"cursor":…}}`, null without a cursor.
Json pagination(std::optional<std::string> cursor);

std::size_t page_limit(std::optional<std::uint64_t> asked);

/// Splits at commas; empty parts are left out.
std::vector<std::string> split_list(std::string_view text);

}  // namespace troupe::management
