#include "engine/envoystore/remote/turns.h"

#include <utility>

namespace troupe::remote {

std::optional<Turns::Turn> Turns::try_take() {
  std::lock_guard lock(mutex_);
  if (std::exchange(taken_, true)) return std::nullopt;
  return Turn(shared_from_this());
}

Task<std::optional<Turns::Turn>> Turns::wait(std::shared_ptr<Turns> turns) {
  if (auto turn = turns->try_take()) co_return turn;
  {
    std::lock_guard lock(turns->mutex_);
    if (turns->waiting_.size() >= turns->waiting_max_) co_return std::nullopt;
  }
  auto enqueue = [turns](Continuation<Done> go) {
    std::lock_guard lock(turns->mutex_);
    if (std::exchange(turns->taken_, true)) {
      turns->waiting_.push_back(std::move(go));
    } else {
      go.post({});
    }
  };
  co_await suspend<Done>(std::move(enqueue));
  co_return Turn(turns);
}

void Turns::pass_on() {
  std::optional<Continuation<Done>> next;
  {
    std::lock_guard lock(mutex_);
    if (waiting_.empty()) {
      taken_ = false;
      return;
    }
    next.emplace(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  next->post({});
}

}  // namespace troupe::remote
