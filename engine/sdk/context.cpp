#include "troupe/context.h"

namespace troupe::detail {

Task<Result<void>> with_result(Task<void> task) {
  co_await std::move(task);
  co_return Result<void>();
}

}  // namespace troupe::detail
