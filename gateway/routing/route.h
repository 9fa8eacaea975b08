#pragma once

#include <string_view>

#include "gateway/routing/target.h"
#include "troupe/http.h"

namespace troupe {

/// Lifetime: borrows everything.
struct RouteRequest {
  std::string_view method;
  /// Origin form: starts with '/'.
  std::string_view target;
  const HttpHeaders& headers;
  /// A well-formed WebSocket upgrade.
  bool websocket = false;
};

struct RouteOptions {
  /// Serve `/health/ws`.
  bool health_websocket = false;
};

/// Decides who answers a request. Pure and total: what is malformed becomes a Refusal.
Target route(const RouteRequest& request, RouteOptions options = {});

}  // namespace troupe
