#include "gateway/http/admission.h"

#include <algorithm>
#include <boost/asio/post.hpp>

#include "engine/base/errors.h"

namespace troupe {
namespace {

constexpr std::chrono::milliseconds kProbeInterval{10};
constexpr std::chrono::milliseconds kFresh{100};
constexpr std::string_view kRetryAfter = "retry_after_s";

}  // namespace

std::optional<Error> Admission::refusal() {
  if (!on_) return std::nullopt;
  const auto now = clock_.monotonic();
  // When nobody came for a while, nothing is known of the queue now.
  const bool known = probing_.load() || (now - std::chrono::nanoseconds(measured_at_.load())) < kFresh;
  if (now.count() >= next_probe_.load(std::memory_order_relaxed) && !probing_.exchange(true)) probe(now);
  if (!known || !overloaded_.load(std::memory_order_relaxed)) return std::nullopt;
  refused_.fetch_add(1, std::memory_order_relaxed);
  // What waits has to be worked off first; whoever comes back sooner meets the same queue.
  const auto seconds = std::max<std::int64_t>(std::chrono::ceil<std::chrono::seconds>(queue_wait()).count(), 1);
  return make_error("guard", "overloaded",
                    Value::object({{"queue_wait_ms", std::chrono::duration_cast<Millis>(queue_wait()).count()},
                                   {std::string(kRetryAfter), seconds}}));
}

void Admission::probe(std::chrono::nanoseconds now) {
  next_probe_.store((now + kProbeInterval).count(), std::memory_order_relaxed);
  boost::asio::post(io_, [self = shared_from_this(), now] { self->measured(self->clock_.monotonic() - now); });
}

void Admission::measured(std::chrono::nanoseconds wait) {
  const auto now = clock_.monotonic();
  {
    const std::lock_guard lock(mutex_);
    queue_.sample(now, wait);
    overloaded_.store(queue_.overloaded(), std::memory_order_relaxed);
  }
  wait_.store(wait.count(), std::memory_order_relaxed);
  measured_at_.store(now.count(), std::memory_order_relaxed);
  probing_.store(false);
}

std::optional<std::int64_t> retry_after_seconds(const Error& error) {
  if (!error.is("guard", "overloaded") || !error.metadata()) return std::nullopt;
  const auto* seconds = error.metadata()->find(kRetryAfter);
  return seconds != nullptr ? seconds->as_int() : std::nullopt;
}

}  // namespace troupe
