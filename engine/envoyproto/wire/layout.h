#pragma once

#include <concepts>
#include <type_traits>

#include "engine/envoyproto/messages.h"

/// The fields of every structure in the order of the wire, once for reading, writing and measuring: `io(field...)`
/// handles each field by its type.
namespace troupe::envoyproto::wire {

/// `M` is `T`, which a writer sees as constant.
template <class M, class T>
concept Is = std::same_as<std::remove_const_t<M>, T>;

/// Structures without fields.
template <class M>
concept Void = std::is_empty_v<M>;

// First versions with what a structure lacked before.
inline constexpr Version kStreamingVersion = 8;
inline constexpr Version kSqliteHeadVersion = 5;

template <class Io>
void layout(Io&, Void auto&) {}

// MARK: actors

template <class Io>
void layout(Io& io, Is<ActorCheckpoint> auto& m) {
  io(m.actor_id, m.generation, m.index);
}
template <class Io>
void layout(Io& io, Is<ActorConfig> auto& m) {
  io(m.name, m.key, m.create_ts, m.input);
}
template <class Io>
void layout(Io& io, Is<HibernatingRequest> auto& m) {
  io(m.gateway_id, m.request_id);
}
template <class Io>
void layout(Io& io, Is<KvMetadata> auto& m) {
  io(m.version, m.update_ts);
}
template <class Io>
void layout(Io& io, Is<PreloadedKvEntry> auto& m) {
  io(m.key, m.value, m.metadata);
}
template <class Io>
void layout(Io& io, Is<PreloadedKv> auto& m) {
  io(m.entries, m.requested_get_keys, m.requested_prefixes);
}
template <class Io>
void layout(Io& io, Is<CommandStartActor> auto& m) {
  io(m.config, m.hibernating_requests, m.preloaded_kv);
}
template <class Io>
void layout(Io& io, Is<CommandStopActor> auto& m) {
  io(m.reason);
}
template <class Io>
void layout(Io& io, Is<CommandWrapper> auto& m) {
  io(m.checkpoint, m.inner);
}
template <class Io>
void layout(Io& io, Is<EventActorIntent> auto& m) {
  io(m.intent);
}
template <class Io>
void layout(Io& io, Is<ActorStateStopped> auto& m) {
  io(m.code, m.message);
}
template <class Io>
void layout(Io& io, Is<EventActorStateUpdate> auto& m) {
  io(m.state);
}
template <class Io>
void layout(Io& io, Is<EventActorSetAlarm> auto& m) {
  io(m.alarm_ts);
}
template <class Io>
void layout(Io& io, Is<EventWrapper> auto& m) {
  io(m.checkpoint, m.inner);
}

// MARK: key-value

template <class Io>
void layout(Io& io, Is<KvGetRequest> auto& m) {
  io(m.keys);
}
template <class Io>
void layout(Io& io, Is<KvListRangeQuery> auto& m) {
  io(m.start, m.end, m.exclusive);
}
template <class Io>
void layout(Io& io, Is<KvListPrefixQuery> auto& m) {
  io(m.key);
}
template <class Io>
void layout(Io& io, Is<KvListRequest> auto& m) {
  io(m.query, m.reverse, m.limit);
}
template <class Io>
void layout(Io& io, Is<KvPutRequest> auto& m) {
  io(m.keys, m.values);
}
template <class Io>
void layout(Io& io, Is<KvDeleteRequest> auto& m) {
  io(m.keys);
}
template <class Io>
void layout(Io& io, Is<KvDeleteRangeRequest> auto& m) {
  io(m.start, m.end);
}
template <class Io>
void layout(Io& io, Is<KvErrorResponse> auto& m) {
  io(m.message);
}
template <class Io, class M>
requires Is<M, KvGetResponse> || Is<M, KvListResponse>
void layout(Io& io, M& m) { io(m.keys, m.values, m.metadata); }

// MARK: pages

template <class Io, class M>
requires Is<M, SqliteDirtyPage> || Is<M, SqliteFetchedPage>
void layout(Io& io, M& m) { io(m.pgno, m.bytes); }
template <class Io>
void layout(Io& io, Is<SqliteErrorResponse> auto& m) {
  if (io.version() >= kSqliteHeadVersion) io(m.group, m.code);
  io(m.message);
}
template <class Io>
void layout(Io& io, Is<SqliteGetPagesRequest> auto& m) {
  io(m.actor_id, m.pgnos, m.expected_generation, m.expected_head_txid);
}
template <class Io>
void layout(Io& io, Is<SqliteGetPagesOk> auto& m) {
  io(m.pages);
  if (io.version() >= kSqliteHeadVersion) io(m.head_txid);
}
template <class Io>
void layout(Io& io, Is<SqliteCommitRequest> auto& m) {
  io(m.actor_id, m.dirty_pages, m.db_size_pages, m.now_ms, m.expected_generation, m.expected_head_txid);
}
template <class Io>
void layout(Io& io, Is<SqliteCommitOk> auto& m) {
  if (io.version() >= kSqliteHeadVersion) io(m.head_txid);
}
template <class Io>
void layout(Io& io, Is<SqliteCommitStageBeginRequest> auto& m) {
  io(m.actor_id, m.expected_generation, m.expected_head_txid);
}
template <class Io>
void layout(Io& io, Is<SqliteCommitStageBeginOk> auto& m) {
  io(m.txid);
}
template <class Io>
void layout(Io& io, Is<SqliteCommitStageSegmentRequest> auto& m) {
  io(m.actor_id, m.expected_generation, m.txid, m.first_pgno, m.dirty_pages);
}
template <class Io>
void layout(Io& io, Is<SqliteCommitStageSegmentOk> auto& m) {
  io(m.staged_bytes);
}
template <class Io>
void layout(Io& io, Is<SqliteCommitFinalizeRequest> auto& m) {
  io(m.actor_id, m.expected_generation, m.txid, m.new_db_size_pages, m.now_ms, m.segment_first_pgnos);
}
template <class Io>
void layout(Io& io, Is<SqliteCommitFinalizeOk> auto& m) {
  io(m.head_txid);
}

// MARK: statements

template <class Io>
void layout(Io& io, Is<SqliteExecRequest> auto& m) {
  io(m.namespace_id, m.actor_id, m.generation, m.sql);
}
template <class Io>
void layout(Io& io, Is<SqliteExecuteRequest> auto& m) {
  io(m.namespace_id, m.actor_id, m.generation, m.sql, m.params);
}
template <class Io>
void layout(Io& io, Is<SqliteBatchStatement> auto& m) {
  io(m.sql, m.params);
}
template <class Io>
void layout(Io& io, Is<SqliteExecuteBatchRequest> auto& m) {
  io(m.namespace_id, m.actor_id, m.generation, m.statements);
}
template <class Io>
void layout(Io& io, Is<SqliteQueryResult> auto& m) {
  io(m.columns, m.rows);
}
template <class Io>
void layout(Io& io, Is<SqliteExecuteResult> auto& m) {
  io(m.columns, m.rows, m.changes, m.last_insert_row_id);
}
template <class Io, class M>
requires Is<M, SqliteExecOk> || Is<M, SqliteExecuteOk>
void layout(Io& io, M& m) { io(m.result); }
template <class Io>
void layout(Io& io, Is<SqliteExecuteBatchOk> auto& m) {
  io(m.results);
}

// MARK: tunnel

template <class Io>
void layout(Io& io, Is<MessageId> auto& m) {
  io(m.gateway_id, m.request_id, m.message_index);
}
template <class Io>
void layout(Io& io, Is<HttpStreamAbortReason> auto& m) {
  io(m.kind, m.detail);
}
template <class Io>
void layout(Io& io, Is<ToEnvoyRequestStart> auto& m) {
  io(m.actor_id);
  if (io.version() >= kStreamingVersion) io(m.actor_generation);
  io(m.method, m.path, m.headers, m.body, m.stream);
  if (io.version() >= kStreamingVersion) io(m.response_stream);
}
template <class Io, class M>
requires Is<M, ToEnvoyRequestChunk> || Is<M, ToRivetResponseChunk>
void layout(Io& io, M& m) { io(m.body, m.finish); }
template <class Io>
void layout(Io& io, Is<ToEnvoyRequestAbort> auto& m) {
  if (io.version() >= kStreamingVersion) io(m.actor_id, m.actor_generation, m.reason);
}
template <class Io, class M>
requires Is<M, ToEnvoyResponseBodyWindowUpdate> || Is<M, ToRivetRequestBodyWindowUpdate>
void layout(Io& io, M& m) { io(m.consumed_bytes); }
template <class Io>
void layout(Io& io, Is<ToEnvoyWebSocketOpen> auto& m) {
  io(m.actor_id);
  if (io.version() >= kStreamingVersion) io(m.actor_generation);
  io(m.path, m.headers);
}
template <class Io, class M>
requires Is<M, ToEnvoyWebSocketMessage> || Is<M, ToRivetWebSocketMessage>
void layout(Io& io, M& m) { io(m.data, m.binary); }
template <class Io>
void layout(Io& io, Is<ToEnvoyWebSocketClose> auto& m) {
  io(m.code, m.reason);
}
template <class Io>
void layout(Io& io, Is<ToRivetResponseStart> auto& m) {
  io(m.status, m.headers, m.body, m.stream);
}
template <class Io>
void layout(Io& io, Is<ToRivetResponseAbort> auto& m) {
  if (io.version() >= kStreamingVersion) io(m.reason);
}
template <class Io>
void layout(Io& io, Is<ToRivetWebSocketOpen> auto& m) {
  io(m.can_hibernate);
}
template <class Io>
void layout(Io& io, Is<ToRivetWebSocketMessageAck> auto& m) {
  io(m.index);
}
template <class Io>
void layout(Io& io, Is<ToRivetWebSocketClose> auto& m) {
  io(m.code, m.reason, m.hibernate);
}

// MARK: frames

template <class Io>
void layout(Io& io, Is<ActorName> auto& m) {
  io(m.metadata);
}
template <class Io>
void layout(Io& io, Is<ToRivetMetadata> auto& m) {
  io(m.prepopulate_actor_names, m.metadata);
}
template <class Io>
void layout(Io& io, Is<ToRivetEvents> auto& m) {
  io(m.events);
}
template <class Io>
void layout(Io& io, Is<ToRivetAckCommands> auto& m) {
  io(m.last_command_checkpoints);
}
template <class Io, class M>
requires Is<M, ToRivetPong> || Is<M, ToEnvoyPing>
void layout(Io& io, M& m) { io(m.ts); }
template <class Io>
void layout(Io& io, Is<ToRivetKvRequest> auto& m) {
  io(m.actor_id, m.request_id, m.data);
}
template <class Io, class M>
requires Is<M, ToRivetTunnelMessage> || Is<M, ToEnvoyTunnelMessage>
void layout(Io& io, M& m) { io(m.message_id, m.message_kind); }
template <class Io, class Data>
void layout(Io& io, Numbered<Data>& m) {
  io(m.request_id, m.data);
}
template <class Io, class Data>
void layout(Io& io, const Numbered<Data>& m) {
  io(m.request_id, m.data);
}
template <class Io>
void layout(Io& io, Is<ProtocolMetadata> auto& m) {
  io(m.envoy_lost_threshold, m.actor_stop_threshold, m.max_response_payload_size);
}
template <class Io>
void layout(Io& io, Is<ToEnvoyInit> auto& m) {
  io(m.metadata);
}
template <class Io>
void layout(Io& io, Is<ToEnvoyCommands> auto& m) {
  io(m.commands);
}
template <class Io>
void layout(Io& io, Is<ToEnvoyAckEvents> auto& m) {
  io(m.last_event_checkpoints);
}

}  // namespace troupe::envoyproto::wire
