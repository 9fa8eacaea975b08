#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "engine/base/ports.h"
#include "engine/engine.h"
#include "troupe/http.h"

namespace troupe {

/// What was answered to one request, for metrics. Views live as long as the call.
struct ApiAnswer {
  std::string_view method;
  /// Route template, as `/actors/{actor_id}`; empty for unknown paths.
  std::string_view path;
  int status = 0;
  std::chrono::nanoseconds duration{0};
};

struct ManagementSettings {
  /// Set: every route of the actor, namespace and pool families wants `Authorization: Bearer <token>`.
  std::string admin_token;
  /// URL of this datacenter in `GET /datacenters`, with a trailing slash.
  std::string public_url;
  /// Called after every answer, from any thread; must not block.
  std::function<void(const ApiAnswer&)> on_answer;
};

/// The engine's own HTTP API: actors, namespaces, pools, health. Source: management API of Rivet Engine 2.3.19.
/// Threads: any.
class ManagementApi {
 public:
  virtual ~ManagementApi() = default;
  /// Answers every request, unknown paths included, with the CORS headers of the route. The caller adds
  /// `x-rivet-ray-id`. `ray_id` is that of the request. The answer to a HEAD request carries the body of the GET; the
  /// caller leaves it out.
  virtual Task<HttpResponse> handle(HttpRequest request, std::string ray_id) = 0;
};

/// Lifetime: `engine` outlives it.
std::unique_ptr<ManagementApi> make_management_api(const Ports& ports, Engine& engine, ManagementSettings settings);

}  // namespace troupe
