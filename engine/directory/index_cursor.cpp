#include "engine/directory/index_cursor.h"

#include <algorithm>

#include "engine/base/errors.h"

namespace troupe {

IndexCursor::IndexCursor(Store& store, keys::Range range, std::size_t piece_hint)
    : store_(store), range_(std::move(range)), piece_(std::min(piece_hint, kPieceMax)), ended_(piece_hint == 0) {}

std::optional<keys::TimedId> IndexCursor::front() const {
  if (position_ == entries_.size()) return std::nullopt;
  return entries_[position_];
}

Task<Result<void>> IndexCursor::fill() {
  if (position_ < entries_.size() || ended_) co_return Result<void>();
  entries_.clear();
  position_ = 0;
  ScanOptions options;
  options.limit = piece_;
  TROUPE_CO_TRY(auto read, co_await store_.scan(range_.begin, range_.end, options));
  ended_ = read.size() < piece_;
  for (const auto& entry : read) {
    const auto timed = keys::parse_list_index(entry.key);
    if (!timed) co_return make_error("storage", "corrupt", std::nullopt, "list index");
    entries_.push_back(*timed);
  }
  if (!read.empty()) {
    range_.begin = std::move(read.back().key);
    range_.begin.push_back(0);
  }
  co_return Result<void>();
}

}  // namespace troupe
