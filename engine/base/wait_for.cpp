#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>

#include "engine/base/ports.h"

namespace troupe {
namespace {

namespace asio = boost::asio;

template <class Handler>
struct Waiter {
  std::unique_ptr<Timer> timer;
  std::optional<Handler> handler;

  Handler take() {
    Handler taken = std::move(*handler);
    handler.reset();
    return taken;
  }
};

struct StartWait {
  Timers& timers;
  Executor executor;
  Millis delay;

  template <class Handler>
  void operator()(Handler handler) {
    auto slot = asio::get_associated_cancellation_slot(handler);
    auto waiter = std::make_shared<Waiter<Handler>>(Waiter<Handler>{timers.make(executor), std::move(handler)});
    if (slot.is_connected()) {
      // Weak: the slot belongs to the coroutine that the handler resumes.
      slot.assign([weak = std::weak_ptr(waiter)](asio::cancellation_type) {
        auto cancelled = weak.lock();
        if (!cancelled || !cancelled->handler) return;
        cancelled->timer->cancel();
        asio::post(cancelled->take());
      });
    }
    waiter->timer->start(delay, [waiter] { asio::dispatch(waiter->take()); });
  }
};

}  // namespace

Task<void> wait_for(Timers& timers, Executor executor, Millis delay) {
  StartWait start{timers, std::move(executor), delay};
  co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(start, asio::use_awaitable);
}

}  // namespace troupe
