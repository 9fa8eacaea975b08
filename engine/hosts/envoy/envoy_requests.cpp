#include "engine/hosts/envoy/envoy_requests.h"

#include <spdlog/spdlog.h>
#include <boost/asio/co_spawn.hpp>

#include <exception>

namespace troupe {

Task<void> EnvoyRequests::add(std::string lane, Work work) {
  auto self = shared_from_this();
  co_await wait_for_at_most(max_ - 1);
  bool idle = false;
  {
    const std::lock_guard lock(mutex_);
    ++pending_;
    auto [it, added] = lanes_.try_emplace(lane);
    it->second.push_back(std::move(work));
    idle = added;
  }
  if (!idle) co_return;
  auto body = [self, lane = std::move(lane)] { return self->run(lane); };
  boost::asio::co_spawn(executor_, std::move(body), [](std::exception_ptr thrown) {
    if (thrown) spdlog::error("a storage request of an envoy threw");
  });
}

Task<void> EnvoyRequests::run(std::string lane) {
  auto self = shared_from_this();
  for (;;) {
    Work work;
    {
      const std::lock_guard lock(mutex_);
      auto it = lanes_.find(lane);
      if (it->second.empty()) {
        lanes_.erase(it);
        co_return;
      }
      work = std::move(it->second.front());
      it->second.pop_front();
    }
    try {
      co_await work();
    } catch (const std::exception& thrown) {
      spdlog::error("a storage request of an envoy threw: {}", thrown.what());
    }
    work = nullptr;
    finished();
  }
}

void EnvoyRequests::finished() {
  std::vector<Continuation<Done>> due;
  {
    const std::lock_guard lock(mutex_);
    --pending_;
    std::erase_if(waiters_, [&](auto& waiter) {
      if (pending_ > waiter.first) return false;
      due.push_back(std::move(waiter.second));
      return true;
    });
  }
  for (auto& waiter : due) waiter.post({});
}

void EnvoyRequests::drop_waiting() {
  std::size_t dropped = 0;
  std::vector<Lane> gone;
  {
    const std::lock_guard lock(mutex_);
    for (auto& [lane, waiting] : lanes_) {
      dropped += waiting.size();
      gone.push_back(std::exchange(waiting, {}));
    }
  }
  for (std::size_t i = 0; i < dropped; ++i) finished();
}

Task<void> EnvoyRequests::wait_idle() { co_await wait_for_at_most(0); }

std::size_t EnvoyRequests::pending() const {
  const std::lock_guard lock(mutex_);
  return pending_;
}

Task<Done> EnvoyRequests::wait_for_at_most(std::size_t pending) {
  return suspend<Done>([self = shared_from_this(), pending](Continuation<Done> rest) {
    {
      const std::lock_guard lock(self->mutex_);
      if (self->pending_ > pending) {
        self->waiters_.emplace_back(pending, std::move(rest));
        return;
      }
    }
    rest.resume({});
  });
}

}  // namespace troupe
