#include "engine/runtime/queue/actor_queue.h"

#include <algorithm>

#include "engine/base/errors.h"
#include "engine/runtime/instance/instance.h"

namespace troupe {
namespace {

/// Rows read at a time when the queue is opened.
constexpr std::size_t kLoadBytesMax = 1u << 20;

}  // namespace

ActorQueue::ActorQueue(Instance& actor)
    : actor_(actor), receivers_(actor.executor(), actor.deadlines()), replies_(actor.executor(), actor.deadlines()) {}

Bytes ActorQueue::row_of(std::uint64_t id) const { return keys::actor_queue_message(actor_.id(), id); }

// -- opening ----------------------------------------------------------------------------------------------------------

Task<Result<void>> ActorQueue::open() {
  while (opening_) (void)co_await opened_.wait();
  if (open_) co_return Result<void>();
  opening_ = true;
  auto loaded = co_await load();
  opening_ = false;
  open_ = static_cast<bool>(loaded);
  opened_.notify_all();
  co_return loaded;
}

Task<Result<void>> ActorQueue::load() {
  TROUPE_CO_TRY(const auto meta, co_await actor_.store().load_row(keys::actor_queue_meta(actor_.id())));
  std::uint64_t next_id = 1;
  if (meta) {
    TROUPE_CO_TRY(next_id, decode_queue_meta(*meta));
  }
  keys::Range rest = keys::actor_queue(actor_.id());
  index_ = {};
  while (true) {
    ScanOptions options;
    options.bytes_max = kLoadBytesMax;
    keys::Range range = rest;
    TROUPE_CO_TRY(const auto rows, co_await actor_.store().load_rows(std::move(range), options));
    if (rows.empty()) break;
    for (const auto& row : rows) {
      const auto id = keys::parse_queue_message(row.key);
      if (!id) co_return make_error("queue", "invalid_message_key");
      TROUPE_CO_TRY(auto record, decode_queue_record(row.value));
      index_.insert(*id, {std::move(record.name), record.created_at_ms, false});
      next_id = std::max(next_id, *id + 1);
    }
    rest.begin = rows.back().key;
    rest.begin.push_back(0);
  }
  index_.set_next_id(next_id);
  co_return Result<void>();
}

// -- sending ----------------------------------------------------------------------------------------------------------

Result<void> ActorQueue::check_size(const std::string& name, const Bytes& body) const {
  const auto size = queue_record_size(name, body);
  const auto limit = actor_.options().max_queue_message_size;
  if (size <= limit) return {};
  auto metadata = Value::object({{"size", Value(std::uint64_t{size})}, {"limit", Value(std::uint64_t{limit})}});
  return make_error("queue", "message_too_large", std::move(metadata));
}

Result<void> ActorQueue::check_room(const std::string& name, const Bytes& body) const {
  TROUPE_CHECK(check_size(name, body));
  const auto limit = actor_.options().max_queue_size;
  if (index_.size() < limit) return {};
  return make_error("queue", "full", Value::object({{"limit", Value(std::uint64_t{limit})}}));
}

QueueMessage ActorQueue::make_message(std::uint64_t id, const std::string& name, const QueueIndex::Entry& entry) const {
  QueueMessage message;
  message.id = id;
  message.name = name;
  message.created_at_ms = entry.created_at_ms;
  return message;
}

void ActorQueue::wake() {
  receivers_.wake([this](const auto& names) { return !index_.select(names, 1).empty(); });
}

Task<Result<QueueMessage>> ActorQueue::send(std::string name, Bytes body) {
  TROUPE_CO_CHECK(co_await open());
  auto& saver = actor_.saver();
  if (saver.staged_bytes() > StateSaver::kStagedBytesSoftMax) {
    TROUPE_CO_CHECK(co_await saver.commit(Ack::written));
  }
  TROUPE_CO_CHECK(check_room(name, body));
  QueueRecord record{name, std::move(body), actor_.ports().clock.now_ms()};
  const auto id = index_.next_id();
  TROUPE_CO_CHECK(saver.put(row_of(id), encode_queue_record(record), Ack::durable));
  TROUPE_CO_CHECK(saver.put(keys::actor_queue_meta(actor_.id()), encode_queue_meta(id + 1), Ack::durable));
  (void)index_.take_id();
  QueueIndex::Entry entry{std::move(name), record.created_at_ms, false};
  auto message = make_message(id, entry.name, entry);
  message.body = std::move(record.body);
  index_.insert(id, std::move(entry));
  wake();
  co_return message;
}

void ActorQueue::put_next_id(RowChanges& rows) {
  auto key = keys::actor_queue_meta(actor_.id());
  auto value = encode_queue_meta(index_.next_id());
  // An older number that waits for the saver's next commit must not come after this one.
  if (actor_.saver().find(key)) (void)actor_.saver().put(key, value, Ack::written);
  rows.put(std::move(key), std::move(value));
}

Task<Result<void>> ActorQueue::save(std::shared_ptr<const RowChanges> rows, Ack ack) {
  ActorSave save;
  save.rows = std::move(rows);
  return actor_.store().save(actor_.id(), actor_.info().generation, std::move(save), ack);
}

Task<Result<QueueMessage>> ActorQueue::add(std::string name, Bytes body) {
  TROUPE_CO_CHECK(co_await open());
  TROUPE_CO_CHECK(check_room(name, body));
  QueueRecord record{std::move(name), std::move(body), actor_.ports().clock.now_ms()};
  const auto id = index_.take_id();
  auto rows = std::make_shared<RowChanges>();
  rows->put(row_of(id), encode_queue_record(record));
  put_next_id(*rows);
  QueueIndex::Entry entry{record.name, record.created_at_ms, true};
  auto message = make_message(id, entry.name, entry);
  message.body = std::move(record.body);
  index_.insert(id, std::move(entry));
  auto saved = co_await save(std::move(rows), Ack::durable);
  if (saved) {
    index_.settle(id);
  } else {
    (void)index_.remove(id);
  }
  // Also after a failure: what came later may have waited for this one.
  wake();
  if (!saved) co_return saved.error();
  co_return message;
}

Task<Result<std::optional<Bytes>>> ActorQueue::send_and_wait(std::string name, Bytes body, std::optional<ms> timeout,
                                                             std::shared_ptr<AbortSignal> abort) {
  // Whoever completes the message may tell others of it.
  if (actor_.unsettled(actor_.output_ack())) {
    TROUPE_CO_CHECK(co_await actor_.saver().commit(actor_.output_ack()));
  }
  TROUPE_CO_TRY(const auto message, co_await add(std::move(name), std::move(body)));
  auto reply = co_await replies_.wait(message.id, timeout, std::move(abort));
  if (!reply) co_return reply.error();
  if (!*reply) {
    const auto waited = static_cast<std::uint64_t>(timeout.value_or(ms(0)).count());
    co_return make_error("queue", "timed_out", Value::object({{"timeout_ms", Value(waited)}}));
  }
  co_return std::move((*reply)->response);
}

// -- for inspectors ---------------------------------------------------------------------------------------------------

Task<Result<QueueInspection>> ActorQueue::inspect(std::size_t messages_max) {
  TROUPE_CO_CHECK(co_await open());
  QueueInspection found;
  found.size = index_.size();
  found.max_size = actor_.options().max_queue_size;
  for (const auto& [id, entry] : index_.all()) {
    if (found.messages.size() == messages_max) {
      found.truncated = true;
      break;
    }
    found.messages.push_back({id, entry.name, entry.created_at_ms});
  }
  co_return found;
}

Task<Result<void>> ActorQueue::reset() {
  TROUPE_CO_CHECK(co_await open());
  const auto range = keys::actor_queue(actor_.id());
  // A row that is still staged would come back after the range is erased.
  while (actor_.saver().touches(range)) {
    TROUPE_CO_CHECK(co_await actor_.saver().commit(Ack::written));
  }
  auto rows = std::make_shared<RowChanges>();
  rows->erase_range(range);
  put_next_id(*rows);
  auto removed = index_.remove_all();
  auto saved = co_await save(std::move(rows), Ack::durable);
  if (!saved) {
    for (auto& [id, entry] : removed) {
      entry.pending = false;
      index_.insert(id, std::move(entry));
    }
    wake();
    co_return saved.error();
  }
  for (const auto& [id, entry] : removed) replies_.drop(id);
  co_return Result<void>();
}

}  // namespace troupe
