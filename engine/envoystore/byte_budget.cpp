#include "engine/envoystore/byte_budget.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace troupe {

ByteBudget::Permit& ByteBudget::Permit::operator=(Permit&& other) noexcept {
  release();
  budget_ = std::move(other.budget_);
  bytes_ = other.bytes_;
  return *this;
}

void ByteBudget::Permit::release() {
  if (const auto budget = std::exchange(budget_, nullptr)) budget->give_back(bytes_);
}

Task<std::optional<ByteBudget::Permit>> ByteBudget::acquire(std::shared_ptr<ByteBudget> budget, std::size_t bytes) {
  bytes = std::min(bytes, budget->bytes_max_);
  {
    std::lock_guard lock(budget->mutex_);
    if (budget->waiters_.empty() && budget->used_ + bytes <= budget->bytes_max_) {
      budget->used_ += bytes;
      co_return Permit(budget, bytes);
    }
    if (budget->waiters_.size() >= budget->waiting_max_) co_return std::nullopt;
  }
  auto wait = [budget, bytes](Continuation<Done> wake) {
    std::lock_guard lock(budget->mutex_);
    if (budget->waiters_.empty() && budget->used_ + bytes <= budget->bytes_max_) {
      budget->used_ += bytes;
      wake.post({});
    } else {
      budget->waiters_.push_back({bytes, std::move(wake)});
    }
  };
  co_await suspend<Done>(std::move(wait));
  co_return Permit(budget, bytes);
}

void ByteBudget::give_back(std::size_t bytes) {
  std::vector<Continuation<Done>> woken;
  {
    std::lock_guard lock(mutex_);
    used_ -= bytes;
    while (!waiters_.empty() && used_ + waiters_.front().bytes <= bytes_max_) {
      used_ += waiters_.front().bytes;
      woken.push_back(std::move(waiters_.front().wake));
      waiters_.pop_front();
    }
  }
  for (auto& wake : woken) wake.post({});
}

}  // namespace troupe
