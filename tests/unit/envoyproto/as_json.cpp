#include "as_json.h"

#include <bit>
#include <type_traits>

namespace troupe::envoyproto {
// Not unnamed: functions for later types are found by their arguments.
inline namespace golden_form {

using Json = nlohmann::json;

Json json(bool v) { return v; }
Json json(std::uint16_t v) { return v; }
Json json(std::uint32_t v) { return v; }
Json json(std::uint64_t v) { return std::to_string(v); }
Json json(std::int64_t v) { return std::to_string(v); }
Json json(const std::string& v) { return v; }

template <class Octets>
std::string hex(const Octets& octets) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t octet : octets) {
    text += kDigits[octet >> 4];
    text += kDigits[octet & 15];
  }
  return text;
}
Json json(const Bytes& v) { return hex(v); }
Json json(const std::array<std::uint8_t, 4>& v) { return hex(v); }

template <class T>
Json json(const std::optional<T>& v);
template <class T>
Json json(const std::vector<T>& list);
template <class T>
Json json(const std::vector<std::pair<std::string, T>>& map);

Json json(const ActorCheckpoint& m) {
  return {{"actorId", m.actor_id}, {"generation", m.generation}, {"index", json(m.index)}};
}
Json json(const KvMetadata& m) { return {{"version", json(m.version)}, {"updateTs", json(m.update_ts)}}; }
Json json(const HibernatingRequest& m) {
  return {{"gatewayId", json(m.gateway_id)}, {"requestId", json(m.request_id)}};
}
Json json(const PreloadedKvEntry& m) {
  return {{"key", json(m.key)}, {"value", json(m.value)}, {"metadata", json(m.metadata)}};
}
Json json(const PreloadedKv& m);
Json json(const ActorConfig& m);
Json json(const CommandWrapper& m);
Json json(const EventWrapper& m);
Json json(const ActorName& m) { return {{"metadata", m.metadata}}; }
Json json(const SqliteDirtyPage& m) { return {{"pgno", m.pgno}, {"bytes", json(m.bytes)}}; }
Json json(const SqliteFetchedPage& m);
Json json(const SqliteValue& v);
Json json(const SqliteBatchStatement& m);
Json json(const SqliteExecuteResult& m);

template <class T>
Json json(const std::optional<T>& v) {
  return v ? json(*v) : Json();
}
template <class T>
Json json(const std::vector<T>& list) {
  Json array = Json::array();
  for (const T& element : list) array.push_back(json(element));
  return array;
}
template <class T>
Json json(const std::vector<std::pair<std::string, T>>& map) {
  Json object = Json::object();
  for (const auto& [name, value] : map) object[name] = json(value);
  return object;
}

Json tagged(const char* tag, Json val = {}) { return {{"tag", tag}, {"val", std::move(val)}}; }

// Actors

Json json(const PreloadedKv& m) {
  return {{"entries", json(m.entries)},
          {"requestedGetKeys", json(m.requested_get_keys)},
          {"requestedPrefixes", json(m.requested_prefixes)}};
}
Json json(const ActorConfig& m) {
  return {{"name", m.name}, {"key", json(m.key)}, {"createTs", json(m.create_ts)}, {"input", json(m.input)}};
}
Json json(StopActorReason reason) {
  constexpr const char* kNames[] = {"SleepIntent", "StopIntent", "Destroy", "GoingAway", "Lost"};
  return kNames[static_cast<int>(reason)];
}
Json arm(const CommandStartActor& m) {
  return tagged("CommandStartActor", {{"config", json(m.config)},
                                      {"hibernatingRequests", json(m.hibernating_requests)},
                                      {"preloadedKv", json(m.preloaded_kv)}});
}
Json arm(const CommandStopActor& m) { return tagged("CommandStopActor", {{"reason", json(m.reason)}}); }
Json arm(const ActorIntentSleep&) { return tagged("ActorIntentSleep"); }
Json arm(const ActorIntentStop&) { return tagged("ActorIntentStop"); }
Json arm(const ActorStateRunning&) { return tagged("ActorStateRunning"); }
Json arm(const ActorStateStopped& m) {
  return tagged("ActorStateStopped", {{"code", m.code == StopCode::ok ? "Ok" : "Error"}, {"message", json(m.message)}});
}

template <class... Arms>
Json arms(const std::variant<Arms...>& v) {
  return std::visit([](const auto& m) { return arm(m); }, v);
}

Json arm(const EventActorIntent& m) { return tagged("EventActorIntent", {{"intent", arms(m.intent)}}); }
Json arm(const EventActorStateUpdate& m) { return tagged("EventActorStateUpdate", {{"state", arms(m.state)}}); }
Json arm(const EventActorSetAlarm& m) { return tagged("EventActorSetAlarm", {{"alarmTs", json(m.alarm_ts)}}); }
Json json(const CommandWrapper& m) { return {{"checkpoint", json(m.checkpoint)}, {"inner", arms(m.inner)}}; }
Json json(const EventWrapper& m) { return {{"checkpoint", json(m.checkpoint)}, {"inner", arms(m.inner)}}; }

// Key-value

Json arm(const KvListAllQuery&) { return tagged("KvListAllQuery"); }
Json arm(const KvListRangeQuery& m) {
  return tagged("KvListRangeQuery", {{"start", json(m.start)}, {"end", json(m.end)}, {"exclusive", m.exclusive}});
}
Json arm(const KvListPrefixQuery& m) { return tagged("KvListPrefixQuery", {{"key", json(m.key)}}); }
Json arm(const KvGetRequest& m) { return tagged("KvGetRequest", {{"keys", json(m.keys)}}); }
Json arm(const KvListRequest& m) {
  return tagged("KvListRequest", {{"query", arms(m.query)}, {"reverse", json(m.reverse)}, {"limit", json(m.limit)}});
}
Json arm(const KvPutRequest& m) { return tagged("KvPutRequest", {{"keys", json(m.keys)}, {"values", json(m.values)}}); }
Json arm(const KvDeleteRequest& m) { return tagged("KvDeleteRequest", {{"keys", json(m.keys)}}); }
Json arm(const KvDeleteRangeRequest& m) {
  return tagged("KvDeleteRangeRequest", {{"start", json(m.start)}, {"end", json(m.end)}});
}
Json arm(const KvDropRequest&) { return tagged("KvDropRequest"); }
Json arm(const KvErrorResponse& m) { return tagged("KvErrorResponse", {{"message", m.message}}); }
template <class Found>
Json found(const Found& m) {
  return {{"keys", json(m.keys)}, {"values", json(m.values)}, {"metadata", json(m.metadata)}};
}
Json arm(const KvGetResponse& m) { return tagged("KvGetResponse", found(m)); }
Json arm(const KvListResponse& m) { return tagged("KvListResponse", found(m)); }
Json arm(const KvPutResponse&) { return tagged("KvPutResponse"); }
Json arm(const KvDeleteResponse&) { return tagged("KvDeleteResponse"); }
Json arm(const KvDropResponse&) { return tagged("KvDropResponse"); }

// Databases

Json json(const SqliteFetchedPage& m) { return {{"pgno", m.pgno}, {"bytes", json(m.bytes)}}; }
Json json(const SqliteValue& v) {
  struct Visitor {
    Json operator()(const SqliteNull&) const { return tagged("SqliteValueNull"); }
    Json operator()(std::int64_t n) const { return tagged("SqliteValueInteger", {{"value", json(n)}}); }
    Json operator()(double d) const {
      std::array<std::uint8_t, 8> big_endian;
      for (int i = 0; i < 8; ++i)
        big_endian[i] = static_cast<std::uint8_t>(std::bit_cast<std::uint64_t>(d) >> (56 - 8 * i));
      return tagged("SqliteValueFloat", {{"value", hex(big_endian)}});
    }
    Json operator()(const std::string& text) const { return tagged("SqliteValueText", {{"value", text}}); }
    Json operator()(const Bytes& blob) const { return tagged("SqliteValueBlob", {{"value", json(blob)}}); }
  };
  return std::visit(Visitor{}, v);
}
Json json(const SqliteBatchStatement& m) { return {{"sql", m.sql}, {"params", json(m.params)}}; }
Json json(const SqliteQueryResult& m) { return {{"columns", json(m.columns)}, {"rows", json(m.rows)}}; }
Json json(const SqliteExecuteResult& m) {
  return {{"columns", json(m.columns)},
          {"rows", json(m.rows)},
          {"changes", json(m.changes)},
          {"lastInsertRowId", json(m.last_insert_row_id)}};
}
Json json(const SqliteGetPagesRequest& m) {
  return {{"actorId", m.actor_id},
          {"pgnos", json(m.pgnos)},
          {"expectedGeneration", json(m.expected_generation)},
          {"expectedHeadTxid", json(m.expected_head_txid)}};
}
Json json(const SqliteCommitRequest& m) {
  return {{"actorId", m.actor_id},
          {"dirtyPages", json(m.dirty_pages)},
          {"dbSizePages", m.db_size_pages},
          {"nowMs", json(m.now_ms)},
          {"expectedGeneration", json(m.expected_generation)},
          {"expectedHeadTxid", json(m.expected_head_txid)}};
}
Json json(const SqliteCommitStageBeginRequest& m) {
  return {{"actorId", m.actor_id},
          {"expectedGeneration", json(m.expected_generation)},
          {"expectedHeadTxid", json(m.expected_head_txid)}};
}
Json json(const SqliteCommitStageSegmentRequest& m) {
  return {{"actorId", m.actor_id},
          {"expectedGeneration", json(m.expected_generation)},
          {"txid", json(m.txid)},
          {"firstPgno", m.first_pgno},
          {"dirtyPages", json(m.dirty_pages)}};
}
Json json(const SqliteCommitFinalizeRequest& m) {
  return {{"actorId", m.actor_id},   {"expectedGeneration", json(m.expected_generation)},
          {"txid", json(m.txid)},    {"newDbSizePages", m.new_db_size_pages},
          {"nowMs", json(m.now_ms)}, {"segmentFirstPgnos", json(m.segment_first_pgnos)}};
}
Json json(const SqliteExecRequest& m) {
  return {{"namespaceId", m.namespace_id}, {"actorId", m.actor_id}, {"generation", json(m.generation)}, {"sql", m.sql}};
}
Json json(const SqliteExecuteRequest& m) {
  return {{"namespaceId", m.namespace_id},
          {"actorId", m.actor_id},
          {"generation", json(m.generation)},
          {"sql", m.sql},
          {"params", json(m.params)}};
}
Json json(const SqliteExecuteBatchRequest& m) {
  return {{"namespaceId", m.namespace_id},
          {"actorId", m.actor_id},
          {"generation", json(m.generation)},
          {"statements", json(m.statements)}};
}
Json arm(const SqliteErrorResponse& m) {
  return tagged("SqliteErrorResponse", {{"group", m.group}, {"code", m.code}, {"message", m.message}});
}
Json arm(const SqliteGetPagesOk& m) {
  return tagged("SqliteGetPagesOk", {{"pages", json(m.pages)}, {"headTxid", json(m.head_txid)}});
}
Json arm(const SqliteCommitOk& m) { return tagged("SqliteCommitOk", {{"headTxid", json(m.head_txid)}}); }
Json arm(const SqliteCommitStageBeginOk& m) { return tagged("SqliteCommitStageBeginOk", {{"txid", json(m.txid)}}); }
Json arm(const SqliteCommitStageSegmentOk& m) {
  return tagged("SqliteCommitStageSegmentOk", {{"stagedBytes", json(m.staged_bytes)}});
}
Json arm(const SqliteCommitFinalizeOk& m) {
  return tagged("SqliteCommitFinalizeOk", {{"headTxid", json(m.head_txid)}});
}
Json arm(const SqliteExecOk& m) { return tagged("SqliteExecOk", {{"result", json(m.result)}}); }
Json arm(const SqliteExecuteOk& m) { return tagged("SqliteExecuteOk", {{"result", json(m.result)}}); }
Json arm(const SqliteExecuteBatchOk& m) { return tagged("SqliteExecuteBatchOk", {{"results", json(m.results)}}); }

// Tunnel

Json json(const HttpStreamAbortReason& m) {
  constexpr const char* kNames[] = {"Unknown", "Cancelled", "HandlerError", "InternalError"};
  return {{"kind", kNames[static_cast<int>(m.kind)]}, {"detail", json(m.detail)}};
}
Json arm(const ToEnvoyRequestStart& m) {
  return tagged("ToEnvoyRequestStart", {{"actorId", m.actor_id},
                                        {"actorGeneration", json(m.actor_generation)},
                                        {"method", m.method},
                                        {"path", m.path},
                                        {"headers", json(m.headers)},
                                        {"body", json(m.body)},
                                        {"stream", m.stream},
                                        {"responseStream", m.response_stream}});
}
Json arm(const ToEnvoyRequestChunk& m) {
  return tagged("ToEnvoyRequestChunk", {{"body", json(m.body)}, {"finish", m.finish}});
}
Json arm(const ToEnvoyRequestAbort& m) {
  return tagged(
      "ToEnvoyRequestAbort",
      {{"actorId", json(m.actor_id)}, {"actorGeneration", json(m.actor_generation)}, {"reason", json(m.reason)}});
}
Json arm(const ToEnvoyRequestBodyCancel&) { return tagged("ToEnvoyRequestBodyCancel"); }
Json arm(const ToEnvoyResponseBodyWindowUpdate& m) {
  return tagged("ToEnvoyResponseBodyWindowUpdate", {{"consumedBytes", json(m.consumed_bytes)}});
}
Json arm(const ToEnvoyWebSocketOpen& m) {
  return tagged("ToEnvoyWebSocketOpen", {{"actorId", m.actor_id},
                                         {"actorGeneration", json(m.actor_generation)},
                                         {"path", m.path},
                                         {"headers", json(m.headers)}});
}
Json arm(const ToEnvoyWebSocketMessage& m) {
  return tagged("ToEnvoyWebSocketMessage", {{"data", json(m.data)}, {"binary", m.binary}});
}
Json arm(const ToEnvoyWebSocketClose& m) {
  return tagged("ToEnvoyWebSocketClose", {{"code", json(m.code)}, {"reason", json(m.reason)}});
}
Json arm(const ToRivetResponseStart& m) {
  return tagged("ToRivetResponseStart",
                {{"status", m.status}, {"headers", json(m.headers)}, {"body", json(m.body)}, {"stream", m.stream}});
}
Json arm(const ToRivetResponseChunk& m) {
  return tagged("ToRivetResponseChunk", {{"body", json(m.body)}, {"finish", m.finish}});
}
Json arm(const ToRivetResponseAbort& m) { return tagged("ToRivetResponseAbort", {{"reason", json(m.reason)}}); }
Json arm(const ToRivetRequestBodyWindowUpdate& m) {
  return tagged("ToRivetRequestBodyWindowUpdate", {{"consumedBytes", json(m.consumed_bytes)}});
}
Json arm(const ToRivetRequestBodyCancel&) { return tagged("ToRivetRequestBodyCancel"); }
Json arm(const ToRivetWebSocketOpen& m) { return tagged("ToRivetWebSocketOpen", {{"canHibernate", m.can_hibernate}}); }
Json arm(const ToRivetWebSocketMessage& m) {
  return tagged("ToRivetWebSocketMessage", {{"data", json(m.data)}, {"binary", m.binary}});
}
Json arm(const ToRivetWebSocketMessageAck& m) { return tagged("ToRivetWebSocketMessageAck", {{"index", m.index}}); }
Json arm(const ToRivetWebSocketClose& m) {
  return tagged("ToRivetWebSocketClose",
                {{"code", json(m.code)}, {"reason", json(m.reason)}, {"hibernate", m.hibernate}});
}

Json json(const MessageId& m) {
  return {{"gatewayId", json(m.gateway_id)}, {"requestId", json(m.request_id)}, {"messageIndex", m.message_index}};
}

// Frames

Json arm(const ToRivetMetadata& m) {
  return tagged("ToRivetMetadata",
                {{"prepopulateActorNames", json(m.prepopulate_actor_names)}, {"metadata", json(m.metadata)}});
}
Json arm(const ToRivetEvents& m) { return tagged("ToRivetEvents", json(m.events)); }
Json arm(const ToRivetAckCommands& m) {
  return tagged("ToRivetAckCommands", {{"lastCommandCheckpoints", json(m.last_command_checkpoints)}});
}
Json arm(const ToRivetStopping&) { return tagged("ToRivetStopping"); }
Json arm(const ToRivetPong& m) { return tagged("ToRivetPong", {{"ts", json(m.ts)}}); }
Json arm(const ToRivetKvRequest& m) {
  return tagged("ToRivetKvRequest", {{"actorId", m.actor_id}, {"requestId", m.request_id}, {"data", arms(m.data)}});
}
template <class Message>
Json tunnel(const char* tag, const Message& m) {
  return tagged(tag, {{"messageId", json(m.message_id)}, {"messageKind", arms(m.message_kind)}});
}
Json arm(const ToRivetTunnelMessage& m) { return tunnel("ToRivetTunnelMessage", m); }
Json arm(const ToEnvoyTunnelMessage& m) { return tunnel("ToEnvoyTunnelMessage", m); }

/// The tag of a numbered message follows from what it carries.
constexpr const char* tag_of(const SqliteGetPagesRequest*) { return "ToRivetSqliteGetPagesRequest"; }
constexpr const char* tag_of(const SqliteCommitRequest*) { return "ToRivetSqliteCommitRequest"; }
constexpr const char* tag_of(const SqliteCommitStageBeginRequest*) { return "ToRivetSqliteCommitStageBeginRequest"; }
constexpr const char* tag_of(const SqliteCommitStageSegmentRequest*) {
  return "ToRivetSqliteCommitStageSegmentRequest";
}
constexpr const char* tag_of(const SqliteCommitFinalizeRequest*) { return "ToRivetSqliteCommitFinalizeRequest"; }
constexpr const char* tag_of(const SqliteExecRequest*) { return "ToRivetSqliteExecRequest"; }
constexpr const char* tag_of(const SqliteExecuteRequest*) { return "ToRivetSqliteExecuteRequest"; }
constexpr const char* tag_of(const SqliteExecuteBatchRequest*) { return "ToRivetSqliteExecuteBatchRequest"; }
constexpr const char* tag_of(const KvResponseData*) { return "ToEnvoyKvResponse"; }
constexpr const char* tag_of(const SqliteGetPagesResponse*) { return "ToEnvoySqliteGetPagesResponse"; }
constexpr const char* tag_of(const SqliteCommitResponse*) { return "ToEnvoySqliteCommitResponse"; }
constexpr const char* tag_of(const SqliteCommitStageBeginResponse*) { return "ToEnvoySqliteCommitStageBeginResponse"; }
constexpr const char* tag_of(const SqliteCommitStageSegmentResponse*) {
  return "ToEnvoySqliteCommitStageSegmentResponse";
}
constexpr const char* tag_of(const SqliteCommitFinalizeResponse*) { return "ToEnvoySqliteCommitFinalizeResponse"; }
constexpr const char* tag_of(const SqliteExecResponse*) { return "ToEnvoySqliteExecResponse"; }
constexpr const char* tag_of(const SqliteExecuteResponse*) { return "ToEnvoySqliteExecuteResponse"; }
constexpr const char* tag_of(const SqliteExecuteBatchResponse*) { return "ToEnvoySqliteExecuteBatchResponse"; }

template <class... Arms>
Json data_of(const std::variant<Arms...>& v) {
  return arms(v);
}
template <class Struct>
Json data_of(const Struct& m) {
  return json(m);
}
template <class Data>
Json arm(const Numbered<Data>& m) {
  return tagged(tag_of(&m.data), {{"requestId", m.request_id}, {"data", data_of(m.data)}});
}

Json json(const ProtocolMetadata& m) {
  return {{"envoyLostThreshold", json(m.envoy_lost_threshold)},
          {"actorStopThreshold", json(m.actor_stop_threshold)},
          {"maxResponsePayloadSize", json(m.max_response_payload_size)}};
}
Json arm(const ToEnvoyInit& m) { return tagged("ToEnvoyInit", {{"metadata", json(m.metadata)}}); }
Json arm(const ToEnvoyCommands& m) { return tagged("ToEnvoyCommands", json(m.commands)); }
Json arm(const ToEnvoyAckEvents& m) {
  return tagged("ToEnvoyAckEvents", {{"lastEventCheckpoints", json(m.last_event_checkpoints)}});
}
Json arm(const ToEnvoyPing& m) { return tagged("ToEnvoyPing", {{"ts", json(m.ts)}}); }

}  // namespace golden_form

Json as_json(const ToRivet& message) { return arms(message); }
Json as_json(const ToEnvoy& message) { return arms(message); }

}  // namespace troupe::envoyproto
