#include "engine/base/real_ports.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace troupe {
namespace {

class SystemClock final : public Clock {
 public:
  std::int64_t now_ms() const override {
    return std::chrono::duration_cast<Millis>(std::chrono::system_clock::now().time_since_epoch()).count();
  }
  std::chrono::nanoseconds monotonic() const override { return std::chrono::steady_clock::now().time_since_epoch(); }
};

class AsioTimer final : public Timer {
 public:
  explicit AsioTimer(Executor executor) : shared_(std::make_shared<Shared>(std::move(executor))) {}
  ~AsioTimer() override { cancel(); }

  void start(Millis delay, std::function<void()> fn) override {
    const auto epoch = ++shared_->epoch;
    shared_->timer.expires_after(delay);
    // The handler owns `fn`: whoever drops the executor's queue drops the callback with it.
    shared_->timer.async_wait([shared = shared_, epoch, fn = std::move(fn)](boost::system::error_code) {
      if (shared->epoch == epoch) fn();
    });
  }

  void cancel() override {
    ++shared_->epoch;
    shared_->timer.cancel();
  }

 private:
  struct Shared {
    explicit Shared(Executor executor) : timer(std::move(executor)) {}
    boost::asio::steady_timer timer;
    /// Number of the wait that may still call back. Atomic, because the last owner may let go on another thread.
    std::atomic<std::uint64_t> epoch = 0;
  };
  std::shared_ptr<Shared> shared_;
};

class AsioTimers final : public Timers {
 public:
  std::unique_ptr<Timer> make(Executor executor) override { return std::make_unique<AsioTimer>(std::move(executor)); }
};

void fill_from_kernel(std::span<std::uint8_t> out) {
  while (!out.empty()) {
    const auto got = ::getrandom(out.data(), out.size(), 0);
    if (got > 0) {
      out = out.subspan(static_cast<std::size_t>(got));
    } else if (errno != EINTR) {
      std::perror("getrandom");
      std::abort();
    }
  }
}

/// Keeps a stock of the kernel's random bytes on each thread: every request needs some.
class SystemRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> out) override {
    if (out.size() > kStockBytes / 2) return fill_from_kernel(out);
    thread_local Stock stock;
    if (stock.left < out.size()) {
      fill_from_kernel(stock.bytes);
      stock.left = kStockBytes;
    }
    const auto from = stock.bytes.end() - static_cast<std::ptrdiff_t>(stock.left);
    std::copy_n(from, out.size(), out.begin());
    // What was given out is not kept.
    std::fill_n(from, out.size(), std::uint8_t{0});
    stock.left -= out.size();
  }

 private:
  static constexpr std::size_t kStockBytes = 512;
  struct Stock {
    std::array<std::uint8_t, kStockBytes> bytes{};
    std::size_t left = 0;
  };
};

}  // namespace

std::unique_ptr<Clock> make_system_clock() { return std::make_unique<SystemClock>(); }
std::unique_ptr<Timers> make_asio_timers() { return std::make_unique<AsioTimers>(); }
std::unique_ptr<Random> make_system_random() { return std::make_unique<SystemRandom>(); }

}  // namespace troupe
