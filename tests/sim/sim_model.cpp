#include "tests/sim/sim_model.h"

#include <algorithm>

namespace troupe::sim {
namespace {

std::vector<std::int64_t> numbers_of(const Value* list) {
  std::vector<std::int64_t> numbers;
  const auto* items = list ? list->get_if<Value::Array>() : nullptr;
  if (!items) return numbers;
  for (const Value& item : *items) numbers.push_back(item.as_int().value_or(-1));
  return numbers;
}

std::size_t count_of(const std::vector<std::int64_t>& numbers, std::int64_t wanted) {
  return static_cast<std::size_t>(std::ranges::count(numbers, wanted));
}

}  // namespace

void Model::power_lost() {
  for (auto& [key, actor] : actors_) {
    actor.generation = 0;
    for (auto& [client, told] : actor.noted)
      std::erase_if(told, [](const Told& one) { return one.promise == Promise::relaxed; });
  }
}

void Model::reopened() {
  for (auto& [key, actor] : actors_)
    for (auto& [client, told] : actor.noted)
      for (Told& one : told) one.promise = Promise::durable;
}

void Model::check(const std::string& key, const Value& state) {
  if (key.starts_with("book/")) {
    check_notes(key, state);
    check_turns(key, state);
  }
  if (key.starts_with("ledger/")) check_posts(key, state);
  if (key.starts_with("timer/")) check_alarms(key, state);
}

void Model::check_notes(const std::string& key, const Value& state) {
  for (const auto& [client, told] : actors_[key].noted) {
    const Value* all = state.find("notes");
    const auto there = numbers_of(all ? all->find(client) : nullptr);
    for (const std::int64_t number : there)
      if (count_of(there, number) > 1)
        violation("no duplicates", key + " has note " + std::to_string(number) + " of " + client + " twice");
    std::size_t from = 0;
    for (const Told& one : told) {
      const auto found = std::find(there.begin() + static_cast<std::ptrdiff_t>(from), there.end(), one.number);
      if (found != there.end()) {
        from = static_cast<std::size_t>(found - there.begin()) + 1;
      } else if (count_of(there, one.number) > 0) {
        violation("order per sender", key + " has note " + std::to_string(one.number) + " of " + client + " too early");
      } else {
        violation("no lost write", key + " lost note " + std::to_string(one.number) + " of " + client);
      }
    }
  }
}

void Model::check_turns(const std::string& key, const Value& state) {
  const Value* state_says = state.find("last");
  const Value* entry_says = state.find("entry");
  if (!state_says || !entry_says || *state_says == *entry_says) return;
  violation("one turn, one commit", key + ": state and key-value entry of one turn differ");
}

void Model::check_posts(const std::string& key, const Value& state) {
  const auto there = numbers_of(state.find("order"));
  for (const auto& [client, posted] : actors_[key].posted) {
    auto from = there.begin();
    for (const std::int64_t number : posted) {
      const auto name = key + ", message " + std::to_string(number) + " of " + client;
      const auto count = count_of(there, number);
      if (count == 0) violation("no lost message", name);
      if (count > 1) violation("no duplicates", name);
      if (count != 1) continue;
      const auto found = std::find(from, there.end(), number);
      if (found == there.end()) violation("order per sender", name);
      if (found != there.end()) from = found + 1;
    }
  }
  const Value* applied = state.find("applied");
  if (applied && applied->as_int() != static_cast<std::int64_t>(there.size()))
    violation("one turn, one commit", key + ": the count of applied messages is not their number");
}

void Model::check_alarms(const std::string& key, const Value& state) {
  const Value* list = state.find("fired");
  const auto* fired = list ? list->get_if<Value::Array>() : nullptr;
  for (const Alarm& alarm : actors_[key].alarms) {
    bool found = false;
    for (const Value& one : fired ? *fired : Value::Array()) {
      const auto* pair = one.get_if<Value::Array>();
      if (!pair || pair->size() != 2 || (*pair)[0].as_string() != alarm.tag) continue;
      found = true;
      const auto at = (*pair)[1].as_int().value_or(0);
      if (at < alarm.due_ms) violation("no early alarm", key + ": " + alarm.tag + " fired before its time");
      if (at >= looking_since_ms_) violation("no lost alarm", key + ": " + alarm.tag + " waited until somebody came");
    }
    if (!found) violation("no lost alarm", key + ": " + alarm.tag + " never fired");
  }
}

}  // namespace troupe::sim
