#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <optional>

#include "engine/base/async.h"

namespace troupe::remote {

/// One at a time, first come, first served. Threads: any. Lifetime: shared with the turns.
class Turns : public std::enable_shared_from_this<Turns> {
 public:
  /// Gives the turn to the next one.
  class Turn {
   public:
    explicit Turn(std::shared_ptr<Turns> turns) : turns_(std::move(turns)) {}
    Turn(Turn&& other) noexcept = default;
    Turn& operator=(Turn&& other) = delete;
    ~Turn() {
      if (turns_) turns_->pass_on();
    }

   private:
    std::shared_ptr<Turns> turns_;
  };

  explicit Turns(std::size_t waiting_max) : waiting_max_(waiting_max) {}

  /// Nothing: too many wait.
  static Task<std::optional<Turn>> wait(std::shared_ptr<Turns> turns);
  /// Nothing: somebody has it.
  std::optional<Turn> try_take();

 private:
  void pass_on();

  const std::size_t waiting_max_;
  std::mutex mutex_;
  bool taken_ = false;
  std::deque<Continuation<Done>> waiting_;
};

}  // namespace troupe::remote
