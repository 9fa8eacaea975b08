#include <spdlog/spdlog.h>

#include <algorithm>

#include "engine/runtime/instance/instance.h"

namespace troupe {
namespace {

/// The last save and the closing of the database may take this long, or the grace period if that is longer.
constexpr Millis kFinalizeMax{15'000};

constexpr std::uint16_t kNormalClosure = 1000;

/// Clients of a destroyed actor must not take its end for a pause.
std::string close_reason(const ActorConnection& conn, bool destroying) {
  const bool silent = destroying && conn.kind() == ActorConnection::Kind::protocol;
  return silent ? "" : "actor.stopped";
}

}  // namespace

Task<void> Instance::stop(StopReason reason) {
  auto self = this->self();
  auto start = [self, reason](Continuation<Done> waiter) {
    auto begin = [self, reason, waiter = std::move(waiter)]() mutable { self->begin_stop(reason, std::move(waiter)); };
    hand_over(self->executor_, std::move(begin));
  };
  co_await suspend<Done>(std::move(start));
}

void Instance::begin_stop(StopReason reason, Continuation<Done> waiter) {
  if (lifecycle_.state() == LifecycleState::terminated) return waiter.resume({});
  stop_waiters_.push_back(std::move(waiter));
  if (lifecycle_.state() == LifecycleState::loading && !starting_) {
    lifecycle_.apply(LifecycleEvent::start_failed);
    return terminate();
  }
  const bool destroying = destroys(reason);
  if (lifecycle_.apply(destroying ? LifecycleEvent::stop_destroy : LifecycleEvent::stop_sleep)) {
    detach(run_stop(self(), destroying));
  }
}

Task<void> Instance::run_stop(std::shared_ptr<Instance> self, bool destroying) {
  self->idle_entry_.cancel();
  self->scheduler_.suspend();
  self->abort_delays();
  // The hook comes first, so that it still reaches the clients; then all of it overlaps.
  if (destroying ? self->hooks().on_destroy : self->hooks().on_sleep) {
    self->begin_work(Work::stop_hook);
    self->detach(run_stop_hook(self, destroying));
  }
  auto conns = self->connections_.all();
  for (auto& conn : conns) {
    if (!destroying && conn->hibernatable()) {
      conn->prepare_sleep();
      continue;
    }
    // A request keeps its connection until it is answered.
    if (conn->kind() == ActorConnection::Kind::temporary || !conn->begin_to_leave()) continue;
    self->begin_work(Work::disconnect);
    self->detach(close_for_stop(self, conn, destroying));
  }
  conns.clear();
  co_await self->drain(destroying);
  self->abandon_rest(destroying);
  self->lifecycle_.apply(LifecycleEvent::grace_over);
  co_await self->finalize(destroying);
  self->lifecycle_.apply(LifecycleEvent::finalized);
  self->terminate();
}

Task<void> Instance::run_stop_hook(std::shared_ptr<Instance> self, bool destroying) {
  auto* behavior = self->behavior_.get();
  const char* name = destroying ? "onDestroy" : "onSleep";
  auto make = [behavior, destroying] { return destroying ? behavior->on_destroy() : behavior->on_sleep(); };
  auto result = co_await self->hook<void>(name, self->options().sleep_grace_period, nullptr, std::move(make));
  if (!result) self->log_error(name, result.error());
  self->end_work(Work::stop_hook);
}

Task<void> Instance::close_for_stop(std::shared_ptr<Instance> self, std::shared_ptr<ActorConnection> conn,
                                    bool destroying) {
  if (self->hooks().on_disconnect) {
    auto* behavior = self->behavior_.get();
    auto make = [behavior, conn] { return behavior->on_disconnect(conn); };
    auto result = co_await self->hook<void>("onDisconnect", self->options().sleep_grace_period, conn, std::move(make));
    if (!result) self->log_error("onDisconnect", result.error());
  }
  if (self->connections_.remove(*conn)) conn->close_sink(kNormalClosure, close_reason(*conn, destroying));
  self->end_work(Work::disconnect);
}

Task<void> Instance::drain(bool destroying) {
  bool expired = false;
  Deadlines::Entry deadline;
  deadlines_.arm(deadline, options().sleep_grace_period, [this, &expired] {
    expired = true;
    work_ended_.notify_all();
  });
  while (!expired && !crash_ && !activity_.drained(destroying)) co_await work_ended_.wait();
  if (expired) spdlog::warn("actor {}: work was left when the grace period of its stop ended", info_.actor_id);
}

void Instance::fail_work(const Error& error) {
  if (queue_) queue_->drop_replies();
  while (!calls_.empty()) calls_.front().fail(error);
  while (!streams_.empty()) streams_.front().abandon();
}

void Instance::abandon_rest(bool destroying) {
  fail_work(make_error("actor", "dropped_reply"));
  auto conns = connections_.all();
  for (auto& conn : conns) {
    if (!destroying && conn->hibernatable()) continue;
    conn->begin_to_leave();
    connections_.remove(*conn);
    conn->close_sink(kNormalClosure, close_reason(*conn, destroying));
  }
}

Task<void> Instance::finalize(bool destroying) {
  const auto limit = std::max(kFinalizeMax, options().sleep_grace_period);
  const auto leaving = std::make_shared<HibernatingConnections>();
  // After a crash memory is no better than what is stored.
  const bool keeps = !destroying && !crash_;
  if (keeps && (saver_.dirty() || !connections_.empty())) {
    auto save = [this, leaving] { return store_hibernating(leaving); };
    auto saved = co_await hook<void>("the last save", limit, nullptr, std::move(save));
    if (!saved) log_error("the last save", saved.error());
  }
  gate_.finish(destroying);
  if (!destroying) release_hibernating(std::move(*leaving));
  if (keeps) {
    auto settle = [this]() -> Task<Result<void>> {
      co_await scheduler_.settle_alarm();
      co_return Result<void>();
    };
    auto settled = co_await hook<void>("setting the alarm", limit, nullptr, std::move(settle));
    if (!settled) log_error("setting the alarm", settled.error());
  }
  saver_.close();
  data_.close_kv();
  auto close = [this]() -> Task<Result<void>> {
    co_await data_.close_db();
    co_return Result<void>();
  };
  auto closed = co_await hook<void>("closing the database", limit, nullptr, std::move(close));
  if (!closed) log_error("closing the database", closed.error());
}

void Instance::terminate() {
  gate_.finish(false);
  saver_.close();
  data_.close_kv();
  idle_entry_.cancel();
  // The end of a socket that was gone before anybody took it up refers to the actor.
  restoring_.reset();
  if (crash_) host_->crashed(crash_->id() + ": " + crash_->message());
  for (auto& waiter : std::exchange(stop_waiters_, {})) waiter.post({});
}

}  // namespace troupe
