#include "gateway/routing/subprotocols.h"

namespace troupe {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// The first entry that `matches`.
template <class Predicate>
std::optional<std::string_view> first_entry(std::string_view list, Predicate matches) {
  for (;;) {
    const std::size_t comma = list.find(',');
    const std::string_view entry = trimmed(list.substr(0, comma));
    if (matches(entry)) return entry;
    if (comma == std::string_view::npos) return std::nullopt;
    list.remove_prefix(comma + 1);
  }
}

}  // namespace

std::optional<std::string_view> Subprotocols::find(std::string_view prefix) const {
  auto entry = first_entry(header_, [&](std::string_view e) { return e.starts_with(prefix); });
  if (entry) entry->remove_prefix(prefix.size());
  return entry;
}

bool Subprotocols::contains(std::string_view protocol) const {
  return first_entry(header_, [&](std::string_view e) { return e == protocol; }).has_value();
}

}  // namespace troupe
