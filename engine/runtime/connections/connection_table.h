#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/runtime/connections/connection.h"

namespace troupe {

/// The connections of one actor and who subscribed to what. Threads: the actor's executor only.
class ConnectionTable {
 public:
  /// Events that one connection may subscribe to.
  static constexpr std::size_t kSubscriptionsMax = 1'024;

  bool empty() const { return listed_.empty(); }
  std::size_t size() const { return listed_.size(); }
  const std::vector<std::shared_ptr<ActorConnection>>& all() const { return listed_; }
  bool contains(const ActorConnection& conn) const { return conn.place_ != ActorConnection::kNotListed; }

  void insert(std::shared_ptr<ActorConnection> conn);
  /// With its subscriptions. False when it is not listed (any more).
  bool remove(ActorConnection& conn);

  /// False when the connection has too many already.
  bool subscribe(const std::shared_ptr<ActorConnection>& conn, const std::string& event);
  void unsubscribe(ActorConnection& conn, const std::string& event);
  /// In the order in which the connections were made.
  std::vector<std::shared_ptr<ActorConnection>> subscribers(const std::string& event) const;

 private:
  void drop(ActorConnection& conn, const std::string& event);

  std::vector<std::shared_ptr<ActorConnection>> listed_;
  std::unordered_map<std::string, std::map<std::uint64_t, ActorConnection*>> subscribers_;
  std::uint64_t made_ = 0;
};

}  // namespace troupe
