#include "troupe/kv.h"

namespace troupe {

namespace {

Task<Result<std::optional<std::string>>> as_text_value(Task<Result<std::optional<Bytes>>> found) {
  auto value = co_await std::move(found);
  if (!value) co_return std::move(value).error();
  if (!*value) co_return std::optional<std::string>();
  co_return std::optional<std::string>(to_string(BytesView(**value)));
}

using TextPairs = std::vector<std::pair<std::string, std::string>>;

Task<Result<TextPairs>> as_text_pairs(Task<Result<std::vector<KvEntry>>> found) {
  auto entries = co_await std::move(found);
  if (!entries) co_return std::move(entries).error();
  TextPairs pairs;
  pairs.reserve(entries->size());
  for (const auto& entry : *entries)
    pairs.emplace_back(to_string(BytesView(entry.key)), to_string(BytesView(entry.value)));
  co_return pairs;
}

}  // namespace

Task<Result<std::optional<std::string>>> Kv::get(std::string key) const {
  return as_text_value(raw().get(to_bytes(key)));
}

Task<Result<void>> Kv::put(std::string key, std::string value) const {
  return raw().put(to_bytes(key), to_bytes(value));
}

Task<Result<void>> Kv::erase(std::string key) const {
  std::vector<Bytes> keys;
  keys.push_back(to_bytes(key));
  return raw().erase(std::move(keys));
}

Task<Result<TextPairs>> Kv::list(std::string prefix, KvListOptions options) const {
  return as_text_pairs(raw().list_prefix(to_bytes(prefix), options));
}

}  // namespace troupe
