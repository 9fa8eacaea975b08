#include "engine/base/virtual_ports.h"

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <map>
#include <mutex>
#include <random>

namespace troupe {
namespace {

using Nanos = std::chrono::nanoseconds;

/// Longest real time without any progress that `run_with_threads` bears.
constexpr std::chrono::seconds kJoinMax{30};

struct Wait {
  Executor executor;
  std::function<void()> fn;
  /// False once cancelled, also after the callback has been posted.
  std::shared_ptr<bool> armed;
};

/// Waits in order of time, then of their start.
struct Waits {
  using Key = std::pair<Nanos, std::uint64_t>;
  std::map<Key, Wait> by_time;
  std::uint64_t next = 0;
  /// Read by other threads too.
  std::atomic<Nanos> now{Nanos{}};
};

class VirtualTimer final : public Timer {
 public:
  VirtualTimer(Waits& waits, Executor executor) : waits_(waits), executor_(std::move(executor)) {}
  ~VirtualTimer() override { cancel(); }

  void start(Millis delay, std::function<void()> fn) override {
    cancel();
    armed_ = std::make_shared<bool>(true);
    key_ = {waits_.now.load() + std::max(delay, Millis(0)), waits_.next++};
    waits_.by_time.emplace(key_, Wait{executor_, std::move(fn), armed_});
  }

  void cancel() override {
    if (!armed_) return;
    *armed_ = false;
    armed_.reset();
    // Destroying the callback may destroy other timers, so it happens outside the table.
    auto removed = waits_.by_time.extract(key_);
  }

 private:
  Waits& waits_;
  Executor executor_;
  Waits::Key key_;
  std::shared_ptr<bool> armed_;
};

class VirtualTimers final : public Timers {
 public:
  explicit VirtualTimers(Waits& waits) : waits_(waits) {}
  std::unique_ptr<Timer> make(Executor executor) override {
    return std::make_unique<VirtualTimer>(waits_, std::move(executor));
  }

 private:
  Waits& waits_;
};

class VirtualClock final : public Clock {
 public:
  VirtualClock(Waits& waits, std::int64_t start_ms) : waits_(waits), offset_ms_(start_ms) {}
  std::int64_t now_ms() const override {
    return offset_ms_ + std::chrono::duration_cast<Millis>(waits_.now.load()).count();
  }
  Nanos monotonic() const override { return waits_.now; }
  void jump(Millis by) { offset_ms_ += by.count(); }

 private:
  Waits& waits_;
  std::atomic<std::int64_t> offset_ms_;
};

class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : engine_(seed) {}
  void fill(std::span<std::uint8_t> out) override {
    std::lock_guard lock(mutex_);
    for (auto& byte : out) byte = static_cast<std::uint8_t>(engine_());
  }

 private:
  std::mutex mutex_;
  std::mt19937_64 engine_;
};

[[noreturn]] void die(const char* why) {
  std::fprintf(stderr, "VirtualWorld: %s\n", why);
  std::abort();
}

}  // namespace

struct VirtualWorld::State {
  State(std::uint64_t seed, std::int64_t start_ms) : clock(waits, start_ms), timers(waits), random(seed) {}

  Waits waits;
  VirtualClock clock;
  VirtualTimers timers;
  SeededRandom random;
  /// Destroyed first: queued handlers may hold timers.
  boost::asio::io_context context{1};
};

VirtualWorld::VirtualWorld(std::uint64_t seed, std::int64_t start_ms)
    : state_(std::make_unique<State>(seed, start_ms)) {}

VirtualWorld::~VirtualWorld() {
  // Callbacks may hold coroutines whose end touches the context and other timers.
  auto& waits = state_->waits.by_time;
  while (!waits.empty()) auto removed = waits.extract(waits.begin());
}

Ports VirtualWorld::ports() {
  auto executor = state_->context.get_executor();
  return {state_->clock, state_->timers, state_->random, executor, executor};
}

boost::asio::io_context& VirtualWorld::context() { return state_->context; }
std::int64_t VirtualWorld::now_ms() const { return state_->clock.now_ms(); }

void VirtualWorld::settle() {
  state_->context.restart();
  while (state_->context.poll() > 0) state_->context.restart();
}

void VirtualWorld::advance(Millis time) {
  settle();
  auto& waits = state_->waits;
  const auto end = waits.now.load() + time;
  while (!waits.by_time.empty() && waits.by_time.begin()->first.first <= end) {
    auto due = waits.by_time.extract(waits.by_time.begin());
    waits.now = due.key().first;
    auto& wait = due.mapped();
    boost::asio::post(wait.executor, [fn = std::move(wait.fn), armed = std::move(wait.armed)] {
      if (*armed) fn();
    });
    settle();
  }
  waits.now = end;
}

void VirtualWorld::jump_wall_clock(Millis by) { state_->clock.jump(by); }

void VirtualWorld::finish_task(Task<void> task, Drive drive) {
  std::exception_ptr failure;
  bool done = false;
  boost::asio::co_spawn(context(), std::move(task), [&](std::exception_ptr thrown) {
    failure = thrown;
    done = true;
  });
  (this->*drive)(done);
  if (failure) std::rethrow_exception(failure);
}

void VirtualWorld::settle_task(const bool& done) {
  settle();
  if (!done) die("the task waits for time or for another thread");
}

void VirtualWorld::join_task(const bool& done) {
  while (!done) {
    state_->context.restart();
    // Keeps the context waiting while the work is on another thread.
    auto work = boost::asio::make_work_guard(state_->context);
    if (state_->context.run_one_for(kJoinMax) == 0) die("the task did not end in time");
  }
}

}  // namespace troupe
