#include "engine/runtime/state/state_saver.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "engine/base/errors.h"

namespace troupe {
namespace {

/// Pause before a failed save is tried again, unless the interval is longer.
constexpr Millis kRetryAfter{1'000};

Result<Bytes> serialize(Behavior& behavior) {
  try {
    return behavior.serialize_state();
  } catch (const std::exception& thrown) {
    return internal_error(std::string("serialising the state: ") + thrown.what());
  } catch (...) {
    return internal_error("serialising the state: unknown exception");
  }
}

}  // namespace

StateSaver::StateSaver(Config config) : config_(std::move(config)) {}

void StateSaver::open(Behavior& behavior, std::weak_ptr<void> owner) {
  behavior_ = &behavior;
  owner_ = std::move(owner);
  if (dirty()) plan(config_.clock->monotonic() + bounded(config_.interval));
}

void StateSaver::close() {
  closed_ = true;
  due_.reset();
  entry_.cancel();
}

void StateSaver::request(const SaveRequest& request) {
  if (closed_) return;
  if (!behavior_) return mark();
  const auto now = config_.clock->monotonic();
  // The first change of a generation waits a full interval: a wake alone is no save.
  if (revision_ == 0) last_save_ = now;
  mark();
  auto due = std::max(now, last_save_ + bounded(config_.interval));
  if (request.max_wait) due = std::min(due, now + bounded(*request.max_wait));
  if (request.immediate) due = now;
  plan(due);
}

// -- rows
// ---------------------------------------------------------------------------------------------------------------

Result<void> StateSaver::put(Bytes key, Bytes value, Ack need) {
  TROUPE_CHECK(accepts_rows());
  rows_.put(std::move(key), std::move(value));
  staged(need);
  return {};
}

Result<void> StateSaver::erase(Bytes key, Ack need) {
  if (closed_) return make_error("actor", "stopping");
  rows_.erase(std::move(key));
  staged(need);
  return {};
}

Result<void> StateSaver::erase_range(keys::Range range, Ack need) {
  TROUPE_CHECK(accepts_rows());
  rows_.erase_range(std::move(range));
  staged(need);
  return {};
}

Result<void> StateSaver::accepts_rows() const {
  if (closed_) return make_error("actor", "stopping");
  if (rows_.bytes() < kStagedBytesMax) return {};
  return make_error("storage", "unavailable", std::nullopt, "too many changes wait for the store");
}

void StateSaver::staged(Ack need) {
  const auto now = config_.clock->monotonic();
  if (revision_ == 0) last_save_ = now;
  ++revision_;
  if (need == Ack::durable) must_sync_ = revision_;
  if (behavior_) plan(std::max(now, last_save_ + bounded(config_.interval)));
}

std::optional<RowChanges::Found> StateSaver::find(const Bytes& key) const {
  if (auto found = rows_.find(key)) return found;
  return rows_in_flight_ ? rows_in_flight_->find(key) : std::nullopt;
}

bool StateSaver::touches(const keys::Range& range) const {
  return rows_.touches(range) || (rows_in_flight_ && rows_in_flight_->touches(range));
}

// -- commits ----------------------------------------------------------------------------------------------------------

void StateSaver::plan(Nanos due) {
  if (!due_ || due < *due_) due_ = due;
  if (entry_.armed() && entry_.at() <= *due_) return;
  const auto wait = std::max(*due_ - config_.clock->monotonic(), Nanos(0));
  config_.deadlines->arm(entry_, wait, [this] { tick(); });
}

void StateSaver::tick() {
  if (!due_) return;
  if (config_.clock->monotonic() < *due_) return plan(*due_);
  due_.reset();
  auto owner = owner_.lock();
  if (!owner || !dirty()) return;
  auto save = [this, owner]() -> Task<void> { (void)co_await commit(Ack::written); };
  boost::asio::co_spawn(executor(), std::move(save), boost::asio::detached);
}

Task<Result<void>> StateSaver::commit(Ack ack, bool gather) {
  const auto wanted = revision_;
  if (must_sync_ > durable_) ack = Ack::durable;
  while (writing_) {
    co_await write_ended_.wait();
    if (covers(wanted, ack)) co_return Result<void>();
    if (!writing_ && failure_ && failed_revision_ >= wanted) co_return *failure_;
  }
  if (covers(wanted, ack)) co_return Result<void>();
  if (gather) co_return co_await gather_and_write(ack);
  co_return co_await write(ack);
}

Task<Result<void>> StateSaver::gather_and_write(Ack ack) {
  writing_ = true;
  auto yield = [](Continuation<Done> waiter) { waiter.post({}); };
  (void)co_await suspend<Done>(std::move(yield));
  auto result = co_await write(ack);
  // A write that did not come as far as the store has not done this.
  writing_ = false;
  write_ended_.notify_all();
  co_return result;
}

Task<Result<void>> StateSaver::write(Ack ack) {
  if (closed_) co_return make_error("actor", "stopping");
  // Before the first snapshot of a new actor only rows can be written.
  if (!behavior_ && rows_.empty()) co_return make_error("actor", "starting");
  if (behavior_ && config_.before_write) config_.before_write();
  const auto revision = revision_;
  if (must_sync_ > durable_) ack = Ack::durable;
  std::optional<Bytes> state;
  if (behavior_ && state_revision_ > (ack == Ack::durable ? durable_ : written_)) {
    auto serialized = serialize(*behavior_);
    if (!serialized) {
      Result<void> failed = serialized.error();
      finished(revision, ack, failed);
      co_return failed;
    }
    state = std::move(*serialized);
  }
  co_return co_await store(std::move(state), revision, ack);
}

Task<Result<void>> StateSaver::commit_and_hold(Bytes key, Bytes value) {
  while (writing_) co_await write_ended_.wait();
  if (!behavior_) co_return make_error("actor", "starting");
  TROUPE_CO_CHECK(put(key, std::move(value), Ack::durable));
  auto written = co_await write(Ack::durable);
  if (!written) {
    (void)erase(std::move(key), Ack::written);
    co_return written;
  }
  // Those who were told of the end of the write come later.
  writing_ = true;
  co_return Result<void>();
}

void StateSaver::go_on(const std::optional<Error>& undone) {
  writing_ = false;
  if (undone) {
    failure_ = *undone;
    failed_revision_ = revision_;
  }
  write_ended_.notify_all();
}

Task<Result<void>> StateSaver::commit_first(Bytes state) { return store(std::move(state), revision_, Ack::durable); }

Task<Result<void>> StateSaver::store(std::optional<Bytes> state, std::uint64_t revision, Ack ack) {
  writing_ = true;
  ++writes_;
  ActorSave save;
  save.state = std::move(state);
  if (!rows_.empty()) rows_in_flight_ = std::make_shared<const RowChanges>(std::exchange(rows_, {}));
  save.rows = rows_in_flight_;
  Result<void> result;
  try {
    if (save.rows && before_rows_) result = co_await before_rows_(ack);
    if (result) result = co_await config_.store->save(config_.id, config_.generation, std::move(save), ack);
  } catch (const std::exception& thrown) {
    result = internal_error(std::string("saving the state: ") + thrown.what());
  }
  writing_ = false;
  if (auto rows = std::exchange(rows_in_flight_, nullptr); rows && !result) rows_.add_older(*rows);
  finished(revision, ack, result);
  write_ended_.notify_all();
  co_return result;
}

void StateSaver::finished(std::uint64_t revision, Ack ack, const Result<void>& result) {
  if (result) {
    written_ = std::max(written_, revision);
    if (ack == Ack::durable) durable_ = std::max(durable_, revision);
    last_save_ = config_.clock->monotonic();
    failure_.reset();
    // Nothing is left for a tick, whose entry stays armed: taking it back costs more than a tick in vain.
    if (!dirty()) due_.reset();
    if (config_.on_committed) config_.on_committed();
    return;
  }
  // One line for a series of failures; each of them is also an answer to somebody.
  if (!failure_) {
    spdlog::error("actor {}: the state could not be saved and stays in memory: {} {}", config_.id.text(),
                  result.error().id(), result.error().detail());
  }
  failure_ = result.error();
  failed_revision_ = revision;
  if (!closed_) plan(config_.clock->monotonic() + bounded(std::max(config_.interval, kRetryAfter)));
}

}  // namespace troupe
