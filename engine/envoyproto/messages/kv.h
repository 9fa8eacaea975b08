#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engine/envoyproto/messages/actors.h"

/// Key-value requests of actors. Keys are ordered bytewise.
namespace troupe::envoyproto {

struct KvGetRequest {
  std::vector<Bytes> keys;
  friend bool operator==(const KvGetRequest&, const KvGetRequest&) = default;
};

struct KvListAllQuery {
  friend bool operator==(const KvListAllQuery&, const KvListAllQuery&) = default;
};

struct KvListRangeQuery {
  Bytes start, end;
  /// Of the end.
  bool exclusive = false;
  friend bool operator==(const KvListRangeQuery&, const KvListRangeQuery&) = default;
};

struct KvListPrefixQuery {
  Bytes key;
  friend bool operator==(const KvListPrefixQuery&, const KvListPrefixQuery&) = default;
};

using KvListQuery = std::variant<KvListAllQuery, KvListRangeQuery, KvListPrefixQuery>;

struct KvListRequest {
  KvListQuery query;
  std::optional<bool> reverse;
  std::optional<std::uint64_t> limit;
  friend bool operator==(const KvListRequest&, const KvListRequest&) = default;
};

/// Parallel lists; a peer may send them in different lengths.
struct KvPutRequest {
  std::vector<Bytes> keys, values;
  friend bool operator==(const KvPutRequest&, const KvPutRequest&) = default;
};

struct KvDeleteRequest {
  std::vector<Bytes> keys;
  friend bool operator==(const KvDeleteRequest&, const KvDeleteRequest&) = default;
};

/// Without the end.
struct KvDeleteRangeRequest {
  Bytes start, end;
  friend bool operator==(const KvDeleteRangeRequest&, const KvDeleteRangeRequest&) = default;
};

struct KvDropRequest {
  friend bool operator==(const KvDropRequest&, const KvDropRequest&) = default;
};

using KvRequestData =
    std::variant<KvGetRequest, KvListRequest, KvPutRequest, KvDeleteRequest, KvDeleteRangeRequest, KvDropRequest>;

struct KvErrorResponse {
  std::string message;
  friend bool operator==(const KvErrorResponse&, const KvErrorResponse&) = default;
};

/// Parallel lists of one length.
struct KvGetResponse {
  std::vector<Bytes> keys, values;
  std::vector<KvMetadata> metadata;
  friend bool operator==(const KvGetResponse&, const KvGetResponse&) = default;
};

/// Parallel lists of one length.
struct KvListResponse {
  std::vector<Bytes> keys, values;
  std::vector<KvMetadata> metadata;
  friend bool operator==(const KvListResponse&, const KvListResponse&) = default;
};

struct KvPutResponse {
  friend bool operator==(const KvPutResponse&, const KvPutResponse&) = default;
};

/// Of both kinds of deletion.
struct KvDeleteResponse {
  friend bool operator==(const KvDeleteResponse&, const KvDeleteResponse&) = default;
};

struct KvDropResponse {
  friend bool operator==(const KvDropResponse&, const KvDropResponse&) = default;
};

using KvResponseData =
    std::variant<KvErrorResponse, KvGetResponse, KvListResponse, KvPutResponse, KvDeleteResponse, KvDropResponse>;

}  // namespace troupe::envoyproto
