#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace troupe {

/// What an inspector request asks for, by method and path.
struct InspectorRoute {
  enum class Kind {
    // Open to everybody.
    ui_asset,
    custom_tab_asset,
    // With the actor's token.
    summary,
    state,
    patch_state,
    connections,
    rpcs,
    action,
    queue,
    enqueue,
    reset_queue,
    traces,
    workflow_history,
    workflow_replay,
    database_schema,
    database_rows,
    database_execute,
    unknown,
  };
  Kind kind = Kind::unknown;
  /// Of an action: its name, decoded.
  std::string name;
};

/// `target` begins with `/inspector/`; a query is ignored. A known path with another method is unknown.
InspectorRoute parse_inspector_route(std::string_view method, std::string_view target);

/// Value of a query parameter, percent-decoded, '+' as a space. Nothing when it is missing; broken escapes stay as
/// they are.
std::optional<std::string> query_value(std::string_view target, std::string_view name);
/// A decimal number without sign; nothing when it is missing or none.
std::optional<std::uint64_t> query_number(std::string_view target, std::string_view name);

}  // namespace troupe
