#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/directory/records.h"

namespace troupe {

/// The namespaces, all in memory. Threads: any.
class Namespaces {
 public:
  std::optional<NamespaceRecord> find(std::string_view name) const;
  std::optional<NamespaceRecord> find(const NamespaceId& id) const;
  std::vector<NamespaceRecord> all() const;

  /// Takes a name while its namespace is being written; false when it is in use.
  bool reserve(const std::string& name);
  void release(const std::string& name);
  void add(NamespaceRecord record);

 private:
  mutable std::mutex mutex_;
  std::map<std::string, NamespaceRecord, std::less<>> by_name_;
  std::unordered_map<NamespaceId, std::string> names_;
  std::set<std::string> reserved_;
};

}  // namespace troupe
