#include "gateway/routing/query_params.h"

#include <algorithm>
#include <array>
#include <vector>

#include "engine/base/codec/json.h"
#include "engine/base/errors.h"
#include "engine/base/key.h"
#include "gateway/routing/percent.h"
#include "troupe/cbor.h"

namespace troupe {
namespace {

constexpr std::string_view kPrefix = "rvt-";

template <class Visit>
void for_each_part(std::string_view query, Visit visit) {
  for (;;) {
    const std::size_t end = query.find('&');
    visit(query.substr(0, end));
    if (end == std::string_view::npos) return;
    query.remove_prefix(end + 1);
  }
}

bool is_actor_param(std::string_view part) { return part.starts_with(kPrefix); }

Error invalid_params(std::string detail) {
  return make_error("guard", "query_invalid_params", Value::object({{"detail", std::move(detail)}}));
}

Error invalid_percent_encoding(std::string name) {
  return make_error("guard", "query_invalid_percent_encoding", Value::object({{"name", std::move(name)}}));
}

// Parameters by name without their prefix, in the order that error texts list them.
class Params {
 public:
  static constexpr std::array<std::string_view, 10> kNames = {
      "namespace", "method", "runner", "pool", "key", "input", "region", "crash-policy", "token", "skip-ready-wait"};

  using Pair = std::pair<std::string_view, std::string>;

  static Result<std::vector<Pair>> decode(std::string_view query) {
    std::vector<Pair> pairs;
    std::optional<Error> error;
    for_each_part(query, [&](std::string_view part) {
      if (error || !is_actor_param(part)) return;
      const std::size_t equals = part.find('=');
      const std::string_view name = part.substr(0, equals);
      const std::string_view raw = equals == std::string_view::npos ? std::string_view() : part.substr(equals + 1);
      auto value = form_decode(raw);
      if (value)
        pairs.emplace_back(name, std::move(*value));
      else
        error = invalid_percent_encoding(std::string(name));
    });
    if (error) return *error;
    return pairs;
  }

  static Result<Params> make(std::vector<Pair> pairs) {
    Params params;
    // Unknown names can repeat as well, and a repetition is what gets reported.
    for (std::size_t i = 0; i < pairs.size(); ++i)
      for (std::size_t j = 0; j < i; ++j)
        if (pairs[i].first == pairs[j].first)
          return make_error("guard", "query_duplicate_param", Value::object({{"name", std::string(pairs[i].first)}}));
    for (auto& [name, value] : pairs) {
      const std::string_view bare = name.substr(kPrefix.size());
      const auto known = std::find(kNames.begin(), kNames.end(), bare);
      if (known == kNames.end()) return invalid_params(unknown_field(bare));
      params.values_[static_cast<std::size_t>(known - kNames.begin())] = std::move(value);
    }
    return params;
  }

  std::optional<std::string>& operator[](std::string_view name) {
    return values_[static_cast<std::size_t>(std::find(kNames.begin(), kNames.end(), name) - kNames.begin())];
  }

 private:
  static std::string unknown_field(std::string_view name) {
    std::string text = "unknown field `" + std::string(name) + "`, expected one of ";
    for (std::size_t i = 0; i < kNames.size(); ++i) {
      if (i > 0) text += ", ";
      text += "`" + std::string(kNames[i]) + "`";
    }
    return text;
  }

  std::array<std::optional<std::string>, kNames.size()> values_;
};

Result<bool> parse_skip_ready_wait(const std::optional<std::string>& value) {
  if (!value || *value == "false" || *value == "0") return false;
  if (*value == "true" || *value == "1") return true;
  return invalid_params("invalid type: string \"" + *value + "\", expected a boolean");
}

std::string parse_key(const std::optional<std::string>& value) {
  std::vector<std::string> key;
  if (value && !value->empty()) {
    std::string_view rest = *value;
    for (;;) {
      const std::size_t comma = rest.find(',');
      key.emplace_back(rest.substr(0, comma));
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
  }
  return serialize_key(key);
}

Result<Bytes> decode_input(std::string_view text) {
  auto bytes = decode_base64url(text);
  if (!bytes) return make_error("guard", "query_invalid_base64_input");
  CborReader reader(*bytes);
  reader.skip();
  if (!reader.ok()) return make_error("guard", "query_invalid_cbor_input", Value::object({{"detail", "invalid cbor"}}));
  return std::move(*bytes);
}

Result<ActorQuery::CrashPolicy> parse_crash_policy(const std::optional<std::string>& value) {
  if (!value || *value == "sleep") return ActorQuery::CrashPolicy::sleep;
  if (*value == "restart") return ActorQuery::CrashPolicy::restart;
  if (*value == "destroy") return ActorQuery::CrashPolicy::destroy;
  return invalid_params("unknown crash policy: " + *value + ", expected restart, sleep, or destroy");
}

Result<std::string> parse_name(std::optional<std::string_view> segment) {
  if (!segment || segment->empty()) return make_error("guard", "query_empty_actor_name");
  if (segment->find('@') != std::string_view::npos) return make_error("guard", "query_path_token_syntax");
  auto name = percent_decode(*segment);
  if (!name) return invalid_percent_encoding("name");
  return std::move(*name);
}

Result<void> read_get_or_create(Params& params, ActorQuery& query) {
  query.method = ActorQuery::Method::get_or_create;
  auto& pool = params["pool"] ? params["pool"] : params["runner"];
  if (!pool) return make_error("guard", "query_missing_pool");
  query.pool = std::move(*pool);
  if (const auto& input = params["input"]) {
    TROUPE_TRY(query.input, decode_input(*input));
  }
  TROUPE_TRY(query.crash_policy, parse_crash_policy(params["crash-policy"]));
  query.region = std::move(params["region"]);
  return {};
}

}  // namespace

bool has_actor_params(std::string_view query) {
  bool found = false;
  for_each_part(query, [&](std::string_view part) { found = found || is_actor_param(part); });
  return found;
}

std::string without_actor_params(std::string_view query) {
  std::string out;
  for_each_part(query, [&](std::string_view part) {
    if (part.empty() || is_actor_param(part)) return;
    out += out.empty() ? '?' : '&';
    out += part;
  });
  return out;
}

Result<ActorParams> parse_actor_params(std::optional<std::string_view> name_segment, std::string_view query) {
  TROUPE_TRY(auto pairs, Params::decode(query));
  ActorParams out;
  TROUPE_TRY(out.query.name, parse_name(name_segment));
  TROUPE_TRY(auto params, Params::make(std::move(pairs)));
  TROUPE_TRY(out.skip_ready_wait, parse_skip_ready_wait(params["skip-ready-wait"]));
  for (const std::string_view required : {"namespace", "method"})
    if (!params[required]) return invalid_params("missing field `" + std::string(required) + "`");

  out.has_token = params["token"].has_value();
  out.query.namespace_name = std::move(*params["namespace"]);
  out.query.key = parse_key(params["key"]);
  const std::string& method = *params["method"];
  if (method == "get") {
    // `rvt-pool` is let through, as the reference does.
    if (params["input"] || params["region"] || params["crash-policy"] || params["runner"])
      return make_error("guard", "query_get_disallowed_params");
  } else if (method == "getOrCreate") {
    TROUPE_CHECK(read_get_or_create(params, out.query));
  } else {
    return invalid_params("unknown method: " + method + ", expected get or getOrCreate");
  }
  return out;
}

}  // namespace troupe
