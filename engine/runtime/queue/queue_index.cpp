#include "engine/runtime/queue/queue_index.h"

#include <algorithm>

namespace troupe {

const QueueIndex::Entry* QueueIndex::find(std::uint64_t id) const {
  const auto found = entries_.find(id);
  return found == entries_.end() ? nullptr : &found->second;
}

void QueueIndex::settle(std::uint64_t id) {
  const auto found = entries_.find(id);
  if (found != entries_.end()) found->second.pending = false;
}

std::optional<QueueIndex::Entry> QueueIndex::remove(std::uint64_t id) {
  auto node = entries_.extract(id);
  if (node.empty()) return std::nullopt;
  return std::move(node.mapped());
}

std::vector<std::uint64_t> QueueIndex::select(const std::vector<std::string>& names, std::size_t count) const {
  std::vector<std::uint64_t> found;
  for (const auto& [id, entry] : entries_) {
    if (found.size() == count || entry.pending) break;
    if (names.empty() || std::find(names.begin(), names.end(), entry.name) != names.end()) found.push_back(id);
  }
  return found;
}

}  // namespace troupe
