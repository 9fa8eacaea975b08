#include "engine/base/errors.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>

#include "engine/base/codec/json.h"

namespace troupe {
namespace {

constexpr bool kPublic = true;
constexpr bool kMasked = false;
constexpr std::string_view kMaskedMessage = "An internal error occurred";

constexpr ErrorKind kCatalogue[] = {
#define TROUPE_ERROR(group, code, actor_status, gateway_status, visibility, message) \
  {#group, #code, message, {}, actor_status, gateway_status, visibility, false},
#define TROUPE_ERROR_PLAIN(group, code, actor_status, gateway_status, visibility, message, plain) \
  {#group, #code, message, plain, actor_status, gateway_status, visibility, false},
#define TROUPE_ERROR_NO_METADATA(group, code, actor_status, gateway_status, visibility, message) \
  {#group, #code, message, {}, actor_status, gateway_status, visibility, true},
#include "engine/base/errors.def"
#undef TROUPE_ERROR
#undef TROUPE_ERROR_PLAIN
#undef TROUPE_ERROR_NO_METADATA
};

using Name = std::pair<std::string_view, std::string_view>;

Name name_of(const ErrorKind* kind) { return {kind->group, kind->code}; }

const auto& sorted_catalogue() {
  static const auto sorted = [] {
    std::array<const ErrorKind*, std::size(kCatalogue)> kinds;
    std::transform(std::begin(kCatalogue), std::end(kCatalogue), kinds.begin(), [](const auto& kind) { return &kind; });
    std::sort(kinds.begin(), kinds.end(), [](auto* a, auto* b) { return name_of(a) < name_of(b); });
    return kinds;
  }();
  return sorted;
}

bool append_field(std::string& out, const std::optional<Value>& metadata, std::string_view field) {
  const Value* value = metadata ? metadata->find(field) : nullptr;
  if (!value) return false;
  if (auto text = value->as_string())
    out += *text;
  else
    out += to_json(*value);
  return true;
}

std::string fill_message(const ErrorKind& kind, const std::optional<Value>& metadata) {
  std::string out;
  auto rest = kind.message;
  while (!rest.empty()) {
    auto open = rest.find('{');
    auto close = open == std::string_view::npos ? open : rest.find('}', open);
    out += rest.substr(0, open);
    if (close == std::string_view::npos) break;
    auto field = rest.substr(open + 1, close - open - 1);
    if (!append_field(out, metadata, field)) {
      if (!kind.plain_message.empty()) return std::string(kind.plain_message);
      out.append("{").append(field).append("}");
    }
    rest.remove_prefix(close + 1);
  }
  return out;
}

bool is_public(const Error& error) {
  if (const auto* kind = find_error_kind(error.group(), error.code())) return kind->is_public;
  return error.group() == "user" || error.group() == "kv" || error.group() == "schedule";
}

}  // namespace

std::span<const ErrorKind> error_catalogue() { return kCatalogue; }

const ErrorKind* find_error_kind(std::string_view group, std::string_view code) {
  const auto& kinds = sorted_catalogue();
  const Name name{group, code};
  auto it =
      std::lower_bound(kinds.begin(), kinds.end(), name, [](auto* kind, const Name& n) { return name_of(kind) < n; });
  return it != kinds.end() && name_of(*it) == name ? *it : nullptr;
}

Error make_error(std::string_view group, std::string_view code, std::optional<Value> metadata, std::string detail) {
  const auto* kind = find_error_kind(group, code);
  if (!kind) {
    std::fprintf(stderr, "error %.*s.%.*s is not in the catalogue\n", static_cast<int>(group.size()), group.data(),
                 static_cast<int>(code.size()), code.data());
    std::abort();
  }
  auto message = fill_message(*kind, metadata);
  if (kind->drops_metadata) metadata.reset();
  return Error(std::string(group), std::string(code), std::move(message), std::move(metadata), std::move(detail));
}

int actor_http_status(const Error& error) {
  if (const auto* kind = find_error_kind(error.group(), error.code())) return kind->actor_status;
  return error.group() == "queue" ? 400 : 500;
}

int gateway_http_status(const Error& error) {
  const auto* kind = find_error_kind(error.group(), error.code());
  return kind ? kind->gateway_status : 400;
}

Error masked(const Error& error) {
  if (is_public(error)) return error;
  Error hidden(error.group(), error.code(), std::string(kMaskedMessage), std::nullopt, error.detail());
  return error.origin() ? hidden.from_actor(error.origin()) : hidden;
}

}  // namespace troupe
