#include "engine/directory/namespaces.h"

namespace troupe {

std::optional<NamespaceRecord> Namespaces::find(std::string_view name) const {
  std::lock_guard lock(mutex_);
  auto it = by_name_.find(name);
  if (it == by_name_.end()) return std::nullopt;
  return it->second;
}

std::optional<NamespaceRecord> Namespaces::find(const NamespaceId& id) const {
  std::lock_guard lock(mutex_);
  auto it = names_.find(id);
  if (it == names_.end()) return std::nullopt;
  return by_name_.at(it->second);
}

std::vector<NamespaceRecord> Namespaces::all() const {
  std::lock_guard lock(mutex_);
  std::vector<NamespaceRecord> records;
  records.reserve(by_name_.size());
  for (const auto& [name, record] : by_name_) records.push_back(record);
  return records;
}

bool Namespaces::reserve(const std::string& name) {
  std::lock_guard lock(mutex_);
  return !by_name_.contains(name) && reserved_.insert(name).second;
}

void Namespaces::release(const std::string& name) {
  std::lock_guard lock(mutex_);
  reserved_.erase(name);
}

void Namespaces::add(NamespaceRecord record) {
  std::lock_guard lock(mutex_);
  names_[record.id] = record.name;
  auto name = record.name;
  by_name_[std::move(name)] = std::move(record);
}

}  // namespace troupe
