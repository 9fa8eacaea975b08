#include "gateway/http/connection_set.h"

namespace troupe {

ConnectionSet::Membership::~Membership() { leave(); }

void ConnectionSet::Membership::leave() {
  if (const auto set = std::exchange(set_, nullptr)) set->remove(id_);
}

void ConnectionSet::Membership::set(const std::shared_ptr<ServerConnection>& connection) {
  const std::lock_guard lock(set_->mutex_);
  set_->members_[id_] = connection;
}

ConnectionSet::Membership ConnectionSet::join() {
  const std::lock_guard lock(mutex_);
  const std::uint64_t id = next_id_++;
  members_.emplace(id, std::weak_ptr<ServerConnection>());
  return Membership(shared_from_this(), id);
}

void ConnectionSet::remove(std::uint64_t id) {
  std::function<void()> emptied;
  {
    const std::lock_guard lock(mutex_);
    members_.erase(id);
    if (members_.empty()) emptied = std::exchange(on_empty_, nullptr);
  }
  if (emptied) emptied();
}

std::size_t ConnectionSet::size() const {
  const std::lock_guard lock(mutex_);
  return members_.size();
}

std::int64_t ConnectionSet::deadline_in(Millis limit) const { return (now() + limit).count() + tick_ns_; }

void ConnectionSet::tick(std::chrono::nanoseconds now) {
  now_ns_.store(now.count(), std::memory_order_relaxed);
  for_each([now](ServerConnection& connection) {
    if (connection.deadline() <= now) connection.expire();
  });
}

void ConnectionSet::for_each(const std::function<void(ServerConnection&)>& visit) const {
  std::vector<std::shared_ptr<ServerConnection>> all;
  {
    const std::lock_guard lock(mutex_);
    all.reserve(members_.size());
    for (const auto& [id, member] : members_)
      if (auto connection = member.lock()) all.push_back(std::move(connection));
  }
  for (const auto& connection : all) visit(*connection);
}

void ConnectionSet::on_empty(std::function<void()> fn) {
  {
    const std::lock_guard lock(mutex_);
    if (!members_.empty()) {
      on_empty_ = std::move(fn);
      return;
    }
  }
  if (fn) fn();
}

}  // namespace troupe
