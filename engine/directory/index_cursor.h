#pragma once

#include <optional>
#include <vector>

#include "engine/storage/keys.h"
#include "engine/storage/store.h"

namespace troupe {

/// Walks a range of a time-ordered index in pieces of bounded size.
class IndexCursor {
 public:
  /// Reads `piece_hint` entries at first; 0 = empty from the start.
  IndexCursor(Store& store, keys::Range range, std::size_t piece_hint);

  /// Makes `front` valid: reads the next piece if need be.
  Task<Result<void>> fill();
  /// Nothing at the end.
  std::optional<keys::TimedId> front() const;
  void pop() { ++position_; }

 private:
  static constexpr std::size_t kPieceMax = 1'024;

  Store& store_;
  keys::Range range_;
  std::size_t piece_;
  std::vector<keys::TimedId> entries_;
  std::size_t position_ = 0;
  bool ended_;
};

}  // namespace troupe
