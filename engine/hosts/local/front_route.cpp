#include "engine/hosts/local/front_route.h"

#include "engine/hosts/local/percent.h"

namespace troupe {
namespace {

using Kind = FrontRoute::Kind;

constexpr std::string_view kRequest = "/request";

/// One segment, not empty.
FrontRoute named_route(Kind kind, std::string_view segment) {
  if (segment.empty() || segment.find('/') != std::string_view::npos) return {};
  auto name = percent_decode(segment);
  if (!name) return {Kind::broken_escape, {}};
  return {kind, *std::move(name)};
}

/// `rest` is what follows the prefix: empty, a path or a query.
FrontRoute raw_route(std::string_view rest) {
  std::string target;
  target.reserve(rest.size() + 1);
  if (rest.empty() || rest.front() != '/') target += '/';
  target += rest;
  return {Kind::raw_request, std::move(target)};
}

}  // namespace

std::string_view path_of(std::string_view target) { return target.substr(0, target.find('?')); }

FrontRoute parse_front_route(std::string_view target) {
  constexpr std::string_view kAction = "/action/", kQueue = "/queue/", kInspector = "/inspector/";
  if (target.starts_with(kRequest)) {
    const std::string_view rest = target.substr(kRequest.size());
    if (rest.empty() || rest.front() == '/' || rest.front() == '?') return raw_route(rest);
  }
  const std::string_view path = path_of(target);
  if (path.starts_with(kAction)) return named_route(Kind::action, path.substr(kAction.size()));
  if (path.starts_with(kQueue)) return named_route(Kind::queue, path.substr(kQueue.size()));
  if (path.starts_with(kInspector)) return {Kind::inspector, {}};
  if (path == "/health") return {Kind::health, {}};
  if (path == "/metadata") return {Kind::metadata, {}};
  if (path == "/metrics") return {Kind::metrics, {}};
  if (path == "/") return {Kind::root, {}};
  return {};
}

}  // namespace troupe
