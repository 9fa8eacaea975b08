#pragma once

#include <exception>
#include <functional>

namespace troupe {

/// Completion handler of a coroutine of the server: what escapes from it ends that coroutine only, and is logged.
std::function<void(std::exception_ptr)> log_unexpected(const char* where);

}  // namespace troupe
