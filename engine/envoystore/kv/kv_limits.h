#pragma once

#include <optional>
#include <string>

#include "engine/envoyproto/messages/kv.h"

/// What a key-value request may hold. Pure functions. Source: key-value limits and texts of Rivet Engine 2.3.19.
namespace troupe::kv_limits {

inline constexpr std::size_t kKeysMax = 128;
/// With two bytes of framing and each 00 counted twice, as the reference stores keys.
inline constexpr std::size_t kEncodedKeyBytesMax = 2'048;
inline constexpr std::size_t kValueBytesMax = 128u << 10;
inline constexpr std::size_t kPutBytesMax = 976u << 10;
inline constexpr std::uint64_t kListLimitDefault = 16'384;
/// Keys and values of one answer.
inline constexpr std::size_t kListBytesMax = 16u << 20;
/// Of all entries of an actor.
inline constexpr std::uint64_t kStoreBytesMax = 10ULL << 30;

std::size_t encoded_size(BytesView key);

/// The reason why a request is refused; nothing: it is fine.
std::optional<std::string> refusal(const envoyproto::KvRequestData& request);

/// Bytes of a put as they count against its limits.
std::size_t put_bytes(const envoyproto::KvPutRequest& put);

}  // namespace troupe::kv_limits
