#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/id.h"
#include "tests/sim/sim_model.h"

namespace troupe::sim {

/// An actor that has sockets. Its promises end with it.
struct Place {
  ActorId id;
  std::string key;
  /// Of the client protocol, else raw.
  bool hall = false;
  /// Somebody has begun to destroy it; and it is.
  bool doomed = false, gone = false;
  /// What has to stay in its state: by the name of the client, numbers in order.
  std::map<std::string, std::vector<Told>> told;
};

/// What all clients with sockets were told, over all lives, and whether the engine has kept its word.
class SocketModel {
 public:
  explicit SocketModel(Model& model) : model_(model) {}

  Place& place(const ActorId& id, const std::string& name, const std::string& key);
  std::map<ActorId, Place>& places() { return places_; }
  std::int64_t next_number() { return model_.next_number(); }
  void violation(const std::string& checker, const std::string& what) { model_.violation(checker, what); }

  /// A client has heard of it: by an answer, or by an event.
  void told(Place& place, const std::string& client, std::int64_t number, Promise promise);
  /// As those of `Model`.
  void power_lost();
  void reopened();

  /// Looks at what an actor says while its clients may still be there.
  void check_heard(const Place& place, const Value& reading);
  /// The same when there are none any more.
  void check_left(const Place& place, const Value& reading);

  // Of a reading.
  static std::vector<std::int64_t> heard(const Value& reading, const std::string& client);
  static std::int64_t came(const Value& reading, const std::string& client) { return count(reading, "came", client); }
  static std::int64_t left(const Value& reading, const std::string& client) { return count(reading, "left", client); }
  static std::vector<std::string> connections(const Value& reading);
  static std::int64_t last_event(const Value& reading);

 private:
  static std::int64_t count(const Value& reading, const char* of, const std::string& client);

  Model& model_;
  std::map<ActorId, Place> places_;
};

}  // namespace troupe::sim
