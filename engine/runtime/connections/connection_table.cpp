#include "engine/runtime/connections/connection_table.h"

namespace troupe {

void ConnectionTable::insert(std::shared_ptr<ActorConnection> conn) {
  conn->place_ = listed_.size();
  conn->order_ = ++made_;
  listed_.push_back(std::move(conn));
}

bool ConnectionTable::remove(ActorConnection& conn) {
  if (!contains(conn)) return false;
  for (const auto& event : conn.events_) drop(conn, event);
  conn.events_.clear();
  auto last = std::move(listed_.back());
  listed_.pop_back();
  const auto place = std::exchange(conn.place_, ActorConnection::kNotListed);
  if (last.get() != &conn) {
    last->place_ = place;
    // The removed one may be kept alive by this entry alone.
    std::swap(listed_[place], last);
  }
  return true;
}

bool ConnectionTable::subscribe(const std::shared_ptr<ActorConnection>& conn, const std::string& event) {
  if (!contains(*conn)) return true;
  if (conn->events_.size() >= kSubscriptionsMax && !conn->events_.contains(event)) return false;
  conn->events_.insert(event);
  subscribers_[event].emplace(conn->order_, conn.get());
  return true;
}

void ConnectionTable::unsubscribe(ActorConnection& conn, const std::string& event) {
  if (conn.events_.erase(event) > 0) drop(conn, event);
}

void ConnectionTable::drop(ActorConnection& conn, const std::string& event) {
  auto it = subscribers_.find(event);
  it->second.erase(conn.order_);
  if (it->second.empty()) subscribers_.erase(it);
}

std::vector<std::shared_ptr<ActorConnection>> ConnectionTable::subscribers(const std::string& event) const {
  std::vector<std::shared_ptr<ActorConnection>> found;
  auto it = subscribers_.find(event);
  if (it == subscribers_.end()) return found;
  found.reserve(it->second.size());
  for (const auto& [order, conn] : it->second) found.push_back(conn->shared_from_this());
  return found;
}

}  // namespace troupe
