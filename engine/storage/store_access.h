#pragma once

#include <mutex>
#include <optional>
#include <utility>

#include "engine/storage/store.h"

namespace troupe {

/// The store as long as it may be used: a background task takes the lock for the moment of a call. Threads: any.
class StoreAccess {
 public:
  explicit StoreAccess(Store& store) : store_(&store) {}
  void close() {
    std::lock_guard lock(mutex_);
    store_ = nullptr;
  }
  /// Nothing: closed. A task that the call returns stays good after the store has gone.
  template <class Call>
  auto with(Call call) -> std::optional<decltype(call(std::declval<Store&>()))> {
    std::lock_guard lock(mutex_);
    if (!store_) return std::nullopt;
    return call(*store_);
  }

 private:
  std::mutex mutex_;
  Store* store_;
};

}  // namespace troupe
