#include "gateway/management/http/routes.h"

#include "gateway/management/handlers.h"
#include "gateway/management/http/fields.h"

namespace troupe::management {

namespace {

/// Cuts the first segment off `path`, which starts with '/'.
std::string_view take_segment(std::string_view& path) {
  path.remove_prefix(1);
  const auto end = std::min(path.find('/'), path.size());
  const auto segment = path.substr(0, end);
  path.remove_prefix(end);
  return segment;
}

bool matches(std::string_view pattern, std::string_view path, std::vector<std::string>& params) {
  while (!pattern.empty() && !path.empty()) {
    const auto expected = take_segment(pattern);
    const auto segment = take_segment(path);
    if (expected.starts_with('{')) {
      if (segment.empty()) return false;
      params.push_back(decode_percent(segment));
    } else if (expected != segment) {
      return false;
    }
  }
  return pattern.empty() && path.empty();
}

}  // namespace

std::span<const Route> routes() {
  static const std::vector<Route> table = {
      {"/", {{"GET", root_redirect}}},
      {"/health", {{"GET", health}}, false},
      {"/health/fanout", {{"GET", health_fanout}}},
      {"/metadata", {{"GET", metadata}}},
      {"/datacenters", {{"GET", list_datacenters}}},
      {"/namespaces", {{"GET", list_namespaces}, {"POST", create_namespace}}},
      {"/actors", {{"GET", list_actors}, {"POST", create_actor}, {"PUT", get_or_create_actor}}},
      {"/actors/names", {{"GET", list_actor_names}}},
      {"/actors/{actor_id}", {{"DELETE", destroy_actor}}},
      {"/actors/{actor_id}/sleep", {{"POST", sleep_actor}}},
      {"/actors/{actor_id}/reschedule", {{"POST", reschedule_actor}}},
      {"/actors/{actor_id}/kv/keys/{key}", {{"GET", read_actor_kv}}},
      {"/envoys", {{"GET", list_envoys}}},
      {"/runners", {{"GET", list_runners}}},
      {"/runners/names", {{"GET", list_runner_names}}},
      {"/runner-configs", {{"GET", list_runner_configs}}},
      {"/runner-configs/serverless-health-check", {{"POST", check_serverless_health}}},
      {"/runner-configs/{runner_name}/refresh-metadata", {{"POST", refresh_pool_metadata}}},
      {"/runner-configs/{runner_name}", {{"DELETE", delete_runner_config}, {"PUT", put_runner_config}}},
  };
  return table;
}

RouteMatch match_route(std::span<const Route> routes, std::string_view path) {
  if (!path.starts_with('/')) return {};
  for (const auto& route : routes) {
    std::vector<std::string> params;
    if (matches(route.path, path, params)) return {&route, std::move(params)};
  }
  return {};
}

Handler find_handler(const Route& route, std::string_view method) {
  if (method == "HEAD") method = "GET";
  for (const auto& candidate : route.methods)
    if (candidate.name == method) return candidate.handler;
  return nullptr;
}

std::string allowed_methods(const Route& route) {
  std::string text;
  for (const auto& method : route.methods) {
    if (!text.empty()) text += ',';
    text += method.name;
    if (method.name == "GET") text += ",HEAD";
  }
  return text;
}

}  // namespace troupe::management
