#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace troupe {

/// What is in the queue of an actor, without the bodies. A message whose commit is under way has its place already, and
/// nobody sees it or what comes after it before that is decided: so receivers see messages in the order of their ids.
/// Pure. Bound: `max_queue_size` entries.
class QueueIndex {
 public:
  struct Entry {
    std::string name;
    std::int64_t created_at_ms = 0;
    bool pending = false;
  };

  std::size_t size() const { return entries_.size(); }
  std::uint64_t next_id() const { return next_id_; }
  std::uint64_t take_id() { return next_id_++; }
  void set_next_id(std::uint64_t id) { next_id_ = id; }

  void insert(std::uint64_t id, Entry entry) { entries_.insert_or_assign(id, std::move(entry)); }
  const Entry* find(std::uint64_t id) const;
  /// The commit of the message has succeeded. Nothing when it is gone meanwhile.
  void settle(std::uint64_t id);
  std::optional<Entry> remove(std::uint64_t id);
  std::map<std::uint64_t, Entry> remove_all() { return std::exchange(entries_, {}); }

  /// The first visible messages of these names (none: every name), at most `count`.
  std::vector<std::uint64_t> select(const std::vector<std::string>& names, std::size_t count) const;
  const std::map<std::uint64_t, Entry>& all() const { return entries_; }

 private:
  std::map<std::uint64_t, Entry> entries_;
  std::uint64_t next_id_ = 1;
};

}  // namespace troupe
