#include "tests/sim/sim_store.h"

#include "engine/base/async.h"
#include "engine/base/errors.h"
#include "engine/storage/keys.h"

namespace troupe::sim {
namespace {

void apply_change(Rows& rows, const WriteBatch::Change& change) {
  if (const auto* put = std::get_if<WriteBatch::Put>(&change)) {
    rows.insert_or_assign(put->key, put->value);
  } else if (const auto* erase = std::get_if<WriteBatch::Erase>(&change)) {
    rows.erase(erase->key);
  } else if (const auto& range = std::get<WriteBatch::EraseRange>(change); range.begin < range.end) {
    rows.erase(rows.lower_bound(range.begin), rows.lower_bound(range.end));
  }
}

bool is_put_of(const WriteBatch::Change& change, keys::Family family) {
  const auto* put = std::get_if<WriteBatch::Put>(&change);
  return put && !put->key.empty() && put->key.front() == static_cast<std::uint8_t>(family);
}

/// Whether it is a connection of an actor.
bool is_connection(const Bytes& key) {
  if (key.empty() || key.front() != static_cast<std::uint8_t>(keys::Family::actor_data)) return false;
  const auto id = keys::parse_id(BytesView(key).subspan(1, std::min(Id::kSize, key.size() - 1)));
  if (!id) return false;
  const auto range = keys::actor_connections(*id);
  return key >= range.begin && key < range.end;
}

Error unavailable() { return make_error("storage", "unavailable", std::nullopt, "injected"); }

}  // namespace

struct SimStore::State {
  Ports ports;
  Rows rows;
  Rows synced;
  /// Applied and not synced, in order.
  std::vector<std::vector<WriteBatch::Change>> unsynced;
  StoreFaults faults;
  StoreDefects defects;
  SimRandom random;
  std::function<void(const char*)> at_point;

  std::uint64_t tickets = 0;
  std::uint64_t serving = 0;
  Signal turn;

  std::uint64_t applied = 0;
  std::uint64_t synced_up_to = 0;
  std::uint64_t sync_rounds = 0;
  std::uint64_t failed_round = 0;
  bool syncing = false;
  Signal sync_ended;

  State(Ports p, Rows r, StoreFaults f, StoreDefects d, std::uint64_t seed, std::function<void(const char*)> point)
      : ports(p), rows(std::move(r)), synced(rows), faults(f), defects(d), random(seed), at_point(std::move(point)) {}

  void point(const char* name) {
    if (at_point) at_point(name);
  }

  Task<void> maybe_wait() {
    if (faults.delays == 0 || !random.chance(faults.delays)) co_return;
    const Millis delay(random.between(1, faults.delay_ms_max));
    co_await wait_for(ports.timers, ports.io, delay);
  }

  bool dropped(const WriteBatch::Change& change) const {
    if (defects.drops_alarms && is_put_of(change, keys::Family::alarm_index)) return true;
    const auto* put = std::get_if<WriteBatch::Put>(&change);
    if (defects.forgets_connections && put && is_connection(put->key)) return true;
    const auto* erase = std::get_if<WriteBatch::Erase>(&change);
    if (defects.keeps_connections && erase && is_connection(erase->key)) return true;
    return defects.freezes_records && is_put_of(change, keys::Family::actor_record) &&
           rows.contains(std::get<WriteBatch::Put>(change).key);
  }

  Result<void> apply(const WriteBatch& batch) {
    std::unique_lock<std::mutex> guard;
    if (batch.guard()) {
      TROUPE_TRY(guard, batch.guard()());
    }
    for (const auto& expect : batch.expects()) {
      const auto found = rows.find(expect.key);
      const bool met = found == rows.end() ? !expect.value : expect.value && *expect.value == found->second;
      if (!met) return make_error("storage", "conflict");
    }
    std::vector<WriteBatch::Change> changes;
    for (const auto& change : batch.changes())
      if (!dropped(change)) changes.push_back(change);
    for (const auto& change : changes) apply_change(rows, change);
    unsynced.push_back(std::move(changes));
    ++applied;
    return {};
  }

  /// One round at a time; who comes while one runs is covered by the next.
  Task<Result<void>> sync_up_to(std::uint64_t wanted) {
    while (synced_up_to < wanted) {
      if (syncing) {
        const auto round = sync_rounds;
        co_await sync_ended.wait();
        if (failed_round == round && synced_up_to < wanted) co_return unavailable();
        continue;
      }
      syncing = true;
      const auto round = ++sync_rounds;
      const auto target = applied;
      point("sync.begin");
      co_await wait_for(ports.timers, ports.io, Millis(random.between(0, faults.delay_ms_max)));
      const bool failed = random.chance(faults.sync_fails);
      if (failed) {
        failed_round = round;
      } else {
        const auto count = static_cast<std::size_t>(target - synced_up_to);
        if (!defects.skips_sync) {
          for (std::size_t i = 0; i < count; ++i)
            for (const auto& change : unsynced[i]) apply_change(synced, change);
          unsynced.erase(unsynced.begin(), unsynced.begin() + static_cast<std::ptrdiff_t>(count));
        }
        synced_up_to = target;
        point("sync.end");
      }
      syncing = false;
      sync_ended.notify_all();
      if (failed) co_return unavailable();
    }
    co_return Result<void>();
  }
};

namespace {

using StatePtr = std::shared_ptr<SimStore::State>;

std::optional<Bytes> value_of(const Rows& rows, const Bytes& key) {
  const auto found = rows.find(key);
  return found == rows.end() ? std::nullopt : std::optional<Bytes>(found->second);
}

Task<Result<std::optional<Bytes>>> get_row(StatePtr state, Bytes key) {
  co_await state->maybe_wait();
  co_return value_of(state->rows, key);
}

std::vector<std::optional<Bytes>> values_of(const Rows& rows, const std::vector<Bytes>& keys) {
  std::vector<std::optional<Bytes>> values;
  for (const Bytes& key : keys) values.push_back(value_of(rows, key));
  return values;
}

Task<Result<std::vector<std::optional<Bytes>>>> get_rows(StatePtr state, std::vector<Bytes> keys) {
  co_await state->maybe_wait();
  co_return values_of(state->rows, keys);
}

Task<Result<std::uint64_t>> measure_rows(StatePtr state, Bytes begin, Bytes end) {
  co_await state->maybe_wait();
  std::uint64_t bytes = 0;
  for (auto row = state->rows.lower_bound(begin); row != state->rows.end() && row->first < end; ++row)
    bytes += row->first.size() + row->second.size();
  co_return bytes;
}

Task<Result<std::vector<StoreEntry>>> scan_rows(StatePtr state, Bytes begin, Bytes end, ScanOptions options) {
  co_await state->maybe_wait();
  std::vector<StoreEntry> entries;
  if (begin >= end || options.limit == 0) co_return entries;
  std::size_t bytes = 0;
  auto take = [&](const Rows::value_type& row) {
    bytes += row.first.size() + row.second.size();
    entries.push_back({row.first, row.second});
    return entries.size() < options.limit && bytes < options.bytes_max;
  };
  const auto first = state->rows.lower_bound(begin);
  const auto last = state->rows.lower_bound(end);
  if (options.reverse) {
    for (auto row = last; row != first && take(*--row);) {
    }
  } else {
    for (auto row = first; row != last && take(*row); ++row) {
    }
  }
  co_return entries;
}

/// Commits pass in the order in which they were begun.
Task<Result<void>> apply_in_turn(StatePtr state, WriteBatch batch) {
  const auto ticket = state->tickets++;
  while (state->serving != ticket) co_await state->turn.wait();
  co_await state->maybe_wait();
  state->point("commit.begin");
  Result<void> applied =
      state->random.chance(state->faults.commit_fails) ? Result<void>(unavailable()) : state->apply(batch);
  if (applied) state->point("commit.applied");
  ++state->serving;
  state->turn.notify_all();
  co_return applied;
}

Task<void> apply_later(StatePtr state, WriteBatch batch) {
  co_await wait_for(state->ports.timers, state->ports.io, Millis(state->random.between(1, 200)));
  (void)co_await apply_in_turn(state, std::move(batch));
}

Task<Result<void>> commit_batch(StatePtr state, WriteBatch batch, Ack ack) {
  if (state->defects.answers_too_soon && !batch.guard() && batch.expects().empty()) {
    boost::asio::co_spawn(state->ports.io, apply_later(state, std::move(batch)), boost::asio::detached);
    co_return Result<void>();
  }
  auto applied = co_await apply_in_turn(state, std::move(batch));
  if (!applied || ack != Ack::durable) co_return applied;
  const auto wanted = state->applied;
  co_return co_await state->sync_up_to(wanted);
}

}  // namespace

SimStore::SimStore(Ports ports, Rows rows, StoreFaults faults, StoreDefects defects, std::uint64_t seed,
                   std::function<void(const char*)> at_point)
    : state_(std::make_shared<State>(ports, std::move(rows), faults, defects, seed, std::move(at_point))) {}

SimStore::~SimStore() = default;

Task<Result<std::optional<Bytes>>> SimStore::get(Bytes key) { return get_row(state_, std::move(key)); }
Task<Result<std::vector<std::optional<Bytes>>>> SimStore::get_many(std::vector<Bytes> keys) {
  return get_rows(state_, std::move(keys));
}
Result<std::vector<std::optional<Bytes>>> SimStore::get_many_now(const std::vector<Bytes>& keys) {
  return values_of(state_->rows, keys);
}
Task<Result<std::uint64_t>> SimStore::approximate_bytes(Bytes begin, Bytes end) {
  return measure_rows(state_, std::move(begin), std::move(end));
}
Task<Result<std::vector<StoreEntry>>> SimStore::scan(Bytes begin, Bytes end, ScanOptions options) {
  return scan_rows(state_, std::move(begin), std::move(end), options);
}
Task<Result<void>> SimStore::commit(WriteBatch batch, Ack ack) { return commit_batch(state_, std::move(batch), ack); }

Rows SimStore::survivors(Loss loss) {
  auto& unsynced = state_->unsynced;
  Rows left = state_->synced;
  const auto kept = loss == Loss::process ? unsynced.size() : state_->random.below(unsynced.size() + 1);
  for (std::size_t i = 0; i < kept; ++i) {
    const bool torn = state_->defects.tears_batches && i + 1 == kept;
    const auto count = torn ? unsynced[i].size() / 2 : unsynced[i].size();
    for (std::size_t j = 0; j < count; ++j) apply_change(left, unsynced[i][j]);
  }
  return left;
}

void SimStore::calm() {
  state_->faults = {.commit_fails = 0, .sync_fails = 0, .delays = 0, .delay_ms_max = 0};
  state_->at_point = nullptr;
}

}  // namespace troupe::sim
