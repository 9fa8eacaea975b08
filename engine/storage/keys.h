#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/id.h"
#include "troupe/bytes.h"

/// The layout of the store: every key that is ever written is made here (docs/internals/storage.md has the table).
/// A key is one family byte and then its parts. Ids are 19 raw bytes, numbers big-endian so that byte order is number
/// order, text inside a key ends with 00 00 and has its own 00 written 00 FF, so that no part can run into the next.
/// Pure functions. A change of the layout raises kFormatVersion.
namespace troupe::keys {

/// Written at the first open, checked at every later one. Value: u32 big-endian.
inline constexpr std::uint32_t kFormatVersion = 1;

enum class Family : std::uint8_t {
  meta = 0x00,
  namespace_by_id = 0x01,
  namespace_by_name = 0x02,
  actor_record = 0x03,
  key_index = 0x04,
  list_index = 0x05,
  alarm_index = 0x06,
  destroyed_index = 0x07,
  /// Actors that a start of the engine has to look after.
  awake_index = 0x0a,
  pool = 0x08,
  actor_name = 0x09,
  /// State, connection rows, key-value entries, queue and schedule of an actor, next to each other: one range erases an
  /// actor, and a wake reads neighbouring blocks.
  actor_data = 0x10,
  /// Actors whose files are still to be removed.
  file_removal = 0x11,
};

/// begin <= key < end.
struct Range {
  Bytes begin, end;
};

Bytes format_version();
Bytes encode_format_version(std::uint32_t version);
std::optional<std::uint32_t> parse_format_version(BytesView value);

/// Every key of a family.
Range family(Family family);
/// Every key that starts with `prefix`; an empty `end` of the result means "to the end of all keys".
Range starting_with(Bytes prefix);

// -- directory --------------------------------------------------------------------------------------------------------
Bytes namespace_by_id(const NamespaceId& id);
/// Value: the namespace id.
Bytes namespace_by_name(std::string_view name);
Bytes actor_record(const ActorId& id);
/// The live actor of a key. Value: the actor id.
Bytes key_index(const NamespaceId& ns, std::string_view name, std::string_view key);

/// Actors of one name, newest first; same time: by id. The value is free.
Bytes list_index(const NamespaceId& ns, std::string_view name, std::int64_t create_ts, const ActorId& id);
/// Entries of `list_index` strictly older than `before_ts` (nothing = all), newest first.
Range list_index_range(const NamespaceId& ns, std::string_view name, std::optional<std::int64_t> before_ts);

/// The same for actors that are destroyed; `list_index` has only the live ones.
Bytes destroyed_index(const NamespaceId& ns, std::string_view name, std::int64_t create_ts, const ActorId& id);
Range destroyed_index_range(const NamespaceId& ns, std::string_view name, std::optional<std::int64_t> before_ts);

/// Alarms by time. The value is free.
Bytes alarm_index(std::int64_t alarm_ts, const ActorId& id);
/// Alarms at or before `until_ts`.
Range alarm_index_until(std::int64_t until_ts);
/// Alarms after `after_ts`.
Range alarm_index_after(std::int64_t after_ts);

/// Value: nothing.
Bytes awake_index(const ActorId& id);
std::optional<ActorId> parse_awake_index(BytesView key);

struct TimedId {
  std::int64_t ts = 0;
  ActorId id;
};
/// The end of a `list_index` (or `destroyed_index`) or `alarm_index` key. Nothing: no such key.
std::optional<TimedId> parse_list_index(BytesView key);
std::optional<TimedId> parse_alarm_index(BytesView key);

// -- pools ------------------------------------------------------------------------------------------------------------
/// Value: the config.
Bytes pool_config(const NamespaceId& ns, std::string_view name);
/// Value: u16 big-endian.
Bytes pool_protocol(const NamespaceId& ns, std::string_view name);

struct PoolKey {
  enum class Row { config, protocol };
  NamespaceId namespace_id;
  std::string name;
  Row row = Row::config;
};
std::optional<PoolKey> parse_pool(BytesView key);

/// A name that hosts have announced. Value: its metadata as JSON text.
Bytes actor_name(const NamespaceId& ns, std::string_view name);

struct ActorNameKey {
  NamespaceId namespace_id;
  std::string name;
};
std::optional<ActorNameKey> parse_actor_name(BytesView key);

/// The 19 bytes of an id as a value.
Bytes encode_id(const Id& id);
std::optional<Id> parse_id(BytesView value);

// -- actors -----------------------------------------------------------------------------------------------------------
/// Everything that belongs to one actor in family `actor_data`.
Range actor_data(const ActorId& id);
Bytes actor_state(const ActorId& id);
/// A state that counts if a certain transaction of the actor's database has been committed.
Bytes actor_pending_state(const ActorId& id);
Bytes actor_connection(const ActorId& id, std::string_view conn_id);
Range actor_connections(const ActorId& id);
/// The connection id in a key of `actor_connections`; lives as long as `key`.
std::string_view connection_id_of(BytesView key);

/// `raw_key` as the reference knows it: first byte 0x04 for the entries of applications, others for the system.
Bytes actor_kv(const ActorId& id, BytesView raw_key);
/// Raw keys with begin <= raw < end.
Range actor_kv_range(const ActorId& id, BytesView raw_begin, BytesView raw_end);
/// Raw keys that start with `raw_prefix`.
Range actor_kv_prefix(const ActorId& id, BytesView raw_prefix);
/// When and by which version an entry was written. Only envoys ask for it, so only their entries have one.
Bytes actor_kv_metadata(const ActorId& id, BytesView raw_key);
Range actor_kv_metadata_range(const ActorId& id, BytesView raw_begin, BytesView raw_end);
Range actor_kv_metadata_prefix(const ActorId& id, BytesView raw_prefix);
/// The raw key in a key of `actor_kv`; lives as long as `key`.
BytesView raw_kv_key_of(BytesView key);

/// Queue messages by their id, in the order in which they are received.
Bytes actor_queue_message(const ActorId& id, std::uint64_t message_id);
Range actor_queue(const ActorId& id);
/// The message id in a key of `actor_queue`. Nothing: no such key.
std::optional<std::uint64_t> parse_queue_message(BytesView key);
/// What the queue remembers of messages that are gone: the next id.
Bytes actor_queue_meta(const ActorId& id);

/// Pending one-shots and recurring jobs.
Bytes actor_schedule(const ActorId& id, std::string_view schedule_id);
Range actor_schedules(const ActorId& id);
/// The schedule id in a key of `actor_schedule`; lives as long as `key`.
std::string_view schedule_id_of(BytesView key);
/// What became of the fires of a recurring job, oldest first.
Bytes actor_schedule_history(const ActorId& id, std::string_view job, std::uint64_t number);
Range actor_schedule_history(const ActorId& id, std::string_view job);
Range actor_schedule_history(const ActorId& id);
/// When the run handler wants to be woken.
Bytes actor_run_wake(const ActorId& id);

Bytes file_removal(const ActorId& id);
std::optional<ActorId> parse_file_removal(BytesView key);

}  // namespace troupe::keys
