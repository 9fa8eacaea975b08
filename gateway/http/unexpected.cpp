#include "gateway/http/unexpected.h"

#include <spdlog/spdlog.h>

namespace troupe {

std::function<void(std::exception_ptr)> log_unexpected(const char* where) {
  return [where](std::exception_ptr thrown) {
    if (!thrown) return;
    try {
      std::rethrow_exception(thrown);
    } catch (const std::exception& e) {
      spdlog::error("{} ended unexpectedly: {}", where, e.what());
    } catch (...) {
      spdlog::error("{} ended unexpectedly", where);
    }
  };
}

}  // namespace troupe
