#include "engine/storage/actors/row_changes.h"

#include <algorithm>

namespace troupe {
namespace {

bool inside(const keys::Range& range, const Bytes& key) {
  return key >= range.begin && (range.end.empty() || key < range.end);
}

std::size_t size_of(const Bytes& key, const std::optional<Bytes>& value) {
  return key.size() + (value ? value->size() : 0);
}

}  // namespace

void RowChanges::put(Bytes key, Bytes value) { set(std::move(key), std::move(value)); }
void RowChanges::erase(Bytes key) { set(std::move(key), std::nullopt); }

void RowChanges::set(Bytes key, std::optional<Bytes> value) {
  auto [row, is_new] = rows_.try_emplace(std::move(key));
  if (!is_new) bytes_ -= size_of(row->first, row->second);
  row->second = std::move(value);
  bytes_ += size_of(row->first, row->second);
}

void RowChanges::erase_range(keys::Range range) {
  remove_between(range);
  bytes_ += range.begin.size() + range.end.size();
  ranges_.push_back(std::move(range));
}

void RowChanges::remove_between(const keys::Range& range) {
  auto row = rows_.lower_bound(range.begin);
  while (row != rows_.end() && inside(range, row->first)) {
    bytes_ -= size_of(row->first, row->second);
    row = rows_.erase(row);
  }
}

bool RowChanges::is_erased(const Bytes& key) const {
  return std::any_of(ranges_.begin(), ranges_.end(), [&](const auto& range) { return inside(range, key); });
}

std::optional<RowChanges::Found> RowChanges::find(const Bytes& key) const {
  const auto row = rows_.find(key);
  if (row != rows_.end()) return Found{row->second};
  if (is_erased(key)) return Found{std::nullopt};
  return std::nullopt;
}

bool RowChanges::touches(const keys::Range& range) const {
  const auto row = rows_.lower_bound(range.begin);
  if (row != rows_.end() && inside(range, row->first)) return true;
  return std::any_of(ranges_.begin(), ranges_.end(), [&](const auto& erased) {
    return (range.end.empty() || erased.begin < range.end) && (erased.end.empty() || range.begin < erased.end);
  });
}

void RowChanges::add_older(const RowChanges& older) {
  for (const auto& [key, value] : older.rows_) {
    if (rows_.contains(key) || is_erased(key)) continue;
    set(key, value);
  }
  // A row of these changes is applied after every range, so the order of the ranges does not matter.
  for (const auto& range : older.ranges_) {
    bytes_ += range.begin.size() + range.end.size();
    ranges_.push_back(range);
  }
}

void RowChanges::append_to(WriteBatch& batch) const {
  for (const auto& range : ranges_) batch.erase_range(range.begin, range.end);
  for (const auto& [key, value] : rows_) {
    if (value) {
      batch.put(key, *value);
    } else {
      batch.erase(key);
    }
  }
}

}  // namespace troupe
