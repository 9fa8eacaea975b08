#include "engine/base/errors.h"
#include "engine/directory/directory_impl.h"
#include "engine/directory/index_cursor.h"
#include "engine/directory/record_codec.h"
#include "engine/storage/keys.h"

namespace troupe {
namespace {

/// Records that are larger when encoded are read again each time.
constexpr std::size_t kCachedRecordBytesMax = 4'096;

}  // namespace

void StoredDirectory::remember(const ActorRecord& record, std::size_t encoded_bytes) {
  if (encoded_bytes <= kCachedRecordBytesMax) {
    records_.put(record.id, record);
  } else {
    records_.erase(record.id);
  }
}

Task<Result<std::optional<ActorRecord>>> StoredDirectory::find(ActorId id) {
  if (auto cached = records_.find(id)) co_return cached;
  const auto ticket = records_.ticket(id);
  TROUPE_CO_TRY(auto bytes, co_await store_.get(keys::actor_record(id)));
  if (!bytes) co_return std::optional<ActorRecord>();
  TROUPE_CO_TRY(auto record, decode_record(id, *bytes));
  if (bytes->size() <= kCachedRecordBytesMax) records_.offer(id, record, ticket);
  co_return std::optional<ActorRecord>(std::move(record));
}

Task<Result<std::optional<ActorId>>> StoredDirectory::find_by_key(NamespaceId ns, std::string name, std::string key) {
  Bytes index = keys::key_index(ns, name, key);
  const std::string cache_key = to_string(index);
  if (auto cached = ids_.find(cache_key)) co_return cached;
  const auto ticket = ids_.ticket(cache_key);
  TROUPE_CO_TRY(auto bytes, co_await store_.get(std::move(index)));
  if (!bytes) co_return std::optional<ActorId>();
  const auto id = keys::parse_id(*bytes);
  if (!id) co_return make_error("storage", "corrupt", std::nullopt, "key index");
  ids_.offer(cache_key, *id, ticket);
  co_return id;
}

Task<Result<std::optional<ActorRecord>>> StoredDirectory::find_live(NamespaceId ns, std::string name, std::string key) {
  TROUPE_CO_TRY(auto id, co_await find_by_key(ns, std::move(name), std::move(key)));
  if (!id) co_return std::optional<ActorRecord>();
  TROUPE_CO_TRY(auto record, co_await find(*id));
  if (!record || record->destroyed()) co_return std::optional<ActorRecord>();
  co_return std::move(record);
}

Task<Result<ActorPage>> StoredDirectory::list_key(NamespaceId ns, std::string name, std::string key,
                                                  std::optional<std::int64_t> before_ts) {
  ActorPage page;
  TROUPE_CO_TRY(auto record, co_await find_live(ns, std::move(name), std::move(key)));
  if (record && (!before_ts || record->create_ts < *before_ts)) page.actors.push_back(std::move(*record));
  co_return page;
}

Task<Result<ActorPage>> StoredDirectory::list(NamespaceId ns, std::string name, std::optional<std::string> key,
                                              bool include_destroyed, std::size_t limit,
                                              std::optional<std::int64_t> before_ts) {
  ActorPage page;
  if (limit == 0) co_return page;
  if (key && !include_destroyed) co_return co_await list_key(ns, std::move(name), std::move(*key), before_ts);

  IndexCursor live(store_, keys::list_index_range(ns, name, before_ts), limit);
  IndexCursor destroyed(store_, keys::destroyed_index_range(ns, name, before_ts), include_destroyed ? limit : 0);
  while (page.actors.size() < limit) {
    TROUPE_CO_CHECK(co_await live.fill());
    TROUPE_CO_CHECK(co_await destroyed.fill());
    if (!live.front() && !destroyed.front()) break;
    const bool take_live = live.front() && (!destroyed.front() || live.front()->ts >= destroyed.front()->ts);
    IndexCursor& newest = take_live ? live : destroyed;
    const ActorId id = newest.front()->id;
    newest.pop();
    TROUPE_CO_TRY(auto record, co_await find(id));
    // Destroyed since the index was read: belongs to the other list now.
    if (!record || (record->destroyed() && take_live && !include_destroyed)) continue;
    if (key && record->key != key) continue;
    page.actors.push_back(std::move(*record));
  }
  co_return page;
}

Task<Result<std::vector<ActorId>>> StoredDirectory::awake(std::optional<ActorId> after, std::size_t limit) {
  auto range = keys::family(keys::Family::awake_index);
  if (after) {
    range.begin = keys::awake_index(*after);
    range.begin.push_back(0);
  }
  ScanOptions options;
  options.limit = limit;
  TROUPE_CO_TRY(auto entries, co_await store_.scan(std::move(range.begin), std::move(range.end), options));
  std::vector<ActorId> ids;
  for (const auto& entry : entries) {
    const auto id = keys::parse_awake_index(entry.key);
    if (!id) co_return make_error("storage", "corrupt", std::nullopt, "index of awake actors");
    ids.push_back(*id);
  }
  co_return ids;
}

Task<Result<Directory::DueAlarms>> StoredDirectory::due_alarms(std::optional<AlarmPosition> after,
                                                               std::int64_t until_ms, std::size_t limit) {
  auto due = keys::alarm_index_until(until_ms);
  if (after) {
    due.begin = keys::alarm_index(after->ts, after->id);
    due.begin.push_back(0);
  }
  DueAlarms alarms;
  ScanOptions options;
  options.limit = limit;
  TROUPE_CO_TRY(auto entries, co_await store_.scan(std::move(due.begin), std::move(due.end), options));
  for (const auto& entry : entries) {
    const auto alarm = keys::parse_alarm_index(entry.key);
    if (!alarm) co_return make_error("storage", "corrupt", std::nullopt, "alarm index");
    alarms.due.push_back(alarm->id);
    if (entries.size() == limit) alarms.more_after = AlarmPosition{alarm->ts, alarm->id};
  }
  if (alarms.more_after) co_return alarms;

  auto later = keys::alarm_index_after(until_ms);
  options.limit = 1;
  TROUPE_CO_TRY(auto next, co_await store_.scan(std::move(later.begin), std::move(later.end), options));
  if (next.empty()) co_return alarms;
  if (const auto alarm = keys::parse_alarm_index(next.front().key)) alarms.next_ts = alarm->ts;
  co_return alarms;
}

}  // namespace troupe
