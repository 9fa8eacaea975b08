#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/id.h"
#include "gateway/management/http/fields.h"
#include "troupe/result.h"

namespace troupe::management {

/// A query string that matched its declaration. An optional parameter with an empty value counts as absent.
class Query {
 public:
  /// Errors: `api.bad_request` for unknown, repeated, malformed and missing parameters.
  static Result<Query> parse(std::string_view raw, std::span<const Field> fields);

  std::optional<std::string> text(std::string_view name) const;
  /// A required parameter.
  const std::string& required(std::string_view name) const;
  std::optional<std::uint64_t> integer(std::string_view name) const;
  bool flag(std::string_view name) const;
  std::vector<std::string> texts(std::string_view name) const;
  std::vector<Id> ids(std::string_view name) const;
  /// The ids of a repeatable parameter and those of a comma list. Errors: `api.bad_request` for a bad one in the list.
  Result<std::vector<Id>> all_ids(std::string_view list, std::string_view repeated) const;
  /// A cursor of the routes that page by creation time, ms. Errors: `api.bad_request`.
  Result<std::optional<std::int64_t>> time_cursor() const;

 private:
  std::map<std::string, std::vector<std::string>, std::less<>> values_;
};

}  // namespace troupe::management
