#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

namespace troupe {

/// Says once, for good, that nobody wants the result of some work any more. Threads: any.
class AbortSignal : public std::enable_shared_from_this<AbortSignal> {
 public:
  /// Keeps a callback registered; one that runs right now is not waited for.
  class Subscription {
   public:
    Subscription() = default;
    Subscription(std::weak_ptr<AbortSignal> signal, std::uint64_t id) : signal_(std::move(signal)), id_(id) {}
    Subscription(Subscription&& other) noexcept : signal_(std::move(other.signal_)), id_(other.id_) {}
    Subscription& operator=(Subscription&& other) noexcept {
      std::swap(signal_, other.signal_);
      std::swap(id_, other.id_);
      return *this;
    }
    ~Subscription() {
      if (const auto signal = signal_.lock()) signal->remove(id_);
    }

   private:
    std::weak_ptr<AbortSignal> signal_;
    std::uint64_t id_ = 0;
  };

  bool aborted() const {
    const std::lock_guard lock(mutex_);
    return aborted_;
  }

  /// Calls `fn` once, on the thread that aborts; within this call when it has happened already. `fn` must not block.
  [[nodiscard]] Subscription on_abort(std::function<void()> fn) {
    {
      const std::lock_guard lock(mutex_);
      if (!aborted_) {
        callbacks_.emplace(++last_id_, std::move(fn));
        return Subscription(weak_from_this(), last_id_);
      }
    }
    fn();
    return {};
  }

  void abort() {
    std::map<std::uint64_t, std::function<void()>> due;
    {
      const std::lock_guard lock(mutex_);
      if (std::exchange(aborted_, true)) return;
      due.swap(callbacks_);
    }
    for (const auto& [id, fn] : due) fn();
  }

 private:
  void remove(std::uint64_t id) {
    std::function<void()> removed;
    const std::lock_guard lock(mutex_);
    if (const auto it = callbacks_.find(id); it != callbacks_.end()) {
      removed = std::move(it->second);
      callbacks_.erase(it);
    }
  }

  mutable std::mutex mutex_;
  bool aborted_ = false;
  std::uint64_t last_id_ = 0;
  std::map<std::uint64_t, std::function<void()>> callbacks_;
};

}  // namespace troupe
