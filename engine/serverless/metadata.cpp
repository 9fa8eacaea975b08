#include "engine/serverless/metadata.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/base/codec/json_nesting.h"
#include "engine/pools/pool_rules.h"

namespace troupe {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kBodyCharactersMax = 1'024;
constexpr std::size_t kNestingMax = 128;

std::string_view trimmed(std::string_view text) {
  const auto is_blank = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

/// The first characters, not bytes.
std::string cut(std::string_view body) {
  std::size_t characters = 0, end = 0;
  for (; end < body.size(); ++end) {
    const bool begins = (static_cast<unsigned char>(body[end]) & 0xC0) != 0x80;
    if (begins && characters++ == kBodyCharactersMax) return std::string(body.substr(0, end)) + "...[truncated]";
  }
  return std::string(body);
}

MetadataProblem bad_json(std::string_view body, std::string why) {
  MetadataProblem problem;
  problem.kind = MetadataProblem::Kind::invalid_response_json;
  problem.body = cut(body);
  problem.parse_error = std::move(why);
  return problem;
}

/// An unsigned member that fits, nothing when absent or null; `bad` is set when it is something else.
template <class T>
std::optional<T> number(const Json& json, const char* name, bool& bad) {
  const auto found = json.find(name);
  if (found == json.end() || found->is_null()) return std::nullopt;
  if (!found->is_number_unsigned() || found->template get<std::uint64_t>() > std::numeric_limits<T>::max()) {
    bad = true;
    return std::nullopt;
  }
  return found->template get<T>();
}

void read_names(const Json& names, EndpointMetadata& out) {
  for (const auto& [name, value] : names.items()) {
    if (!value.is_object()) continue;
    const auto details = value.find("metadata");
    if (details != value.end() && details->is_object())
      out.actor_names[name] = details->dump(-1, ' ', false, Json::error_handler_t::replace);
  }
}

}  // namespace

std::string_view MetadataProblem::kind_name() const {
  switch (kind) {
    case Kind::invalid_request:
      return "invalid_request";
    case Kind::request_failed:
      return "request_failed";
    case Kind::request_timed_out:
      return "request_timed_out";
    case Kind::non_success_status:
      return "non_success_status";
    case Kind::invalid_response_json:
      return "invalid_response_json";
    case Kind::invalid_response_schema:
      return "invalid_response_schema";
    case Kind::invalid_envoy_protocol_version:
      break;
  }
  return "invalid_envoy_protocol_version";
}

std::string MetadataProblem::message() const {
  switch (kind) {
    case Kind::invalid_request:
      return "invalid serverless metadata request";
    case Kind::request_failed:
      return "failed to reach serverless endpoint";
    case Kind::request_timed_out:
      return "serverless metadata request timed out";
    case Kind::non_success_status:
      return "serverless metadata request returned status " + std::to_string(status);
    case Kind::invalid_response_json:
      return "serverless metadata response is not valid JSON";
    case Kind::invalid_response_schema:
      return "serverless runtime " + runtime + " version " + version + " is unsupported";
    case Kind::invalid_envoy_protocol_version:
      break;
  }
  return "envoy protocol version " + std::to_string(protocol_version) +
         " is not supported (max supported: " + std::to_string(kEnvoyProtocolVersion) + ")";
}

std::optional<Url> endpoint_url(std::string_view url, std::string_view path) {
  while (url.ends_with('/')) url.remove_suffix(1);
  return Url::parse(std::string(url).append("/").append(path));
}

bool add_headers(HttpHeaders& out, const std::map<std::string, std::string>& headers) {
  bool valid = true;
  for (const auto& [name, value] : headers) {
    std::string lower(trimmed(name));
    std::ranges::transform(lower, lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
    const auto text = trimmed(value);
    if (is_header_name(lower) && is_header_value(text)) {
      out.set(lower, std::string(text));
    } else {
      valid = false;
    }
  }
  return valid;
}

std::optional<OutboundRequest> metadata_request(std::string_view url,
                                                const std::map<std::string, std::string>& headers) {
  url = trimmed(url);
  if (url.empty()) return std::nullopt;
  auto target = endpoint_url(url, "metadata");
  if (!target) return std::nullopt;
  OutboundRequest request;
  request.method = "GET";
  request.url = *std::move(target);
  request.time_limit = kMetadataTimeLimit;
  if (!add_headers(request.headers, headers)) return std::nullopt;
  request.headers.set("accept", "*/*");
  request.headers.set("user-agent", std::string(kUserAgent));
  return request;
}

MetadataResult read_metadata(int status, std::string_view body) {
  if (status < 200 || status > 299) {
    MetadataProblem problem;
    problem.kind = MetadataProblem::Kind::non_success_status;
    problem.status = static_cast<std::uint16_t>(status);
    problem.body = cut(body);
    return problem;
  }
  if (json_nesting(body) > kNestingMax) return bad_json(body, "recursion limit exceeded");
  const auto json = Json::parse(body.begin(), body.end(), nullptr, false);
  if (json.is_discarded()) return bad_json(body, "no JSON");
  if (!json.is_object()) return bad_json(body, "expected a map");
  for (const auto* required : {"runtime", "version"}) {
    const auto found = json.find(required);
    if (found == json.end()) return bad_json(body, "missing field `" + std::string(required) + "`");
    if (!found->is_string()) return bad_json(body, "expected a string in `" + std::string(required) + "`");
  }
  bool bad = false;
  EndpointMetadata metadata;
  metadata.protocol_version = number<std::uint16_t>(json, "envoyProtocolVersion", bad);
  if (const auto envoy = json.find("envoy"); envoy != json.end() && envoy->is_object())
    metadata.envoy_version = number<std::uint32_t>(*envoy, "version", bad);
  if (bad) return bad_json(body, "invalid version number");

  const auto runtime = json.at("runtime").get<std::string>(), version = json.at("version").get<std::string>();
  metadata.version = trimmed(version);
  if (runtime != "rivetkit" || metadata.version.empty()) {
    MetadataProblem problem;
    problem.kind = MetadataProblem::Kind::invalid_response_schema;
    problem.runtime = runtime;
    problem.version = version;
    return problem;
  }
  if (metadata.protocol_version &&
      (*metadata.protocol_version < 1 || *metadata.protocol_version > kEnvoyProtocolVersion)) {
    MetadataProblem problem;
    problem.kind = MetadataProblem::Kind::invalid_envoy_protocol_version;
    problem.protocol_version = *metadata.protocol_version;
    return problem;
  }
  if (const auto names = json.find("actorNames"); names != json.end() && names->is_object())
    read_names(*names, metadata);
  return metadata;
}

}  // namespace troupe
