#include "engine/envoystore/kv/kv_requests.h"

#include <algorithm>

#include "engine/base/errors.h"
#include "engine/envoystore/kv/kv_limits.h"
#include "engine/envoystore/peer.h"
#include "engine/storage/keys.h"

namespace troupe {
namespace {

using namespace envoyproto;
using Rows = std::vector<std::optional<Bytes>>;

KvResponseData refused(std::string message) {
  KvErrorResponse response;
  response.message = std::move(message);
  return response;
}

KvResponseData failed(const Error& error) {
  return refused(error.is("actor", "not_found") ? "actor does not exist" : error.message());
}

/// 8 bytes of time, then the version.
Bytes encode_metadata(std::int64_t update_ts, std::string_view version) {
  Bytes out;
  out.reserve(8 + version.size());
  for (int shift = 0; shift < 64; shift += 8) {
    out.push_back(static_cast<std::uint8_t>(static_cast<std::uint64_t>(update_ts) >> shift));
  }
  out.insert(out.end(), version.begin(), version.end());
  return out;
}

std::optional<KvMetadata> decode_metadata(const std::optional<Bytes>& value) {
  if (!value || value->size() < 8) return std::nullopt;
  KvMetadata metadata;
  std::uint64_t ts = 0;
  for (std::size_t i = 0; i < 8; ++i) ts |= std::uint64_t{(*value)[i]} << i * 8;
  metadata.update_ts = static_cast<std::int64_t>(ts);
  metadata.version.assign(value->begin() + 8, value->end());
  return metadata;
}

/// Entries that an actor inside this process has written have none.
KvMetadata metadata_or_default(const KvScope& scope, const std::optional<Bytes>& value) {
  if (auto metadata = decode_metadata(value)) return *std::move(metadata);
  KvMetadata metadata;
  metadata.version = to_bytes(scope.version);
  return metadata;
}

/// A request on its way, with an actor that has been found.
struct Call {
  KvScope scope;
  EnvoyStore::Peer peer;
  ActorId id;
};

Task<Result<void>> write(Call call, WriteBatch batch) {
  if (call.peer->disconnected) co_return make_error("storage", "unavailable");
  TROUPE_CO_CHECK(co_await call.scope.store.commit(std::move(batch), Ack::durable));
  // Entries written in the moment of its destruction would lie around for ever.
  TROUPE_CO_TRY(const bool is_live, co_await call.scope.actors.is_live(call.id));
  if (is_live) co_return Result<void>();
  WriteBatch removal;
  keys::Range range = keys::actor_data(call.id);
  removal.erase_range(std::move(range.begin), std::move(range.end));
  TROUPE_CO_CHECK(co_await call.scope.store.commit(std::move(removal), Ack::written));
  co_return make_error("actor", "not_found");
}

Task<KvResponseData> run(Call call, KvGetRequest get) {
  // The reference merges neighbours that are the same key.
  get.keys.erase(std::unique(get.keys.begin(), get.keys.end()), get.keys.end());
  std::vector<Bytes> keys;
  keys.reserve(get.keys.size() * 2);
  for (const Bytes& key : get.keys) keys.push_back(keys::actor_kv(call.id, key));
  for (const Bytes& key : get.keys) keys.push_back(keys::actor_kv_metadata(call.id, key));
  auto found = co_await call.scope.store.get_many(std::move(keys));
  if (!found) co_return failed(found.error());
  Rows& rows = *found;
  KvGetResponse response;
  for (std::size_t i = 0; i < get.keys.size(); ++i) {
    if (!rows[i]) continue;
    response.keys.push_back(std::move(get.keys[i]));
    response.values.push_back(*std::move(rows[i]));
    response.metadata.push_back(metadata_or_default(call.scope, rows[get.keys.size() + i]));
  }
  co_return response;
}

keys::Range range_of(const ActorId& id, const KvListQuery& query) {
  if (const auto* prefix = std::get_if<KvListPrefixQuery>(&query)) return keys::actor_kv_prefix(id, prefix->key);
  if (const auto* range = std::get_if<KvListRangeQuery>(&query)) {
    keys::Range rows = keys::actor_kv_range(id, range->start, range->end);
    // The first key after the end.
    if (!range->exclusive) rows.end.push_back(0);
    return rows;
  }
  return keys::actor_kv_prefix(id, {});
}

Task<KvResponseData> run(Call call, KvListRequest list) {
  keys::Range range = range_of(call.id, list.query);
  ScanOptions options;
  options.reverse = list.reverse.value_or(false);
  options.limit = list.limit.value_or(kv_limits::kListLimitDefault);
  options.bytes_max = kv_limits::kListBytesMax;
  auto scanned = co_await call.scope.store.scan(std::move(range.begin), std::move(range.end), options);
  if (!scanned) co_return failed(scanned.error());
  KvListResponse response;
  std::vector<Bytes> keys;
  std::size_t bytes = 0;
  for (StoreEntry& row : *scanned) {
    bytes += row.key.size() + row.value.size();
    response.keys.push_back(to_bytes(keys::raw_kv_key_of(row.key)));
    response.values.push_back(std::move(row.value));
    keys.push_back(keys::actor_kv_metadata(call.id, response.keys.back()));
  }
  // The scan stopped there; a part must not pass for the whole.
  if (bytes >= kv_limits::kListBytesMax) co_return refused("list is too large (max 16 MiB)");
  auto metadata = co_await call.scope.store.get_many(std::move(keys));
  if (!metadata) co_return failed(metadata.error());
  for (const auto& value : *metadata) response.metadata.push_back(metadata_or_default(call.scope, value));
  co_return response;
}

Task<KvResponseData> run(Call call, KvPutRequest put) {
  keys::Range range = keys::actor_kv_prefix(call.id, {});
  auto used = co_await call.scope.store.approximate_bytes(std::move(range.begin), std::move(range.end));
  if (!used) co_return failed(used.error());
  const std::size_t bytes = kv_limits::put_bytes(put);
  if (*used + bytes > kv_limits::kStoreBytesMax) {
    const std::uint64_t remaining = kv_limits::kStoreBytesMax - std::min(*used, kv_limits::kStoreBytesMax);
    co_return refused("Not enough space left in storage (" + std::to_string(remaining) +
                      " bytes remaining, current payload is " + std::to_string(bytes) + " bytes).");
  }
  const Bytes metadata = encode_metadata(call.scope.clock.now_ms(), call.scope.version);
  WriteBatch batch;
  for (std::size_t i = 0; i < put.keys.size(); ++i) {
    batch.put(keys::actor_kv(call.id, put.keys[i]), std::move(put.values[i]));
    batch.put(keys::actor_kv_metadata(call.id, put.keys[i]), metadata);
  }
  if (batch.empty()) co_return KvPutResponse();
  const auto written = co_await write(call, std::move(batch));
  if (!written) co_return failed(written.error());
  co_return KvPutResponse();
}

Task<KvResponseData> run(Call call, KvDeleteRequest erase) {
  WriteBatch batch;
  for (const Bytes& key : erase.keys) {
    batch.erase(keys::actor_kv(call.id, key));
    batch.erase(keys::actor_kv_metadata(call.id, key));
  }
  if (batch.empty()) co_return KvDeleteResponse();
  const auto written = co_await write(call, std::move(batch));
  if (!written) co_return failed(written.error());
  co_return KvDeleteResponse();
}

Task<KvResponseData> run(Call call, KvDeleteRangeRequest erase) {
  if (erase.start >= erase.end) co_return KvDeleteResponse();
  WriteBatch batch;
  keys::Range range = keys::actor_kv_range(call.id, erase.start, erase.end);
  batch.erase_range(std::move(range.begin), std::move(range.end));
  range = keys::actor_kv_metadata_range(call.id, erase.start, erase.end);
  batch.erase_range(std::move(range.begin), std::move(range.end));
  const auto written = co_await write(call, std::move(batch));
  if (!written) co_return failed(written.error());
  co_return KvDeleteResponse();
}

Task<KvResponseData> run(Call call, KvDropRequest) {
  WriteBatch batch;
  keys::Range range = keys::actor_kv_prefix(call.id, {});
  batch.erase_range(std::move(range.begin), std::move(range.end));
  range = keys::actor_kv_metadata_prefix(call.id, {});
  batch.erase_range(std::move(range.begin), std::move(range.end));
  const auto written = co_await write(call, std::move(batch));
  if (!written) co_return failed(written.error());
  co_return KvDropResponse();
}

}  // namespace

Task<KvResponseData> handle_kv(KvScope scope, EnvoyStore::Peer peer, std::string actor_id, KvRequestData request) {
  const auto id = co_await scope.actors.find_live(peer->namespace_id, std::move(actor_id));
  if (!id) co_return failed(id.error());
  if (auto reason = kv_limits::refusal(request)) co_return refused(*std::move(reason));
  Call call{scope, peer, *id};
  auto start = [&call](auto& typed) { return run(std::move(call), std::move(typed)); };
  co_return co_await std::visit(start, request);
}

Task<Result<std::optional<EnvoyStore::KvEntryView>>> read_kv_entry(Store& store, ActorId id, Bytes key) {
  std::vector<Bytes> keys{keys::actor_kv(id, key), keys::actor_kv_metadata(id, key)};
  TROUPE_CO_TRY(Rows rows, co_await store.get_many(std::move(keys)));
  if (!rows[0]) co_return std::optional<EnvoyStore::KvEntryView>();
  EnvoyStore::KvEntryView entry;
  entry.value = *std::move(rows[0]);
  if (const auto metadata = decode_metadata(rows[1])) entry.update_ts = metadata->update_ts;
  co_return entry;
}

}  // namespace troupe
