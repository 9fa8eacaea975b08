#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::sim {

/// Deliberate defects, by name. A checker that lets its variant pass is no checker.
struct Variant {
  std::string_view name;
  std::string_view checker;
};
/// The first has no name and no defect.
const std::vector<Variant>& variants();

struct Report {
  std::vector<std::string> violations;
  /// What happened, in order; the same seed gives the same text.
  std::string log;
  std::uint64_t acknowledged = 0;
  std::uint64_t crashes = 0;
};

/// One run: several lives of an engine over one store, clients that do what they like, faults and crashes in between,
/// and at the end a quiet life in which everything that was promised is looked up.
Report run(std::uint64_t seed, std::string_view variant = {});

}  // namespace troupe::sim
