#pragma once

#include <map>
#include <optional>
#include <vector>

#include "engine/storage/keys.h"
#include "engine/storage/store.h"

namespace troupe {

/// Changes of one actor's rows that wait to be committed together, the last one of a key winning. Kept until the commit
/// has succeeded: a failed one is put back under what came later, and reads look here first.
/// Threads: one at a time.
class RowChanges {
 public:
  void put(Bytes key, Bytes value);
  void erase(Bytes key);
  /// Everything from `range.begin` up to before `range.end`, what was put there before included.
  void erase_range(keys::Range range);

  bool empty() const { return rows_.empty() && ranges_.empty(); }
  /// Of keys and values.
  std::size_t bytes() const { return bytes_; }

  /// What a read of `key` has to see: its value, that it is absent, or nothing when these changes do not touch it.
  struct Found {
    std::optional<Bytes> value;
  };
  std::optional<Found> find(const Bytes& key) const;
  /// Whether a row with begin <= key < end is touched.
  bool touches(const keys::Range& range) const;

  /// Takes in changes that were made before these.
  void add_older(const RowChanges& older);
  void append_to(WriteBatch& batch) const;

 private:
  void set(Bytes key, std::optional<Bytes> value);
  void remove_between(const keys::Range& range);
  bool is_erased(const Bytes& key) const;

  /// Applied first.
  std::vector<keys::Range> ranges_;
  /// Applied after the ranges. Nothing: the row is erased.
  std::map<Bytes, std::optional<Bytes>> rows_;
  std::size_t bytes_ = 0;
};

}  // namespace troupe
