#include "engine/base/errors.h"
#include "engine/runtime/instance/instance.h"
#include "engine/runtime/queue/actor_queue.h"

namespace troupe {
namespace {

Error aborted() { return make_error("actor", "aborted"); }

/// Counts as a wait for a message as long as it lives.
class ReceiveWork {
 public:
  explicit ReceiveWork(Instance& actor) : actor_(actor) { actor_.begin_work(Work::queue_receive); }
  ~ReceiveWork() { actor_.end_work(Work::queue_receive); }
  ReceiveWork(const ReceiveWork&) = delete;

 private:
  Instance& actor_;
};

}  // namespace

/// A message that was received and stays until this is called.
class ActorQueue::Completion final : public QueueCompletion {
 public:
  Completion(std::shared_ptr<Instance> actor, std::uint64_t id) : actor_(std::move(actor)), id_(id) {}

  Task<Result<void>> complete(std::optional<Bytes> response) override {
    if (committed_ || committing_) co_return make_error("queue", "already_completed");
    auto& queue = actor_->queue();
    if (!staged_) {
      if (actor_->lifecycle().state() == LifecycleState::terminated) co_return make_error("actor", "stopping");
      if (!queue.stage_completion(id_, std::move(response))) co_return make_error("queue", "already_completed");
      staged_ = true;
    }
    committing_ = true;
    auto done = co_await queue.commit_completion();
    committing_ = false;
    committed_ = static_cast<bool>(done);
    co_return done;
  }
  bool completed() const override { return committed_; }

 private:
  std::shared_ptr<Instance> actor_;
  std::uint64_t id_;
  bool staged_ = false;
  bool committing_ = false;
  bool committed_ = false;
};

std::optional<std::chrono::nanoseconds> ActorQueue::until(std::optional<ms> timeout) const {
  if (!timeout) return std::nullopt;
  return actor_.ports().clock.monotonic() + bounded(std::max(*timeout, ms(0)));
}

Task<Result<bool>> ActorQueue::wait_for(const QueueReceive& wanted, std::optional<std::chrono::nanoseconds> until) {
  std::optional<Millis> left;
  if (until) {
    const auto now = actor_.ports().clock.monotonic();
    if (now >= *until) co_return false;
    left = std::chrono::ceil<Millis>(*until - now);
  }
  QueueReceivers::Outcome outcome{};
  {
    const ReceiveWork work(actor_);
    outcome = co_await receivers_.wait(wanted.names, left, wanted.abort);
  }
  if (outcome == QueueReceivers::Outcome::aborted) co_return aborted();
  co_return outcome == QueueReceivers::Outcome::woken;
}

Task<Result<std::vector<QueueMessage>>> ActorQueue::receive(QueueReceive wanted) {
  const auto keep = actor_.self();
  TROUPE_CO_CHECK(co_await open());
  const auto end = until(wanted.timeout);
  const auto count = std::max<std::size_t>(wanted.count, 1);
  // A message that has woken the wait is taken even if the stop came in between.
  bool woken = false;
  while (true) {
    if (!woken && (actor_.lifecycle().aborted() || (wanted.abort && wanted.abort->aborted()))) co_return aborted();
    auto ids = index_.select(wanted.names, count);
    if (ids.empty()) {
      if (actor_.lifecycle().aborted()) co_return aborted();
      TROUPE_CO_TRY(woken, co_await wait_for(wanted, end));
      if (!woken) co_return std::vector<QueueMessage>();
      continue;
    }
    Result<std::vector<QueueMessage>> messages;
    if (wanted.completable) {
      messages = co_await read(std::move(ids), true);
    } else {
      messages = co_await take(std::move(ids));
    }
    // Empty: somebody else was quicker.
    if (!messages || !messages->empty()) co_return messages;
  }
}

Task<Result<void>> ActorQueue::wait_available(QueueReceive wanted) {
  const auto keep = actor_.self();
  TROUPE_CO_CHECK(co_await open());
  const auto end = until(wanted.timeout);
  while (true) {
    if (actor_.lifecycle().aborted() || (wanted.abort && wanted.abort->aborted())) co_return aborted();
    if (!index_.select(wanted.names, 1).empty()) co_return Result<void>();
    TROUPE_CO_TRY(const bool woken, co_await wait_for(wanted, end));
    if (woken) continue;
    const auto waited = static_cast<std::uint64_t>(wanted.timeout.value_or(ms(0)).count());
    co_return make_error("queue", "timed_out", Value::object({{"timeout_ms", Value(waited)}}));
  }
}

Task<Result<std::vector<QueueMessage>>> ActorQueue::take(std::vector<std::uint64_t> ids) {
  // What the code has done with earlier messages goes before the next ones are taken. A row that is still staged then
  // would come back after its removal: so its message has to wait for another commit.
  if (actor_.unsettled(Ack::written)) {
    TROUPE_CO_CHECK(co_await actor_.saver().commit(actor_.default_ack()));
  }
  for (const auto id : ids) {
    if (!actor_.saver().find(row_of(id))) continue;
    TROUPE_CO_CHECK(co_await actor_.saver().commit(Ack::written));
    co_return std::vector<QueueMessage>();
  }
  TROUPE_CO_TRY(auto messages, co_await read(std::move(ids), false));
  if (messages.empty()) co_return messages;
  auto rows = std::make_shared<RowChanges>();
  for (const auto& message : messages) rows->erase(row_of(message.id));
  auto erased = co_await save(std::move(rows), actor_.default_ack());
  if (erased) co_return messages;
  for (auto& message : messages) index_.insert(message.id, {std::move(message.name), message.created_at_ms, false});
  wake();
  co_return erased.error();
}

Task<Result<std::vector<QueueMessage>>> ActorQueue::read(std::vector<std::uint64_t> ids, bool completable) {
  std::vector<QueueMessage> messages;
  std::vector<std::pair<std::uint64_t, QueueIndex::Entry>> claimed;
  // Nobody else may take them while their bodies are read.
  if (!completable)
    for (const auto id : ids)
      if (auto entry = index_.remove(id)) claimed.emplace_back(id, std::move(*entry));
  std::optional<Error> failure;
  for (const auto id : ids) {
    Result<std::optional<Bytes>> row = std::optional<Bytes>();
    auto key = row_of(id);
    if (auto staged = actor_.saver().find(key)) {
      row = std::move(staged->value);
    } else {
      row = co_await actor_.store().load_row(std::move(key));
    }
    if (!row) {
      failure = row.error();
      break;
    }
    // Removed meanwhile.
    if (!*row || (completable && !index_.find(id))) {
      (void)index_.remove(id);
      continue;
    }
    auto record = decode_queue_record(**row);
    if (!record) {
      failure = record.error();
      break;
    }
    QueueMessage message;
    message.id = id;
    message.name = std::move(record->name);
    message.body = std::move(record->body);
    message.created_at_ms = record->created_at_ms;
    if (completable) message.completion = std::make_shared<Completion>(actor_.self(), id);
    messages.push_back(std::move(message));
  }
  if (!failure) co_return messages;
  for (auto& [id, entry] : claimed) index_.insert(id, std::move(entry));
  co_return *failure;
}

// -- completing -------------------------------------------------------------------------------------------------------

bool ActorQueue::stage_completion(std::uint64_t id, std::optional<Bytes> response) {
  if (!index_.remove(id)) return false;
  // Staged even if commits fail for now: what was done with the message is in memory, and both are committed together.
  (void)actor_.saver().erase(row_of(id), Ack::written);
  if (!replies_.awaited(id)) return true;
  auto answer = [actor = std::weak_ptr<Instance>(actor_.self()), id, response] {
    if (auto instance = actor.lock()) instance->queue().replies().complete(id, response);
  };
  const auto bytes = response ? response->size() : 0;
  if (!actor_.gate().hold(bytes, std::move(answer))) replies_.drop(id);
  return true;
}

Task<Result<void>> ActorQueue::commit_completion() {
  auto committed = co_await actor_.saver().commit(actor_.default_ack());
  co_return committed;
}

Task<Result<bool>> ActorQueue::complete(std::uint64_t id, std::string name, std::optional<Bytes> response) {
  const auto keep = actor_.self();
  TROUPE_CO_CHECK(co_await open());
  const auto* entry = index_.find(id);
  if (!entry || entry->pending || entry->name != name) co_return false;
  (void)stage_completion(id, std::move(response));
  TROUPE_CO_CHECK(co_await commit_completion());
  co_return true;
}

}  // namespace troupe
