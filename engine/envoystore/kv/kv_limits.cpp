#include "engine/envoystore/kv/kv_limits.h"

#include <algorithm>

namespace troupe::kv_limits {
namespace {

using namespace envoyproto;
using Refusal = std::optional<std::string>;

bool is_too_long(BytesView key) { return encoded_size(key) > kEncodedKeyBytesMax; }

Refusal check_keys(const std::vector<Bytes>& keys) {
  if (keys.size() > kKeysMax) return "a maximum of 128 keys is allowed";
  for (const Bytes& key : keys) {
    if (is_too_long(key)) return "key is too long (max 2048 bytes)";
  }
  return std::nullopt;
}

struct Check {
  Refusal operator()(const KvGetRequest& get) const { return check_keys(get.keys); }
  Refusal operator()(const KvDeleteRequest& erase) const { return check_keys(erase.keys); }
  Refusal operator()(const KvDropRequest&) const { return std::nullopt; }
  Refusal operator()(const KvListRequest& list) const { return std::visit(*this, list.query); }
  Refusal operator()(const KvListAllQuery&) const { return std::nullopt; }
  Refusal operator()(const KvListPrefixQuery& query) const {
    if (is_too_long(query.key)) return "prefix key is too long (max 2048 bytes)";
    return std::nullopt;
  }
  Refusal operator()(const KvListRangeQuery& query) const { return check_range(query.start, query.end); }
  Refusal operator()(const KvDeleteRangeRequest& erase) const { return check_range(erase.start, erase.end); }
  Refusal operator()(const KvPutRequest& put) const {
    if (put.keys.size() != put.values.size()) return "Keys list length != values list length";
    if (const auto refused = check_keys(put.keys)) return refused;
    for (const Bytes& value : put.values) {
      if (value.size() > kValueBytesMax) return "value is too large (max 128 KiB)";
    }
    if (put_bytes(put) > kPutBytesMax) return "total payload is too large (max 976 KiB)";
    return std::nullopt;
  }
  static Refusal check_range(BytesView start, BytesView end) {
    if (is_too_long(start)) return "start key is too long (max 2048 bytes)";
    if (is_too_long(end)) return "end key is too long (max 2048 bytes)";
    return std::nullopt;
  }
};

}  // namespace

std::size_t encoded_size(BytesView key) {
  return key.size() + 2 + static_cast<std::size_t>(std::count(key.begin(), key.end(), 0));
}

std::optional<std::string> refusal(const KvRequestData& request) { return std::visit(Check(), request); }

std::size_t put_bytes(const KvPutRequest& put) {
  std::size_t bytes = 0;
  for (const Bytes& key : put.keys) bytes += encoded_size(key);
  for (const Bytes& value : put.values) bytes += value.size();
  return bytes;
}

}  // namespace troupe::kv_limits
