#include "tests/sim/sim_socket_model.h"

#include <algorithm>

namespace troupe::sim {
namespace {

const Value* in_hall(const Value& reading, std::string_view member) {
  const Value* hall = reading.find("hall");
  return hall ? hall->find(member) : nullptr;
}

}  // namespace

Place& SocketModel::place(const ActorId& id, const std::string& name, const std::string& key) {
  Place& place = places_[id];
  place.id = id;
  place.key = name + "/" + key;
  place.hall = name == "hall";
  return place;
}

void SocketModel::told(Place& place, const std::string& client, std::int64_t number, Promise promise) {
  place.told[client].push_back({number, promise});
}

void SocketModel::power_lost() {
  for (auto& [id, place] : places_)
    for (auto& [client, told] : place.told)
      std::erase_if(told, [](const Told& one) { return one.promise == Promise::relaxed; });
}

void SocketModel::reopened() {
  for (auto& [id, place] : places_)
    for (auto& [client, told] : place.told)
      for (Told& one : told) one.promise = Promise::durable;
}

void SocketModel::check_heard(const Place& place, const Value& reading) {
  const Value* all = in_hall(reading, "heard");
  const auto* clients = all ? all->get_if<Value::Object>() : nullptr;
  for (const auto& [client, ignored] : clients ? *clients : Value::Object()) {
    auto numbers = heard(reading, client);
    const std::string who = place.key + ", " + client;
    // Each client counts upwards.
    if (!std::ranges::is_sorted(numbers)) violation("order on a socket", who + " was heard out of order");
    std::ranges::sort(numbers);
    const auto twice = std::ranges::adjacent_find(numbers);
    if (twice != numbers.end()) violation("no frame twice", who + ": " + std::to_string(*twice));
    if (left(reading, client) > 1) violation("one onDisconnect", who + " has left more than once");
    if (came(reading, client) > 1) violation("connections survive sleep", who + " has come more than once");
  }
  for (const auto& [client, told] : place.told) {
    const auto numbers = heard(reading, client);
    for (const Told& one : told)
      if (std::ranges::count(numbers, one.number) == 0)
        violation("what a socket tells is kept", place.key + ", " + client + ": " + std::to_string(one.number));
  }
}

void SocketModel::check_left(const Place& place, const Value& reading) {
  check_heard(place, reading);
  const Value* all = in_hall(reading, "heard");
  const auto* clients = all ? all->get_if<Value::Object>() : nullptr;
  // What it has said is in the same commit as its connection, or in a later one.
  for (const auto& [client, ignored] : clients ? *clients : Value::Object())
    if (left(reading, client) == 0) violation("one onDisconnect", place.key + ", " + client + " has never left");
  for (const auto& client : connections(reading)) violation("no ghost connections", place.key + " has " + client);
}

std::vector<std::int64_t> SocketModel::heard(const Value& reading, const std::string& client) {
  std::vector<std::int64_t> numbers;
  const Value* all = in_hall(reading, "heard");
  const Value* list = all ? all->find(client) : nullptr;
  if (const auto* items = list ? list->get_if<Value::Array>() : nullptr)
    for (const Value& item : *items) numbers.push_back(item.as_int().value_or(-1));
  return numbers;
}

std::vector<std::string> SocketModel::connections(const Value& reading) {
  std::vector<std::string> names;
  const Value* list = reading.find("connections");
  if (const auto* items = list ? list->get_if<Value::Array>() : nullptr)
    for (const Value& item : *items) names.emplace_back(item.as_string().value_or("?"));
  return names;
}

std::int64_t SocketModel::last_event(const Value& reading) {
  const Value* last = in_hall(reading, "last");
  return last ? last->as_int().value_or(-1) : -1;
}

std::int64_t SocketModel::count(const Value& reading, const char* of, const std::string& client) {
  const Value* all = in_hall(reading, of);
  const Value* number = all ? all->find(client) : nullptr;
  return number ? number->as_int().value_or(-1) : 0;
}

}  // namespace troupe::sim
