#include "engine/storage/keys.h"

#include <algorithm>
#include <array>

namespace troupe::keys {
namespace {

constexpr std::uint8_t kStateRow = 's';
constexpr std::uint8_t kPendingStateRow = 'S';
constexpr std::uint8_t kConnectionRow = 'c';
constexpr std::uint8_t kKvRow = 'k';
constexpr std::uint8_t kQueueRow = 'q';
constexpr std::uint8_t kQueueMetaRow = 'Q';
constexpr std::uint8_t kScheduleRow = 't';
constexpr std::uint8_t kScheduleHistoryRow = 'h';
constexpr std::uint8_t kRunWakeRow = 'w';
constexpr std::uint8_t kPoolConfigRow = 'c';
constexpr std::uint8_t kPoolProtocolRow = 'p';
constexpr std::uint8_t kKvMetadataRow = 'v';
// Those of databases: pages/page_keys.cpp.
/// Family byte, id, row byte.
constexpr std::size_t kActorRowHeader = 1 + Id::kSize + 1;
constexpr std::size_t kTimedTail = 8 + Id::kSize;

Bytes start(Family family, std::size_t capacity) {
  Bytes key;
  key.reserve(1 + capacity);
  key.push_back(static_cast<std::uint8_t>(family));
  return key;
}

void append(Bytes& key, BytesView bytes) { key.insert(key.end(), bytes.begin(), bytes.end()); }
void append(Bytes& key, const Id& id) { append(key, BytesView(id.bytes())); }

void append_text(Bytes& key, std::string_view text) {
  for (char c : text) {
    key.push_back(static_cast<std::uint8_t>(c));
    if (c == '\0') key.push_back(0xff);
  }
  key.push_back(0);
  key.push_back(0);
}

/// Undoes `append_text` at the front of `rest`, which goes on behind it. Nothing: no such text.
std::optional<std::string> take_text(BytesView& rest) {
  std::string text;
  for (std::size_t i = 0; i + 1 < rest.size(); ++i) {
    if (rest[i] != 0) {
      text.push_back(static_cast<char>(rest[i]));
      continue;
    }
    if (rest[i + 1] == 0) {
      rest = rest.subspan(i + 2);
      return text;
    }
    if (rest[i + 1] != 0xff) return std::nullopt;
    text.push_back('\0');
    ++i;
  }
  return std::nullopt;
}

void append_u64(Bytes& key, std::uint64_t n) {
  for (int shift = 56; shift >= 0; shift -= 8) key.push_back(static_cast<std::uint8_t>(n >> shift));
}

/// Unsigned order of the result is signed order of `ts`.
std::uint64_t ordered(std::int64_t ts) { return static_cast<std::uint64_t>(ts) ^ (1ULL << 63); }
std::int64_t from_ordered(std::uint64_t n) { return static_cast<std::int64_t>(n ^ (1ULL << 63)); }

std::uint64_t read_u64(BytesView bytes) {
  std::uint64_t n = 0;
  for (std::size_t i = 0; i < 8; ++i) n = n << 8 | bytes[i];
  return n;
}

bool is_of(BytesView key, Family family, std::size_t size_min) {
  return key.size() >= size_min && key[0] == static_cast<std::uint8_t>(family);
}

Id id_at(BytesView bytes) {
  std::array<std::uint8_t, Id::kSize> raw{};
  std::copy_n(bytes.begin(), Id::kSize, raw.begin());
  return Id(raw);
}

Bytes with_id(Family family, const Id& id) {
  Bytes key = start(family, Id::kSize);
  append(key, id);
  return key;
}

Bytes actor_row(const ActorId& id, std::uint8_t row, BytesView rest) {
  Bytes key = start(Family::actor_data, Id::kSize + 1 + rest.size());
  append(key, id);
  key.push_back(row);
  append(key, rest);
  return key;
}

/// Family byte, namespace, name.
Bytes named(Family family, const NamespaceId& ns, std::string_view name) {
  Bytes key = start(family, Id::kSize + name.size() + 3);
  append(key, ns);
  append_text(key, name);
  return key;
}

Bytes pool_row(const NamespaceId& ns, std::string_view name, std::uint8_t row) {
  Bytes key = named(Family::pool, ns, name);
  key.push_back(row);
  return key;
}

/// Entries of one name in an index that is ordered newest first.
Bytes newest_first_prefix(Family family, const NamespaceId& ns, std::string_view name) {
  Bytes key = start(family, Id::kSize + name.size() + 2 + kTimedTail);
  append(key, ns);
  append_text(key, name);
  return key;
}

Bytes newest_first(Family family, const NamespaceId& ns, std::string_view name, std::int64_t ts, const ActorId& id) {
  Bytes key = newest_first_prefix(family, ns, name);
  append_u64(key, ~ordered(ts));
  append(key, id);
  return key;
}

Range newest_first_range(Family family, const NamespaceId& ns, std::string_view name,
                         std::optional<std::int64_t> before_ts) {
  Range range = starting_with(newest_first_prefix(family, ns, name));
  if (!before_ts) return range;
  // Older entries come after all of those at `before_ts`, that is from `before_ts - 1` on.
  if (*before_ts == INT64_MIN) {
    range.begin = range.end;
  } else {
    append_u64(range.begin, ~ordered(*before_ts - 1));
  }
  return range;
}

Bytes alarm_bound(std::int64_t ts) {
  Bytes key = start(Family::alarm_index, 8);
  append_u64(key, ordered(ts));
  return key;
}

/// The first key after all alarms at `ts`.
Bytes alarm_bound_after(std::int64_t ts) {
  if (ts == INT64_MAX) return family(Family::alarm_index).end;
  return alarm_bound(ts + 1);
}

}  // namespace

Bytes format_version() {
  Bytes key = start(Family::meta, 7);
  append(key, as_bytes("version"));
  return key;
}

Bytes encode_format_version(std::uint32_t version) {
  return {static_cast<std::uint8_t>(version >> 24), static_cast<std::uint8_t>(version >> 16),
          static_cast<std::uint8_t>(version >> 8), static_cast<std::uint8_t>(version)};
}

std::optional<std::uint32_t> parse_format_version(BytesView value) {
  if (value.size() != 4) return std::nullopt;
  std::uint32_t version = 0;
  for (std::uint8_t byte : value) version = version << 8 | byte;
  return version;
}

Range family(Family family) { return starting_with(start(family, 0)); }

Range starting_with(Bytes prefix) {
  Bytes end = prefix;
  while (!end.empty() && end.back() == 0xff) end.pop_back();
  if (!end.empty()) ++end.back();
  return {std::move(prefix), std::move(end)};
}

Bytes namespace_by_id(const NamespaceId& id) { return with_id(Family::namespace_by_id, id); }

Bytes namespace_by_name(std::string_view name) {
  Bytes key = start(Family::namespace_by_name, name.size() + 2);
  append_text(key, name);
  return key;
}

Bytes actor_record(const ActorId& id) { return with_id(Family::actor_record, id); }

Bytes key_index(const NamespaceId& ns, std::string_view name, std::string_view key) {
  Bytes out = start(Family::key_index, Id::kSize + name.size() + 2 + key.size() + 2);
  append(out, ns);
  append_text(out, name);
  append_text(out, key);
  return out;
}

Bytes list_index(const NamespaceId& ns, std::string_view name, std::int64_t create_ts, const ActorId& id) {
  return newest_first(Family::list_index, ns, name, create_ts, id);
}

Range list_index_range(const NamespaceId& ns, std::string_view name, std::optional<std::int64_t> before_ts) {
  return newest_first_range(Family::list_index, ns, name, before_ts);
}

Bytes destroyed_index(const NamespaceId& ns, std::string_view name, std::int64_t create_ts, const ActorId& id) {
  return newest_first(Family::destroyed_index, ns, name, create_ts, id);
}

Range destroyed_index_range(const NamespaceId& ns, std::string_view name, std::optional<std::int64_t> before_ts) {
  return newest_first_range(Family::destroyed_index, ns, name, before_ts);
}

Bytes alarm_index(std::int64_t alarm_ts, const ActorId& id) {
  Bytes key = alarm_bound(alarm_ts);
  append(key, id);
  return key;
}

Range alarm_index_until(std::int64_t until_ts) {
  return {family(Family::alarm_index).begin, alarm_bound_after(until_ts)};
}

Range alarm_index_after(std::int64_t after_ts) {
  return {alarm_bound_after(after_ts), family(Family::alarm_index).end};
}

std::optional<TimedId> parse_list_index(BytesView key) {
  constexpr std::size_t kSizeMin = 1 + Id::kSize + 2 + kTimedTail;
  if (!is_of(key, Family::list_index, kSizeMin) && !is_of(key, Family::destroyed_index, kSizeMin)) return std::nullopt;
  const BytesView tail = key.last(kTimedTail);
  return TimedId{from_ordered(~read_u64(tail)), id_at(tail.subspan(8))};
}

std::optional<TimedId> parse_alarm_index(BytesView key) {
  if (!is_of(key, Family::alarm_index, 1 + kTimedTail) || key.size() != 1 + kTimedTail) return std::nullopt;
  return TimedId{from_ordered(read_u64(key.subspan(1))), id_at(key.subspan(9))};
}

Bytes pool_config(const NamespaceId& ns, std::string_view name) { return pool_row(ns, name, kPoolConfigRow); }
Bytes pool_protocol(const NamespaceId& ns, std::string_view name) { return pool_row(ns, name, kPoolProtocolRow); }

std::optional<PoolKey> parse_pool(BytesView key) {
  if (!is_of(key, Family::pool, 1 + Id::kSize)) return std::nullopt;
  BytesView rest = key.subspan(1 + Id::kSize);
  auto name = take_text(rest);
  if (!name || rest.size() != 1 || (rest[0] != kPoolConfigRow && rest[0] != kPoolProtocolRow)) return std::nullopt;
  const auto row = rest[0] == kPoolConfigRow ? PoolKey::Row::config : PoolKey::Row::protocol;
  return PoolKey{id_at(key.subspan(1)), *std::move(name), row};
}

Bytes actor_name(const NamespaceId& ns, std::string_view name) { return named(Family::actor_name, ns, name); }

std::optional<ActorNameKey> parse_actor_name(BytesView key) {
  if (!is_of(key, Family::actor_name, 1 + Id::kSize)) return std::nullopt;
  BytesView rest = key.subspan(1 + Id::kSize);
  auto name = take_text(rest);
  if (!name || !rest.empty()) return std::nullopt;
  return ActorNameKey{id_at(key.subspan(1)), *std::move(name)};
}

Bytes encode_id(const Id& id) { return {id.bytes().begin(), id.bytes().end()}; }

std::optional<Id> parse_id(BytesView value) {
  if (value.size() != Id::kSize) return std::nullopt;
  return id_at(value);
}

Range actor_data(const ActorId& id) { return starting_with(with_id(Family::actor_data, id)); }
Bytes actor_state(const ActorId& id) { return actor_row(id, kStateRow, {}); }
Bytes actor_pending_state(const ActorId& id) { return actor_row(id, kPendingStateRow, {}); }
Bytes actor_connection(const ActorId& id, std::string_view conn_id) {
  return actor_row(id, kConnectionRow, as_bytes(conn_id));
}
Range actor_connections(const ActorId& id) { return starting_with(actor_row(id, kConnectionRow, {})); }
std::string_view connection_id_of(BytesView key) { return as_text(key.subspan(kActorRowHeader)); }

Bytes actor_kv(const ActorId& id, BytesView raw_key) { return actor_row(id, kKvRow, raw_key); }
Range actor_kv_range(const ActorId& id, BytesView raw_begin, BytesView raw_end) {
  return {actor_kv(id, raw_begin), actor_kv(id, raw_end)};
}
Range actor_kv_prefix(const ActorId& id, BytesView raw_prefix) { return starting_with(actor_kv(id, raw_prefix)); }
Bytes actor_kv_metadata(const ActorId& id, BytesView raw_key) { return actor_row(id, kKvMetadataRow, raw_key); }
Range actor_kv_metadata_range(const ActorId& id, BytesView raw_begin, BytesView raw_end) {
  return {actor_kv_metadata(id, raw_begin), actor_kv_metadata(id, raw_end)};
}
Range actor_kv_metadata_prefix(const ActorId& id, BytesView raw_prefix) {
  return starting_with(actor_kv_metadata(id, raw_prefix));
}
BytesView raw_kv_key_of(BytesView key) { return key.subspan(kActorRowHeader); }

Bytes actor_queue_message(const ActorId& id, std::uint64_t message_id) {
  Bytes key = actor_row(id, kQueueRow, {});
  append_u64(key, message_id);
  return key;
}
Range actor_queue(const ActorId& id) { return starting_with(actor_row(id, kQueueRow, {})); }
std::optional<std::uint64_t> parse_queue_message(BytesView key) {
  if (!is_of(key, Family::actor_data, kActorRowHeader + 8) || key.size() != kActorRowHeader + 8) return std::nullopt;
  if (key[kActorRowHeader - 1] != kQueueRow) return std::nullopt;
  return read_u64(key.subspan(kActorRowHeader));
}
Bytes actor_queue_meta(const ActorId& id) { return actor_row(id, kQueueMetaRow, {}); }

Bytes actor_schedule(const ActorId& id, std::string_view schedule_id) {
  return actor_row(id, kScheduleRow, as_bytes(schedule_id));
}
Range actor_schedules(const ActorId& id) { return starting_with(actor_row(id, kScheduleRow, {})); }
std::string_view schedule_id_of(BytesView key) { return as_text(key.subspan(kActorRowHeader)); }
Bytes actor_schedule_history(const ActorId& id, std::string_view job, std::uint64_t number) {
  Bytes key = actor_row(id, kScheduleHistoryRow, {});
  append_text(key, job);
  append_u64(key, number);
  return key;
}
Range actor_schedule_history(const ActorId& id, std::string_view job) {
  Bytes key = actor_row(id, kScheduleHistoryRow, {});
  append_text(key, job);
  return starting_with(std::move(key));
}
Range actor_schedule_history(const ActorId& id) { return starting_with(actor_row(id, kScheduleHistoryRow, {})); }
Bytes actor_run_wake(const ActorId& id) { return actor_row(id, kRunWakeRow, {}); }

Bytes awake_index(const ActorId& id) { return with_id(Family::awake_index, id); }
std::optional<ActorId> parse_awake_index(BytesView key) {
  if (!is_of(key, Family::awake_index, 1 + Id::kSize)) return std::nullopt;
  return parse_id(key.subspan(1));
}

Bytes file_removal(const ActorId& id) { return with_id(Family::file_removal, id); }
std::optional<ActorId> parse_file_removal(BytesView key) {
  if (!is_of(key, Family::file_removal, 1 + Id::kSize)) return std::nullopt;
  return parse_id(key.subspan(1));
}

}  // namespace troupe::keys
