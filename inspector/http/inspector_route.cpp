#include "inspector/http/inspector_route.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "engine/hosts/local/percent.h"

namespace troupe {
namespace {

using Kind = InspectorRoute::Kind;

constexpr std::string_view kPrefix = "/inspector/";

struct Row {
  std::string_view method, path;
  Kind kind;
};

constexpr std::array kRows{
    Row{"GET", "summary", Kind::summary},
    Row{"GET", "state", Kind::state},
    Row{"PATCH", "state", Kind::patch_state},
    Row{"GET", "connections", Kind::connections},
    Row{"GET", "rpcs", Kind::rpcs},
    Row{"GET", "queue", Kind::queue},
    Row{"POST", "queue", Kind::enqueue},
    Row{"DELETE", "queue", Kind::reset_queue},
    Row{"GET", "traces", Kind::traces},
    Row{"GET", "workflow-history", Kind::workflow_history},
    Row{"POST", "workflow/replay", Kind::workflow_replay},
    Row{"GET", "database/schema", Kind::database_schema},
    Row{"GET", "database/rows", Kind::database_rows},
    Row{"POST", "database/execute", Kind::database_execute},
    Row{"GET", "ui", Kind::ui_asset},
    Row{"GET", "tab.css", Kind::ui_asset},
};

}  // namespace

InspectorRoute parse_inspector_route(std::string_view method, std::string_view target) {
  constexpr std::string_view kAction = "action/", kUi = "ui/", kTabs = "custom-tabs/";
  std::string_view path = target.substr(0, target.find('?'));
  if (!path.starts_with(kPrefix)) return {};
  path.remove_prefix(kPrefix.size());
  if (method == "GET" && path.starts_with(kUi)) return {Kind::ui_asset, {}};
  if (method == "GET" && path.starts_with(kTabs)) return {Kind::custom_tab_asset, {}};
  if (method == "POST" && path.starts_with(kAction)) {
    const auto segment = path.substr(kAction.size());
    auto name = percent_decode(segment);
    if (segment.empty() || segment.find('/') != std::string_view::npos || !name) return {};
    return {Kind::action, *std::move(name)};
  }
  const auto row =
      std::find_if(kRows.begin(), kRows.end(), [&](const Row& r) { return r.method == method && r.path == path; });
  return row == kRows.end() ? InspectorRoute() : InspectorRoute{row->kind, {}};
}

std::optional<std::string> query_value(std::string_view target, std::string_view name) {
  auto begin = std::ranges::find(target, '?');
  while (begin != target.end()) {
    const auto pair = std::next(begin);
    const auto end = std::find(pair, target.end(), '&');
    const auto equals = std::find(pair, end, '=');
    begin = end;
    if (!std::equal(pair, equals, name.begin(), name.end())) continue;
    std::string text(equals == end ? end : std::next(equals), end);
    std::ranges::replace(text, '+', ' ');
    auto decoded = percent_decode(text);
    return decoded ? *std::move(decoded) : text;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> query_number(std::string_view target, std::string_view name) {
  const auto text = query_value(target, name);
  if (!text || text->empty()) return std::nullopt;
  std::uint64_t number = 0;
  const char* end = text->data() + text->size();
  const auto [stopped, failure] = std::from_chars(text->data(), end, number);
  if (failure != std::errc() || stopped != end) return std::nullopt;
  return number;
}

}  // namespace troupe
