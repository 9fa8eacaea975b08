#pragma once

#include "troupe/cbor.h"

namespace troupe {

/// What a scan over an item found.
struct CborScan {
  /// Octets of the item.
  std::size_t size = 0;
  /// Elements or pairs when the item is an array or a map, also of indefinite length.
  std::size_t elements = 0;
  /// nullptr, or why the item is refused.
  const char* why = nullptr;
  /// Where it is refused, from the start of the scan.
  std::size_t where = 0;
};

/// Checks the item at the start of `in`: well-formed, texts are UTF-8, within the limits.
CborScan scan_cbor(BytesView in, const CborLimits& limits);

}  // namespace troupe
