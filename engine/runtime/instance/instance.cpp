#include "engine/runtime/instance/instance.h"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace troupe {
namespace {

StateSaver::Config saver_config(const ActorInstance::Config& config, Deadlines& deadlines, Instance& actor) {
  return {.store = config.store,
          .id = config.id,
          .generation = config.info.generation,
          .interval = config.definition->options.state_save_interval,
          .clock = &config.ports.clock,
          .deadlines = &deadlines,
          .before_write =
              [&actor] {
                actor.note_changes();
                actor.store_moved();
                actor.gate().seal();
              },
          .on_committed = [&actor] { actor.gate().committed(); }};
}

}  // namespace

std::shared_ptr<ActorInstance> ActorInstance::make(Config config) {
  // The last reference may be dropped anywhere, but timers and the actor's objects belong to its executor.
  auto destroy = [executor = config.executor](Instance* instance) {
    boost::asio::dispatch(executor, [owned = std::unique_ptr<Instance>(instance)]() mutable { owned.reset(); });
  };
  return std::shared_ptr<Instance>(new Instance(std::move(config)), std::move(destroy));
}

Instance::Instance(Config config)
    : ports_(config.ports),
      store_(*config.store),
      definition_(config.definition),
      info_(config.info),
      id_(config.id),
      input_(std::move(config.input)),
      executor_(config.executor),
      host_(config.host),
      labels_(config.labels),
      deadlines_(ports_.clock, ports_.timers, executor_),
      saver_(saver_config(config, deadlines_, *this)),
      gate_(*this),
      data_(store_, saver_, id_, info_.generation),
      scheduler_(*this),
      context_(*this) {
  saver_.before_rows([this](Ack ack) { return scheduler_.secure_alarm(ack); });
  if (!config.sockets.empty()) begin_restoring(std::move(config.sockets), std::move(config.attach));
}

Instance::~Instance() = default;

// -- calls ------------------------------------------------------------------------------------------------------------

void Instance::enter(std::shared_ptr<CallBase> call) {
  if (auto refused = lifecycle_.refusal(call->traffic())) return call->fail(std::move(*refused));
  calls_.push_back(*call);
  ++admitted_;
  if (call->ack() == Ack::durable) ++strict_;
  call->admitted();
  begin_work(Work::call);
  {
    const RunningCode running(label(call->handler()));
    detach(call->run(call));
  }
  call->suspended();
}

void Instance::call_left(CallBase& call, bool was_admitted) {
  reserved_.fetch_sub(1, std::memory_order_relaxed);
  if (!was_admitted) return;
  --admitted_;
  if (call.ack() == Ack::durable) --strict_;
  end_work(call.work());
}

ActorQueue& Instance::queue() {
  if (!queue_) queue_ = std::make_unique<ActorQueue>(*this);
  return *queue_;
}

// -- what may leave ---------------------------------------------------------------------------------------------------

Ack Instance::default_ack() const { return options().durability == Durability::commit ? Ack::durable : Ack::written; }

Ack Instance::ack_of_action(const std::string& name) const {
  const auto& levels = definition_->durability;
  if (levels.empty()) return default_ack();
  const auto own = levels.find(name);
  if (own == levels.end()) return default_ack();
  return own->second == Durability::commit ? Ack::durable : Ack::written;
}

Ack Instance::output_ack() const {
  if (strict_ > 0) return Ack::durable;
  // Only calls that ask for less are at work.
  if (admitted_ > 0 && activity_.total() == activity_.count(Work::call)) return Ack::written;
  return default_ack();
}

bool Instance::settled() const {
  return (!behavior_ || !behavior_->may_have_changed()) && saver_.settled(output_ack());
}

bool Instance::unsettled(Ack ack) {
  if (behavior_->may_have_changed()) note_changes();
  return !saver_.settled(ack);
}

void Instance::note_changes() {
  if (!behavior_) return;
  try {
    behavior_->note_changes();
  } catch (...) {
    (void)escaped("looking for changes of the state");
  }
}

Error Instance::overloaded(const char* operation) const {
  auto metadata = Value::object({{"channel", "dispatch_inbox"},
                                 {"capacity", Value(static_cast<std::uint64_t>(options().mailbox_max))},
                                 {"operation", operation}});
  return make_error("actor", "overloaded", std::move(metadata));
}

const std::string* Instance::find_action(const std::string& name) const {
  const auto& names = definition_->actions;
  const auto found = std::find(names.begin(), names.end(), name);
  return found == names.end() ? nullptr : &*found;
}

Error Instance::thrown(const char* where) {
  std::string text = "exception of unknown type";
  try {
    throw;
  } catch (const std::exception& thrown) {
    text = thrown.what();
  } catch (...) {
  }
  return internal_error(std::string(where) + " threw: " + text);
}

Error Instance::escaped(const char* where) const {
  auto error = thrown(where);
  spdlog::error("actor {}: {}", info_.actor_id, error.detail());
  return error;
}

void Instance::log_hidden(std::string_view where, const Error& error) const {
  const bool hidden = error.is("rivetkit", "internal_error") || error.is("core", "internal_error");
  // The actor that it comes from has logged it.
  const bool from_elsewhere = error.origin() && error.origin()->actor_id != info_.actor_id;
  if (hidden && !from_elsewhere) log_error(where, error);
}

void Instance::log_error(std::string_view where, const Error& error) const {
  spdlog::error("actor {}: {} failed: {}: {} {}", info_.actor_id, where, error.id(), error.message(), error.detail());
}

// -- work -------------------------------------------------------------------------------------------------------------

void Instance::detach(Task<void> task) {
  auto ended = [](std::exception_ptr thrown) {
    if (!thrown) return;
    try {
      std::rethrow_exception(thrown);
    } catch (const std::exception& failure) {
      spdlog::critical("a task of the actor runtime failed: {}", failure.what());
    } catch (...) {
      spdlog::critical("a task of the actor runtime failed");
    }
  };
  boost::asio::co_spawn(executor_, std::move(task), std::move(ended));
}

void Instance::begin_work(Work work) {
  activity_.begin(work);
  work_changed();
}

void Instance::end_work(Work work) {
  activity_.end(work);
  work_changed();
}

void Instance::spawn(std::function<Task<Result<void>>()> task) {
  if (!lifecycle_.accepts_work()) {
    spdlog::warn("actor {}: a task that was spawned after the stop is dropped", info_.actor_id);
    return;
  }
  begin_work(Work::task);
  const RunningCode running(label("spawn"));
  detach(run_spawned(self(), std::move(task)));
}

Task<void> Instance::run_spawned(std::shared_ptr<Instance> self, std::function<Task<Result<void>>()> task) {
  try {
    auto running = task();
    auto result = co_await std::move(running);
    if (!result && !result.error().is("actor", "aborted")) self->log_error("a spawned task", result.error());
  } catch (...) {
    (void)self->escaped("a spawned task");
  }
  self->end_work(Work::task);
}

Task<Result<void>> Instance::delay(Millis time, CallScopePtr scope) {
  auto start = [self = self(), time, scope = std::move(scope)](Continuation<Result<void>> waiter) mutable {
    if (self->lifecycle_.aborted() || (scope && scope->aborted())) return waiter.post(make_error("actor", "aborted"));
    auto pending = std::make_shared<PendingDelay>();
    pending->waiter = std::move(waiter);
    pending->scope = scope.get();
    self->delays_.push_back(*pending);
    auto over = [pending] {
      pending->unlink();
      pending->waiter.resume({});
    };
    self->deadlines_.arm(pending->entry, time, std::move(over));
  };
  return suspend<Result<void>>(std::move(start));
}

Task<void> Instance::until_aborted() {
  auto keep = self();
  while (!lifecycle_.aborted()) (void)co_await aborted_.wait();
}

namespace {

void abort_delay(PendingDelay& pending) {
  pending.unlink();
  auto waiter = std::move(pending.waiter);
  // Owns `pending`.
  pending.entry.cancel();
  waiter.post(make_error("actor", "aborted"));
}

}  // namespace

void Instance::abort_delays() {
  aborted_.notify_all();
  if (queue_) queue_->abort();
  while (!delays_.empty()) abort_delay(delays_.front());
}

void Instance::abort_delays_of(const CallScope* scope) {
  for (auto delay = delays_.begin(); delay != delays_.end();) {
    auto& pending = *delay++;
    if (pending.scope == scope) abort_delay(pending);
  }
}

Result<void> Instance::request_sleep() {
  auto first = lifecycle_.request_sleep();
  if (!first) return first.error();
  if (*first) ask_for_sleep();
  return {};
}

void Instance::ask_for_sleep() {
  // The host may stop the actor from inside the call, which the code that asks must not see.
  boost::asio::post(executor_, [self = self()] { self->host_->sleep_intent(); });
}

Result<void> Instance::request_destroy() {
  TROUPE_CHECK(lifecycle_.request_destroy());
  idle_entry_.cancel();
  boost::asio::post(executor_, [self = self()] { self->host_->destroy_intent(); });
  return {};
}

// -- idle sleep -------------------------------------------------------------------------------------------------------

bool Instance::is_idle() const {
  return lifecycle_.state() == LifecycleState::started && !lifecycle_.sleep_requested() &&
         !lifecycle_.destroy_requested() && !options().no_sleep && connections_.empty() && activity_.allows_sleep();
}

void Instance::work_changed() {
  if (lifecycle_.stopping()) {
    if (work_ended_.awaited()) work_ended_.notify_all();
    return;
  }
  if (!is_idle()) {
    idle_since_.reset();
    return;
  }
  if (!idle_since_) idle_since_ = ports_.clock.monotonic();
  // The timer is not taken back when the actor becomes busy: that would cost more than it firing in vain.
  if (!idle_entry_.armed()) deadlines_.arm(idle_entry_, options().sleep_timeout, [this] { idle_timer_fired(); });
}

void Instance::idle_timer_fired() {
  if (!idle_since_ || !is_idle()) return;
  const auto rest = *idle_since_ + bounded(options().sleep_timeout) - ports_.clock.monotonic();
  if (rest > std::chrono::nanoseconds(0)) {
    deadlines_.arm(idle_entry_, rest, [this] { idle_timer_fired(); });
  } else if (auto first = lifecycle_.request_sleep(); first && *first) {
    ask_for_sleep();
  }
}

}  // namespace troupe
