#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "troupe/bytes.h"

/// Pages of the databases that envoys run themselves. Page numbers start at 1.
namespace troupe::envoyproto {

struct SqliteDirtyPage {
  std::uint32_t pgno = 0;
  Bytes bytes;
  friend bool operator==(const SqliteDirtyPage&, const SqliteDirtyPage&) = default;
};

struct SqliteFetchedPage {
  std::uint32_t pgno = 0;
  /// Nothing beyond the end of the database.
  std::optional<Bytes> bytes;
  friend bool operator==(const SqliteFetchedPage&, const SqliteFetchedPage&) = default;
};

/// Before version 5 only the message travels.
struct SqliteErrorResponse {
  std::string group, code, message;
  friend bool operator==(const SqliteErrorResponse&, const SqliteErrorResponse&) = default;
};

struct SqliteGetPagesRequest {
  std::string actor_id;
  std::vector<std::uint32_t> pgnos;
  std::optional<std::uint64_t> expected_generation, expected_head_txid;
  friend bool operator==(const SqliteGetPagesRequest&, const SqliteGetPagesRequest&) = default;
};

struct SqliteGetPagesOk {
  std::vector<SqliteFetchedPage> pages;
  /// From version 5 on.
  std::optional<std::uint64_t> head_txid;
  friend bool operator==(const SqliteGetPagesOk&, const SqliteGetPagesOk&) = default;
};

using SqliteGetPagesResponse = std::variant<SqliteGetPagesOk, SqliteErrorResponse>;

struct SqliteCommitRequest {
  std::string actor_id;
  std::vector<SqliteDirtyPage> dirty_pages;
  std::uint32_t db_size_pages = 0;
  /// Milliseconds since 1970.
  std::int64_t now_ms = 0;
  std::optional<std::uint64_t> expected_generation, expected_head_txid;
  friend bool operator==(const SqliteCommitRequest&, const SqliteCommitRequest&) = default;
};

struct SqliteCommitOk {
  /// From version 5 on.
  std::optional<std::uint64_t> head_txid;
  friend bool operator==(const SqliteCommitOk&, const SqliteCommitOk&) = default;
};

using SqliteCommitResponse = std::variant<SqliteCommitOk, SqliteErrorResponse>;

struct SqliteCommitStageBeginRequest {
  std::string actor_id;
  std::optional<std::uint64_t> expected_generation, expected_head_txid;
  friend bool operator==(const SqliteCommitStageBeginRequest&, const SqliteCommitStageBeginRequest&) = default;
};

struct SqliteCommitStageBeginOk {
  std::uint64_t txid = 0;
  friend bool operator==(const SqliteCommitStageBeginOk&, const SqliteCommitStageBeginOk&) = default;
};

using SqliteCommitStageBeginResponse = std::variant<SqliteCommitStageBeginOk, SqliteErrorResponse>;

struct SqliteCommitStageSegmentRequest {
  std::string actor_id;
  std::optional<std::uint64_t> expected_generation;
  std::uint64_t txid = 0;
  std::uint32_t first_pgno = 0;
  std::vector<SqliteDirtyPage> dirty_pages;
  friend bool operator==(const SqliteCommitStageSegmentRequest&, const SqliteCommitStageSegmentRequest&) = default;
};

struct SqliteCommitStageSegmentOk {
  std::uint64_t staged_bytes = 0;
  friend bool operator==(const SqliteCommitStageSegmentOk&, const SqliteCommitStageSegmentOk&) = default;
};

using SqliteCommitStageSegmentResponse = std::variant<SqliteCommitStageSegmentOk, SqliteErrorResponse>;

struct SqliteCommitFinalizeRequest {
  std::string actor_id;
  std::optional<std::uint64_t> expected_generation;
  std::uint64_t txid = 0;
  std::uint32_t new_db_size_pages = 0;
  /// Milliseconds since 1970.
  std::int64_t now_ms = 0;
  std::vector<std::uint32_t> segment_first_pgnos;
  friend bool operator==(const SqliteCommitFinalizeRequest&, const SqliteCommitFinalizeRequest&) = default;
};

struct SqliteCommitFinalizeOk {
  std::optional<std::uint64_t> head_txid;
  friend bool operator==(const SqliteCommitFinalizeOk&, const SqliteCommitFinalizeOk&) = default;
};

using SqliteCommitFinalizeResponse = std::variant<SqliteCommitFinalizeOk, SqliteErrorResponse>;

}  // namespace troupe::envoyproto
