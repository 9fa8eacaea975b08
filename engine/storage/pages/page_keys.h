#pragma once

#include <cstdint>
#include <optional>

#include "engine/storage/keys.h"

/// Rows of the databases that are stored as pages. They belong to the actor's data (keys.h), so erasing an actor erases
/// them. Numbers are big-endian: page order is key order.
namespace troupe::keys {

/// Value: PageHead.
Bytes page_head(const ActorId& id);
/// Value: one page, as page_codec.h writes it.
Bytes page(const ActorId& id, std::uint32_t pgno);
/// Pages begin <= pgno, to the last possible one.
Range pages_from(const ActorId& id, std::uint32_t begin);

/// Pages of the commit `txid` that came in segments. Value: as of `page`.
Bytes staged_page(const ActorId& id, std::uint64_t txid, std::uint32_t pgno);
Range staged_pages_from(const ActorId& id, std::uint64_t txid, std::uint32_t begin);
/// A segment that has arrived. Value: StagedSegment.
Bytes staged_segment(const ActorId& id, std::uint64_t txid, std::uint32_t first_pgno);
Range staged_segments(const ActorId& id, std::uint64_t txid);
/// Pages and segments of one commit.
Range staged(const ActorId& id, std::uint64_t txid);

/// The number at the end of a key of a page or a segment.
std::uint32_t pgno_of(BytesView key);

}  // namespace troupe::keys
