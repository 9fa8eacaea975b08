#include "engine/runtime/instance/instance.h"
#include "engine/runtime/state/inspector_token.h"
#include "engine/runtime/state/state_transaction.h"
#include "engine/storage/keys.h"

namespace troupe {

Task<Result<void>> Instance::start() {
  auto start = [self = self()](Continuation<Result<void>> waiter) mutable {
    auto executor = self->executor_;
    hand_over(executor,
              [self = std::move(self), waiter = std::move(waiter)]() mutable { self->begin_start(std::move(waiter)); });
  };
  return suspend<Result<void>>(std::move(start));
}

void Instance::begin_start(Continuation<Result<void>> waiter) {
  if (lifecycle_.state() != LifecycleState::loading) return waiter.resume(make_error("actor", "stopping"));
  if (std::exchange(starting_, true)) return waiter.resume(make_error("actor", "starting"));
  detach(run_start(self(), std::move(waiter)));
}

Task<void> Instance::run_start(std::shared_ptr<Instance> self, Continuation<Result<void>> waiter) {
  Result<void> result;
  try {
    result = co_await self->prepare();
  } catch (...) {
    result = self->escaped("the start");
  }
  if (self->crash_) result = *std::exchange(self->crash_, std::nullopt);
  self->starting_ = false;
  self->input_.reset();
  if (!result) {
    if (!result.error().is("actor", "aborted")) self->log_error("the start", result.error());
    self->lifecycle_.apply(LifecycleEvent::start_failed);
    self->abort_delays();
    self->forget_restored();
    self->data_.close_kv();
    co_await self->data_.close_db();
    self->terminate();
    waiter.resume(std::move(result));
    co_return;
  }
  self->lifecycle_.apply(LifecycleEvent::start_succeeded);
  (void)self->start_run_handler();
  self->serve_restored();
  self->work_changed();
  self->scheduler_.begin();
  waiter.resume(std::move(result));
  if (auto stop = self->lifecycle_.take_deferred_stop()) {
    self->lifecycle_.apply(*stop);
    self->detach(run_stop(self, *stop == LifecycleEvent::stop_destroy));
  }
}

Task<Result<void>> Instance::prepare() {
  auto stored = co_await store_.load_state(id_);
  if (!stored) co_return stored.error().with_context("loading the state");
  if (stored->has_value()) {
    auto loaded = co_await scheduler_.load();
    if (!loaded) co_return loaded.error().with_context("loading the schedules");
  }
  behavior_ = definition_->make(context_);
  const bool is_new = !stored->has_value();
  bool was_pending = false;
  if (!is_new) {
    TROUPE_CO_CHECK(co_await restore_connections());
    auto pending = co_await find_pending_state(self());
    if (!pending) co_return pending.error().with_context("looking for the end of a transaction");
    was_pending = pending->found;
    if (pending->committed) **stored = std::move(*pending->committed);
  }
  if (hooks().on_migrate) {
    auto migrate = [this, is_new] { return behavior_->on_migrate(is_new); };
    TROUPE_CO_CHECK(co_await hook<void>("onMigrate", options().on_migrate_timeout, nullptr, std::move(migrate)));
  }
  if (is_new) {
    TROUPE_CO_CHECK(co_await prepare_new());
  } else {
    auto bytes = std::move(**stored);
    TROUPE_CO_CHECK(co_await prepare_woken(std::move(bytes), was_pending));
  }
  TROUPE_CO_CHECK(co_await prepare_common());
  co_return co_await scheduler_.keep_alarm();
}

/// The state of a behavior whose snapshot holds none.
Task<Result<void>> Instance::create_state() {
  auto create = [this] { return behavior_->create_state(input_); };
  auto created = co_await hook<Bytes>("createState", options().create_state_timeout, nullptr, std::move(create));
  if (!created) co_return created.error();
  co_return Result<void>();
}

Task<Result<void>> Instance::prepare_new() {
  if (hooks().create_state) {
    TROUPE_CO_CHECK(co_await create_state());
  }
  if (hooks().on_create) {
    auto create = [this] { return behavior_->on_create(input_); };
    TROUPE_CO_CHECK(co_await hook<void>("onCreate", options().on_create_timeout, nullptr, std::move(create)));
  }
  auto snapshot = behavior_->serialize_state();
  if (!snapshot) co_return snapshot.error().with_context("the first state");
  saver_.open(*behavior_, weak_from_this());
  TROUPE_CO_CHECK(stage_inspector_token());
  // From here on the actor exists: a start that fails later is repeated as a wake.
  co_return co_await saver_.commit_first(std::move(*snapshot));
}

Task<Result<void>> Instance::prepare_woken(Bytes stored, bool was_pending) {
  if (stored.empty() && hooks().create_state) {
    TROUPE_CO_CHECK(co_await create_state());
    saver_.mark();
  } else {
    auto loaded = behavior_->load_state(std::move(stored));
    if (!loaded) co_return loaded.error().with_context("decoding the state");
  }
  saver_.open(*behavior_, weak_from_this());
  if (was_pending) settle_pending_state(*this);
  // Actors of a data directory that knew no tokens get theirs at their next wake.
  TROUPE_CO_TRY(const auto token, co_await load_inspector_token());
  if (!token) {
    TROUPE_CO_CHECK(stage_inspector_token());
  }
  co_return Result<void>();
}

Task<Result<std::optional<std::string>>> Instance::load_inspector_token() {
  auto key = inspector_token_key(id_);
  if (const auto staged = saver_.find(key); staged && staged->value) co_return to_string(*staged->value);
  TROUPE_CO_TRY(const auto stored, co_await store_.load_row(std::move(key)));
  if (!stored) co_return std::optional<std::string>();
  co_return to_string(*stored);
}

Result<void> Instance::stage_inspector_token() {
  return saver_.put(inspector_token_key(id_), to_bytes(make_inspector_token(ports_.random)), Ack::written);
}

Task<Result<void>> Instance::prepare_common() {
  if (hooks().create_vars) {
    auto create = [this] { return behavior_->create_vars(); };
    TROUPE_CO_CHECK(co_await hook<void>("createVars", options().create_vars_timeout, nullptr, std::move(create)));
  }
  if (hooks().on_wake) {
    auto wake = [this] { return behavior_->on_wake(); };
    TROUPE_CO_CHECK(co_await hook<void>("onWake", options().on_wake_timeout, nullptr, std::move(wake)));
  }
  drop_stale();
  if (hooks().on_before_actor_start) {
    auto begin = [this] { return behavior_->on_before_actor_start(); };
    const auto limit = options().on_before_actor_start_timeout;
    TROUPE_CO_CHECK(co_await hook<void>("onBeforeActorStart", limit, nullptr, std::move(begin)));
  }
  co_return Result<void>();
}

bool Instance::start_run_handler() {
  if (!hooks().run || activity_.count(Work::run) > 0 || lifecycle_.state() != LifecycleState::started) return false;
  begin_work(Work::run);
  const RunningCode running(label("run"));
  detach(run_handler(self()));
  return true;
}

Task<void> Instance::run_handler(std::shared_ptr<Instance> self) {
  try {
    auto task = self->behavior_->run();
    auto result = co_await std::move(task);
    if (!result && !result.error().is("actor", "aborted")) self->log_error("the run handler", result.error());
  } catch (...) {
    (void)self->escaped("the run handler");
  }
  self->end_work(Work::run);
}

}  // namespace troupe
