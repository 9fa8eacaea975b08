#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace troupe {

/// Why a serverless pool cannot host actors at the moment: the `runner_pool_error` of the management API.
struct PoolError {
  /// Stored by its number.
  enum class Kind : std::uint8_t {
    http_error,
    stream_ended_early,
    connection_error,
    invalid_sse_payload,
    /// The endpoint speaks an older protocol than it did before.
    downgrade,
    internal_error
  };
  Kind kind = Kind::internal_error;
  /// Of `http_error`.
  std::uint16_t status = 0;
  /// The body of `http_error`, the message of the others.
  std::string text;
  /// Of `invalid_sse_payload`.
  std::optional<std::string> payload;
  friend bool operator==(const PoolError&, const PoolError&) = default;
};

/// A pool that has failed and not yet recovered.
struct FailingPool {
  PoolError error;
  /// Hosts that have connected in a row since then.
  std::uint32_t successes = 0;
  friend bool operator==(const FailingPool&, const FailingPool&) = default;
};

/// Bytes of a body that are kept in a PoolError.
inline constexpr std::size_t kPoolErrorBodyBytesMax = 512;

}  // namespace troupe
