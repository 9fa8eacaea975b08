#include "engine/storage/pages/page_keys.h"

namespace troupe::keys {
namespace {

constexpr std::uint8_t kHeadRow = 'd';
constexpr std::uint8_t kPageRow = 'p';
constexpr std::uint8_t kStagedRow = 'g';
constexpr std::uint8_t kStagedPage = 'p';
constexpr std::uint8_t kStagedSegment = 's';
/// The longest key of a page: family, id, row, txid, kind, number.
constexpr std::size_t kKeyBytesMax = 1 + Id::kSize + 1 + 8 + 1 + 4;

Bytes row(const ActorId& id, std::uint8_t kind) {
  Bytes key;
  key.reserve(kKeyBytesMax);
  key.push_back(static_cast<std::uint8_t>(Family::actor_data));
  key.insert(key.end(), id.bytes().begin(), id.bytes().end());
  key.push_back(kind);
  return key;
}

template <class Number>
void append(Bytes& key, Number number) {
  for (int shift = static_cast<int>(sizeof number) * 8 - 8; shift >= 0; shift -= 8) {
    key.push_back(static_cast<std::uint8_t>(number >> shift));
  }
}

Bytes staged_row(const ActorId& id, std::uint64_t txid) {
  Bytes key = row(id, kStagedRow);
  append(key, txid);
  return key;
}

Bytes staged_row(const ActorId& id, std::uint64_t txid, std::uint8_t kind) {
  Bytes key = staged_row(id, txid);
  key.push_back(kind);
  return key;
}

Bytes numbered(Bytes key, std::uint32_t number) {
  append(key, number);
  return key;
}

/// From `number` to the end of what starts with `prefix`.
Range numbers_from(Bytes prefix, std::uint32_t number) {
  Range range = starting_with(std::move(prefix));
  append(range.begin, number);
  return range;
}

}  // namespace

Bytes page_head(const ActorId& id) { return row(id, kHeadRow); }
Bytes page(const ActorId& id, std::uint32_t pgno) { return numbered(row(id, kPageRow), pgno); }
Range pages_from(const ActorId& id, std::uint32_t begin) { return numbers_from(row(id, kPageRow), begin); }

Bytes staged_page(const ActorId& id, std::uint64_t txid, std::uint32_t pgno) {
  return numbered(staged_row(id, txid, kStagedPage), pgno);
}
Range staged_pages_from(const ActorId& id, std::uint64_t txid, std::uint32_t begin) {
  return numbers_from(staged_row(id, txid, kStagedPage), begin);
}
Bytes staged_segment(const ActorId& id, std::uint64_t txid, std::uint32_t first_pgno) {
  return numbered(staged_row(id, txid, kStagedSegment), first_pgno);
}
Range staged_segments(const ActorId& id, std::uint64_t txid) {
  return starting_with(staged_row(id, txid, kStagedSegment));
}
Range staged(const ActorId& id, std::uint64_t txid) { return starting_with(staged_row(id, txid)); }

std::uint32_t pgno_of(BytesView key) {
  const BytesView tail = key.last(4);
  return std::uint32_t{tail[0]} << 24 | std::uint32_t{tail[1]} << 16 | std::uint32_t{tail[2]} << 8 | tail[3];
}

}  // namespace troupe::keys
