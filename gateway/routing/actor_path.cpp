#include "gateway/routing/actor_path.h"

#include "engine/base/errors.h"
#include "gateway/routing/percent.h"
#include "gateway/routing/query_params.h"

namespace troupe {
namespace {

constexpr std::string_view kGateway = "/gateway";

struct SplitTarget {
  std::string_view path;
  /// Without the '?'.
  std::optional<std::string_view> query;
};

SplitTarget split(std::string_view target) {
  target = target.substr(0, target.find('#'));
  const std::size_t question = target.find('?');
  if (question == std::string_view::npos) return {target, std::nullopt};
  return {target.substr(0, question), target.substr(question + 1)};
}

// What follows `/gateway`, or nothing. No empty segment can come before it, because "//" is excluded.
std::optional<std::string_view> after_gateway(std::string_view path) {
  if (!path.starts_with(kGateway) || path.find("//") != std::string_view::npos) return std::nullopt;
  path.remove_prefix(kGateway.size());
  if (!path.empty() && path.front() != '/') return std::nullopt;
  return path;
}

struct ActorSegment {
  std::string id;
  bool has_token = false;
};

std::optional<ActorSegment> parse_actor_segment(std::string_view segment) {
  const std::size_t at = segment.find('@');
  const std::string_view raw_id = segment.substr(0, at);
  if (raw_id.empty()) return std::nullopt;
  auto id = percent_decode(raw_id);
  if (!id) return std::nullopt;
  if (at == std::string_view::npos) return ActorSegment{std::move(*id), false};
  const std::string_view token = segment.substr(at + 1);
  if (token.empty() || !percent_decode(token)) return std::nullopt;
  return ActorSegment{std::move(*id), true};
}

}  // namespace

bool is_actor_path(std::string_view target) { return after_gateway(split(target).path).has_value(); }

Result<std::optional<ParsedActorPath>> parse_actor_path(std::string_view target) {
  const SplitTarget parts = split(target);
  const auto tail = after_gateway(parts.path);
  if (!tail) return std::nullopt;

  std::optional<std::string_view> segment;
  std::string_view rest;
  if (tail->size() > 1) {
    const std::size_t end = tail->find('/', 1);
    segment = tail->substr(1, end == std::string_view::npos ? end : end - 1);
    if (end != std::string_view::npos) rest = tail->substr(end);
  }

  ParsedActorPath parsed;
  parsed.target.path = rest.empty() ? "/" : std::string(rest);
  if (parts.query && has_actor_params(*parts.query)) {
    TROUPE_TRY(auto params, parse_actor_params(segment, *parts.query));
    parsed.target.actor = std::move(params.query);
    parsed.target.skip_ready_wait = params.skip_ready_wait;
    parsed.target.path += without_actor_params(*parts.query);
    parsed.has_token = params.has_token;
    parsed.by_query = true;
    return std::optional(std::move(parsed));
  }

  if (!segment) return std::nullopt;
  const auto actor = parse_actor_segment(*segment);
  if (!actor) return std::nullopt;
  auto id = Id::parse(actor->id);
  if (!id) return make_error("core", "internal_error", std::nullopt, "actor id in path: " + id.error().message());
  parsed.target.actor = *id;
  parsed.has_token = actor->has_token;
  if (parts.query) parsed.target.path.append("?").append(*parts.query);
  return std::optional(std::move(parsed));
}

}  // namespace troupe
