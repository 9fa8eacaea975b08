#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>

#include "engine/base/async.h"

namespace troupe {

/// Bytes that may be worked on at a time. Who asks for more than are free waits, first come, first served; who asks for
/// more than there are gets all. Threads: any. Lifetime: shared with its permits.
class ByteBudget : public std::enable_shared_from_this<ByteBudget> {
 public:
  /// Gives the bytes back.
  class Permit {
   public:
    Permit() = default;
    Permit(std::shared_ptr<ByteBudget> budget, std::size_t bytes) : budget_(std::move(budget)), bytes_(bytes) {}
    Permit(Permit&& other) noexcept : budget_(std::move(other.budget_)), bytes_(other.bytes_) {}
    Permit& operator=(Permit&& other) noexcept;
    ~Permit() { release(); }

   private:
    void release();

    std::shared_ptr<ByteBudget> budget_;
    std::size_t bytes_ = 0;
  };

  ByteBudget(std::size_t bytes_max, std::size_t waiting_max) : bytes_max_(bytes_max), waiting_max_(waiting_max) {}

  /// Nothing: too many wait already.
  static Task<std::optional<Permit>> acquire(std::shared_ptr<ByteBudget> budget, std::size_t bytes);

 private:
  struct Waiter {
    std::size_t bytes;
    Continuation<Done> wake;
  };

  void give_back(std::size_t bytes);

  const std::size_t bytes_max_;
  const std::size_t waiting_max_;
  std::mutex mutex_;
  std::size_t used_ = 0;
  std::deque<Waiter> waiters_;
};

}  // namespace troupe
