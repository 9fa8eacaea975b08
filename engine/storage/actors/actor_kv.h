#pragma once

#include <cstdint>
#include <memory>

#include "engine/base/id.h"
#include "engine/storage/actors/generation_fences.h"
#include "engine/storage/keys.h"
#include "engine/storage/store.h"
#include "troupe/key_value.h"

namespace troupe {

/// First byte of the raw keys that belong to applications.
inline constexpr std::uint8_t kUserKeyPrefix = 0x04;
/// Of a raw key, its prefix byte included.
inline constexpr std::size_t kKvKeyBytesMax = 2'048;
inline constexpr std::size_t kKvValueBytesMax = 131'072;
/// One chunk of put_many is one atomic commit.
inline constexpr std::size_t kKvChunkRowsMax = 128;
inline constexpr std::size_t kKvChunkBytesMax = 512u << 10;

/// Keys and values of one list.
inline constexpr std::size_t kKvListBytesMax = 64u << 20;

/// Errors: `kv.key_too_large`, `kv.value_too_large`.
Result<void> check_kv_entry(const Bytes& key, const Bytes& value);
/// The row of an application's key, and all of them.
Bytes actor_kv_row(const ActorId& id, const Bytes& key);
keys::Range actor_kv_rows(const ActorId& id);

/// Lifetime: `store` outlives every call; calls that began outlive the object.
std::unique_ptr<KeyValue> make_actor_kv(Store& store, std::shared_ptr<const GenerationFences> fences, ActorId id,
                                        std::uint32_t generation);

}  // namespace troupe
