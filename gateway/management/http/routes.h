#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/management/http/api_call.h"

namespace troupe::management {

/// Answers one request whose route matched. Errors become the error body of the API.
using Handler = Task<Result<HttpResponse>> (*)(ApiCall call);

struct Method {
  std::string_view name;
  Handler handler = nullptr;
};

struct Route {
  /// Segments in braces match one non-empty segment.
  std::string_view path;
  std::vector<Method> methods;
  /// False: answers carry no CORS headers and OPTIONS is not answered.
  bool cors = true;
};

struct RouteMatch {
  const Route* route = nullptr;
  /// Decoded values of the braces.
  std::vector<std::string> params;
};

/// Every route of the API. Earlier ones win, so fixed segments come before parameters.
std::span<const Route> routes();

/// Finds the route of a path without its query; no route: nullptr.
RouteMatch match_route(std::span<const Route> routes, std::string_view path);

/// HEAD is answered by GET. nullptr when the route does not have the method.
Handler find_handler(const Route& route, std::string_view method);

/// "GET,HEAD,POST"
std::string allowed_methods(const Route& route);

}  // namespace troupe::management
