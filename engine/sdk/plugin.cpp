#include "troupe/plugin.h"

namespace troupe::detail {

bool add_actors(void (*add)(Registry&), Registry& registry, std::string& problem) noexcept {
  try {
    add(registry);
    return true;
  } catch (...) {
    const auto error = error_of_current_exception();
    problem = error.detail().empty() ? error.id() + ": " + error.message() : error.detail();
    return false;
  }
}

}  // namespace troupe::detail
