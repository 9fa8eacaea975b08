#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/base/id.h"
#include "engine/base/ports.h"
#include "engine/storage/pages/page_codec.h"
#include "engine/storage/store.h"

namespace troupe {

/// Pages as they were at one moment.
struct PageSnapshot {
  PageHead head;
  /// In the order of the request; nothing beyond the end of the database.
  std::vector<std::optional<Bytes>> pages;
};

/// Nothing: the database has no head. Errors: those of Store. Many pages are read and unpacked on the storage pool.
Task<Result<std::optional<PageSnapshot>>> read_pages(Ports ports, Store& store, ActorId id,
                                                     std::vector<std::uint32_t> pgnos);
/// The same on the caller's thread, for jobs of the storage pool. Blocks.
Result<std::optional<PageSnapshot>> read_pages_now(Store& store, const ActorId& id,
                                                   const std::vector<std::uint32_t>& pgnos);

}  // namespace troupe
