#include "troupe/context.h"

namespace troupe::detail {

Task<Result<void>> with_result(Task<void> task) {
  co_await std::move(task);
  co_return Result<void>();
}

}  // namespace troupe::detail

namespace troupe {

Task<Result<void>> ContextBase::parked(detail::Instance& instance, bool writes, Task<Result<void>> wait) {
  const detail::Instance::Parked parked(instance, writes);
  co_return co_await std::move(wait);
}

}  // namespace troupe
