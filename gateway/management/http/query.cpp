#include "gateway/management/http/query.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "gateway/management/http/api_call.h"

namespace troupe::management {

namespace {

using Values = std::vector<std::string>;

Error bad_query(const std::string& why) { return bad_request("Failed to deserialize query string: " + why); }

/// Parameters in order of their first appearance.
std::vector<std::pair<std::string, Values>> split(std::string_view raw) {
  std::vector<std::pair<std::string, Values>> out;
  while (!raw.empty()) {
    const auto end = raw.find('&');
    const auto pair = raw.substr(0, end);
    if (!pair.empty()) {
      const auto equals = pair.find('=');
      auto name = decode_form(pair.substr(0, equals));
      auto value = equals == std::string_view::npos ? std::string() : decode_form(pair.substr(equals + 1));
      const auto found = std::ranges::find(out, name, [](const auto& entry) { return entry.first; });
      if (found == out.end())
        out.emplace_back(std::move(name), Values{std::move(value)});
      else
        found->second.push_back(std::move(value));
    }
    if (end == std::string_view::npos) break;
    raw.remove_prefix(end + 1);
  }
  return out;
}

std::optional<std::string> integer_problem(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  if (text.empty()) return "cannot parse integer from empty string";
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (end != text.data() + text.size()) return "invalid digit found in string";
  if (error == std::errc::result_out_of_range) return "number too large to fit in target type";
  if (error != std::errc()) return "invalid digit found in string";
  return std::nullopt;
}

bool is_list(const Field& field) { return field.kind == FieldKind::texts || field.kind == FieldKind::ids; }

/// An optional parameter without a value, as a form sends it for an empty input.
bool left_empty(const Field& field, const Values& values) {
  return !field.required && !is_list(field) && values.size() == 1 && values.front().empty();
}

std::optional<std::string> problem(const Field& field, const Values& values) {
  const std::string prefix = std::string(field.name) + ": ";
  if (!is_list(field) && values.size() > 1) return prefix + "unsupported value";
  switch (field.kind) {
    case FieldKind::integer:
      if (auto why = integer_problem(values.front())) return prefix + *why;
      break;
    case FieldKind::boolean:
      if (values.front() != "true" && values.front() != "false")
        return prefix + "provided string was not `true` or `false`";
      break;
    case FieldKind::variant:
      if (std::ranges::find(field.variants, values.front()) == field.variants.end())
        return prefix + unknown_variant(values.front(), field.variants);
      break;
    case FieldKind::ids:
      for (std::size_t i = 0; i < values.size(); ++i)
        if (auto id = Id::parse(values[i]); !id)
          return std::string(field.name) + "[" + std::to_string(i) + "]: " + id.error().message();
      break;
    case FieldKind::text:
    case FieldKind::texts:
    case FieldKind::object:
      break;
  }
  return std::nullopt;
}

}  // namespace

Result<Query> Query::parse(std::string_view raw, std::span<const Field> fields) {
  Query query;
  for (auto& [name, values] : split(raw)) {
    const auto* field = find_field(fields, name);
    if (!field) return bad_query(unknown_field(name, fields));
    if (left_empty(*field, values)) continue;
    if (auto why = problem(*field, values)) return bad_query(*why);
    query.values_.emplace(std::move(name), std::move(values));
  }
  for (const auto& field : fields)
    if (field.required && !query.values_.contains(field.name)) return bad_query(missing_field(field.name));
  return query;
}

std::optional<std::string> Query::text(std::string_view name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) return std::nullopt;
  return found->second.front();
}

const std::string& Query::required(std::string_view name) const { return values_.find(name)->second.front(); }

std::optional<std::uint64_t> Query::integer(std::string_view name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) return std::nullopt;
  std::string_view digits = found->second.front();
  if (digits.starts_with('+')) digits.remove_prefix(1);
  std::uint64_t number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

bool Query::flag(std::string_view name) const { return text(name) == "true"; }

std::vector<std::string> Query::texts(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? Values() : found->second;
}

std::vector<Id> Query::ids(std::string_view name) const {
  std::vector<Id> out;
  for (const auto& value : texts(name))
    if (auto id = Id::parse(value)) out.push_back(*id);
  return out;
}

Result<std::vector<Id>> Query::all_ids(std::string_view list, std::string_view repeated) const {
  auto out = ids(repeated);
  for (const auto& value : split_list(text(list).value_or(""))) {
    auto id = Id::parse(value);
    if (!id) return bad_request("invalid id in `" + std::string(list) + "` query: " + id.error().message());
    out.push_back(*id);
  }
  return out;
}

Result<std::optional<std::int64_t>> Query::time_cursor() const {
  const auto value = text("cursor");
  if (!value) return std::optional<std::int64_t>();
  std::int64_t number = 0;
  const auto* end = value->data() + value->size();
  const auto [stop, error] = std::from_chars(value->data(), end, number);
  if (error != std::errc() || stop != end) return bad_query("cursor: invalid digit found in string");
  return std::optional<std::int64_t>(number);
}

}  // namespace troupe::management
