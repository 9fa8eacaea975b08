#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "troupe/bytes.h"
#include "troupe/result.h"

/// The stored forms of a page and of what is known about a database. Pure functions. Errors of the decoders:
/// `storage.corrupt`.
namespace troupe {

inline constexpr std::size_t kPageBytes = 4'096;

struct Page {
  std::uint32_t pgno = 0;
  /// kPageBytes of them.
  Bytes bytes;
  friend bool operator==(const Page&, const Page&) = default;
};

/// The state of a database; changes with every commit.
struct PageHead {
  /// Of the last commit; 0 before the first.
  std::uint64_t txid = 0;
  /// Pages above it do not exist.
  std::uint32_t size_pages = 0;
  /// A commit whose pages still lie among the staged ones and go before the others there; 0: none.
  std::uint64_t unfolded_txid = 0;
  /// The commit that is being staged, and the generation that does it; 0: none.
  std::uint64_t stage_txid = 0;
  std::uint32_t stage_generation = 0;
  friend bool operator==(const PageHead&, const PageHead&) = default;
};

Bytes encode_page_head(const PageHead& head);
Result<PageHead> decode_page_head(BytesView value);

/// `page` has kPageBytes. Compressed with LZ4; what does not get smaller is kept as it is, zeros take one byte.
Bytes encode_page(BytesView page);
Result<Bytes> decode_page(BytesView value);

/// Raw bytes of the pages of a segment.
Bytes encode_staged_segment(std::uint64_t bytes);
Result<std::uint64_t> decode_staged_segment(BytesView value);

}  // namespace troupe
