#include "gateway/envoy/envoy_query.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

#include "engine/base/errors.h"
#include "gateway/routing/percent.h"

namespace troupe {
namespace {

constexpr std::size_t kKeyBytesMin = 3, kKeyBytesMax = 128, kPoolBytesMax = 128;

Error invalid(std::string_view what) {
  return make_error("ws", "invalid_request", std::nullopt, std::string("query of an envoy: ") + std::string(what));
}

/// The first value of a parameter; nothing when it is missing or not UTF-8.
std::optional<std::string> parameter(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    const std::size_t equals = pair.find('=');
    if (form_decode(pair.substr(0, equals)) != name) continue;
    return form_decode(equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1));
  }
  return std::nullopt;
}

[[gnu::noinline]] Error not_a_number() {
  return make_error("core", "internal_error", std::nullopt, "a parameter of an envoy is not a number");
}

template <class Number>
Result<Number> number(std::string_view query, std::string_view name) {
  const auto text = parameter(query, name);
  if (!text) return invalid(name);
  Number value{};
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error == std::errc() && end == text->data() + text->size()) return value;
  return not_a_number();
}

bool is_key(std::string_view key) {
  if (key.size() < kKeyBytesMin || key.size() > kKeyBytesMax) return false;
  if (key.front() == '-' || key.back() == '-') return false;
  return std::ranges::all_of(key, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

}  // namespace

Result<EnvoyHello> parse_envoy_query(std::string_view target) {
  const std::size_t mark = target.find('?');
  const std::string_view query = mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
  EnvoyHello hello;
  TROUPE_TRY(hello.protocol, number<std::uint16_t>(query, "protocol_version"));
  if (hello.protocol < envoyproto::kMinVersion || hello.protocol > envoyproto::kMaxVersion)
    return invalid("protocol_version");
  const auto ns = parameter(query, "namespace");
  if (!ns || ns->empty()) return invalid("namespace");
  hello.namespace_name = *ns;
  const auto pool = parameter(query, "pool_name");
  if (!pool || pool->empty() || pool->size() > kPoolBytesMax) return invalid("pool_name");
  hello.pool = *pool;
  const auto key = parameter(query, "envoy_key");
  if (!key || !is_key(*key)) return invalid("envoy_key");
  hello.key = *key;
  TROUPE_TRY(hello.version, number<std::uint32_t>(query, "version"));
  return hello;
}

}  // namespace troupe
