#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "troupe/detail/instance.h"

namespace troupe {

/// The actor's key-value entries with text keys; values are text or any type that has a Codec.
/// Limits, durability and errors: KeyValue. Threads: the actor's executor only.
class Kv {
 public:
  explicit Kv(detail::Instance& instance) : instance_(&instance) {}

  Task<Result<std::optional<std::string>>> get(std::string key) const;
  Task<Result<void>> put(std::string key, std::string value) const;
  Task<Result<void>> erase(std::string key) const;
  /// Entries whose key starts with `prefix`, in byte order.
  Task<Result<std::vector<std::pair<std::string, std::string>>>> list(std::string prefix,
                                                                      KvListOptions options = {}) const;

  /// The same with a value of type T, stored as CBOR.
  template <class T>
  Task<Result<std::optional<T>>> get_as(std::string key) const {
    return read<T>(raw().get(to_bytes(key)));
  }
  template <class T>
  Task<Result<void>> put_as(std::string key, const T& value) const {
    return raw().put(to_bytes(key), encode(value));
  }

  /// Octets, batches and ranges.
  KeyValue& raw() const {
    instance_->before_wait();
    return instance_->context().kv();
  }

 private:
  template <class T>
  static Task<Result<std::optional<T>>> read(Task<Result<std::optional<Bytes>>> found) {
    auto value = co_await std::move(found);
    if (!value) co_return std::move(value).error();
    if (!*value) co_return std::optional<T>();
    auto decoded = decode<T>(**value, "stored value");
    if (!decoded) co_return std::move(decoded).error();
    co_return std::optional<T>(std::move(*decoded));
  }

  detail::Instance* instance_;
};

}  // namespace troupe
