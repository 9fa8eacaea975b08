#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/defer.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <utility>
#include <vector>

#include "engine/base/executors.h"
#include "engine/base/running_code.h"
#include "troupe/behavior.h"
#include "troupe/result.h"

/// Building blocks for coroutines that wait for something other than I/O: a continuation that can be kept and resumed
/// later, and a hand-over to another executor that runs at once where it can.
namespace troupe {

/// Counts how deep hand-overs are nested on this thread.
class NestedCall {
 public:
  NestedCall();
  ~NestedCall();
  NestedCall(const NestedCall&) = delete;
  NestedCall& operator=(const NestedCall&) = delete;
  /// False when the stack is deep enough and the next hand-over has to be queued.
  bool may_run_inline() const;
};

/// Runs `fn` on the strand: inside this call when the strand allows it, else queued. A chain of such calls never grows
/// the stack without bound.
template <class Fn>
void hand_over(const Strand& strand, Fn fn) {
  const NestedCall nested;
  if (!nested.may_run_inline()) return boost::asio::post(strand, std::move(fn));
  if (strand.running_in_this_thread()) return fn();
  boost::asio::dispatch(strand, std::move(fn));
}

template <class Fn>
void hand_over(const Executor& executor, Fn fn) {
  // The general executor would make another one of itself first, on the heap.
  if (const auto* strand = executor.target<Strand>()) return hand_over(*strand, std::move(fn));
  const NestedCall nested;
  if (!nested.may_run_inline()) return boost::asio::post(executor, std::move(fn));
  boost::asio::dispatch(executor, std::move(fn));
}

/// Runs `fn` on the strand once the caller has returned to its own executor. On a thread of the pool it stays on that
/// thread: waking another one costs more than most of what is queued here takes.
template <class Fn>
void run_next(const Strand& strand, Fn fn) {
  if (!strand.running_in_this_thread()) return boost::asio::defer(strand, std::move(fn));
  // Not queued in the strand: one that has more to do when it is left wakes another thread for it.
  auto enter = [strand, next = std::move(fn)]() mutable { boost::asio::dispatch(strand, std::move(next)); };
  boost::asio::defer(strand.get_inner_executor(), std::move(enter));
}

template <class Fn>
void run_next(const Executor& executor, Fn fn) {
  const auto* strand = executor.target<Strand>();
  if (strand) return run_next(*strand, std::move(fn));
  boost::asio::defer(executor, std::move(fn));
}

struct Done {};

/// The rest of a suspended coroutine. `resume` runs it on the coroutine's own executor, once; it bears the label of the
/// code that was suspended. Threads: one at a time.
/// Lifetime: dropping it unused destroys the coroutine. Whatever began the coroutine keeps its context working.
template <class T>
class Continuation {
 public:
  Continuation() = default;
  template <class Handler>
  requires(!std::is_same_v<std::remove_cvref_t<Handler>, Continuation>) explicit Continuation(Handler handler)
      : step_(std::make_unique<Step<Handler>>(std::move(handler))) {}

  explicit operator bool() const { return step_ != nullptr; }

  /// Inside this call when the coroutine's executor allows it.
  void resume(T value) { std::exchange(step_, nullptr)->run(std::move(value), true); }
  /// Always later, so that the caller's data may be in any condition.
  void post(T value) { std::exchange(step_, nullptr)->run(std::move(value), false); }

 private:
  struct StepBase {
    virtual ~StepBase() = default;
    virtual void run(T value, bool inline_allowed) = 0;
  };
  template <class Handler>
  struct Step final : StepBase {
    explicit Step(Handler h) : handler(std::move(h)) {}
    void run(T value, bool inline_allowed) override {
      const Executor executor = boost::asio::get_associated_executor(handler);
      auto call = [h = std::move(handler), v = std::move(value), label = label]() mutable {
        const RunningCode running(label);
        std::move(h)(std::move(v));
      };
      if (inline_allowed) {
        hand_over(executor, std::move(call));
      } else {
        run_next(executor, std::move(call));
      }
    }
    Handler handler;
    const CodeLabel* label = RunningCode::current();
  };
  std::unique_ptr<StepBase> step_;
};

/// Suspends the awaiting coroutine and calls `start(Continuation<T>)`; the value given to the continuation is the
/// result.
template <class T, class Start>
Task<T> suspend(Start start) {
  auto initiate = [](auto handler, Start begin) { begin(Continuation<T>(std::move(handler))); };
  return boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void(T)>(
      std::move(initiate), boost::asio::use_awaitable, std::move(start));
}

/// Marks the coroutine thread as one that has already waited. Without it the end of a task that never waited is
/// queued by co_spawn, which wakes another thread of the pool.
inline Task<void> skip_final_post() { return boost::asio::dispatch(boost::asio::use_awaitable); }

/// Wakes all who wait. Threads: one serial executor.
class Signal {
 public:
  Task<Done> wait() {
    return suspend<Done>([this](Continuation<Done> waiter) { waiters_.push_back(std::move(waiter)); });
  }
  /// The waiters go on after the caller has returned to its executor.
  void notify_all() {
    for (auto& waiter : std::exchange(waiters_, {})) waiter.post({});
  }
  bool awaited() const { return !waiters_.empty(); }

 private:
  std::vector<Continuation<Done>> waiters_;
};

}  // namespace troupe
