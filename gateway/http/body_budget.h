#pragma once

#include <atomic>
#include <cstddef>

namespace troupe {

/// Bytes of request bodies that all connections hold together: each body has a limit of its own, but there are many
/// connections. Threads: any.
class BodyBudget {
 public:
  explicit BodyBudget(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  /// What one connection holds of it; given back at the latest by the destructor. Threads: one at a time.
  class Share {
   public:
    explicit Share(BodyBudget& budget) : budget_(budget) {}
    ~Share() { clear(); }
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;

    /// False when the budget is used up; the bytes are counted all the same.
    bool add(std::size_t bytes) {
      held_ += bytes;
      return budget_.held_.fetch_add(bytes, std::memory_order_relaxed) + bytes <= budget_.bytes_max_;
    }
    void clear() {
      if (held_ == 0) return;
      budget_.held_.fetch_sub(held_, std::memory_order_relaxed);
      held_ = 0;
    }

   private:
    BodyBudget& budget_;
    std::size_t held_ = 0;
  };

 private:
  const std::size_t bytes_max_;
  std::atomic<std::size_t> held_{0};
};

}  // namespace troupe
