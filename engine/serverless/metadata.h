#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "engine/base/http_client.h"
#include "troupe/bytes.h"

/// What a serverless endpoint says about itself at `{url}/metadata`. Pure. Source: RivetKit 2.3.19, serverless
/// metadata.
namespace troupe {

struct EndpointMetadata {
  /// Of RivetKit.
  std::string version;
  std::optional<std::uint16_t> protocol_version;
  /// What is deployed there.
  std::optional<std::uint32_t> envoy_version;
  /// Names to their metadata, a JSON object text each.
  std::map<std::string, std::string> actor_names;
};

/// Why there is no metadata.
struct MetadataProblem {
  enum class Kind {
    invalid_request,
    request_failed,
    request_timed_out,
    non_success_status,
    invalid_response_json,
    invalid_response_schema,
    invalid_envoy_protocol_version,
  };
  Kind kind = Kind::request_failed;
  std::uint16_t status = 0;
  /// Of the answer, cut; of `non_success_status` and `invalid_response_json`.
  std::string body;
  /// Of `invalid_response_json`.
  std::string parse_error;
  /// Of `invalid_response_schema`.
  std::string runtime, version;
  /// Of `invalid_envoy_protocol_version`.
  std::uint16_t protocol_version = 0;

  /// As the API names the kind.
  std::string_view kind_name() const;
  std::string message() const;
};

using MetadataResult = std::variant<EndpointMetadata, MetadataProblem>;

/// The newest envoy protocol of this engine.
inline constexpr std::uint16_t kEnvoyProtocolVersion = 8;
inline constexpr Millis kMetadataTimeLimit{10'000};
/// A larger answer counts as a failed request.
inline constexpr std::size_t kMetadataBytesMax = 1u << 20;

/// The request for the metadata of an endpoint. Nothing: url or headers are not fit for one.
std::optional<OutboundRequest> metadata_request(std::string_view url,
                                                const std::map<std::string, std::string>& headers);
/// Adds the headers of a pool, names in lower case; those that are no headers are left out, and the result is false.
bool add_headers(HttpHeaders& out, const std::map<std::string, std::string>& headers);
/// Reads an answer.
MetadataResult read_metadata(int status, std::string_view body);

/// `{url}/{path}` without a double slash, as the endpoint's requests are addressed.
std::optional<Url> endpoint_url(std::string_view url, std::string_view path);
/// How the engine calls itself.
inline constexpr std::string_view kUserAgent = "RivetEngine/2.3.19";

}  // namespace troupe
