#include "engine/hosts/host.h"

namespace troupe {

Task<Result<void>> HostEvents::set_alarm(std::optional<std::int64_t> at_ms, Ack) {
  alarm(at_ms);
  co_return Result<void>();
}

}  // namespace troupe
