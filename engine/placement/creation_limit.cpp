#include "engine/placement/creation_limit.h"

namespace troupe {

bool CreationLimit::admit(const NamespaceId& ns) {
  if (burst_ == 0) return true;
  const auto now = clock_.monotonic();
  std::lock_guard lock(mutex_);
  Bucket& bucket = buckets_[ns];
  const auto drained = interval_.count() > 0 ? (now - bucket.drained_at) / interval_ : std::int64_t{burst_};
  if (drained >= bucket.used) {
    bucket.used = 0;
    bucket.drained_at = now;
  } else {
    bucket.used -= static_cast<std::uint32_t>(drained);
    bucket.drained_at += drained * interval_;
  }
  if (bucket.used >= burst_) return false;
  ++bucket.used;
  return true;
}

}  // namespace troupe
