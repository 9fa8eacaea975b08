#pragma once

#include <algorithm>
#include <bit>
#include <string_view>
#include <utility>

#include "engine/base/codec/bare.h"
#include "engine/envoyproto/wire/layout.h"
#include "engine/envoyproto/wire/tags.h"

namespace troupe::envoyproto::wire {

/// The last value of each enumeration.
constexpr StopActorReason last_of(StopActorReason) { return StopActorReason::lost; }
constexpr StopCode last_of(StopCode) { return StopCode::error; }
constexpr HttpStreamAbortReason::Kind last_of(HttpStreamAbortReason::Kind) {
  return HttpStreamAbortReason::Kind::internal_error;
}

/// Fills fields from a frame. The first failure sticks. Lifetime: borrows the frame.
class Reader {
 public:
  Reader(Version version, BytesView frame)
      : in_(frame), version_(version), list_budget_(kSpareListBytes + kListBytesForEach * frame.size()) {}

  Version version() const { return version_; }
  bool complete() const { return in_.ok() && in_.remaining() == 0; }

  template <class... Fields>
  void operator()(Fields&... fields) {
    (read(fields), ...);
  }

 private:
  /// A list may hold elements of one byte each on the wire and of forty and more in memory: what all lists of a frame
  /// take is bounded.
  static constexpr std::size_t kListBytesForEach = 4;
  static constexpr std::size_t kSpareListBytes = std::size_t{1} << 20;

  void read(bool& v) { v = in_.boolean(); }
  void read(std::uint16_t& v) { v = in_.u16(); }
  void read(std::uint32_t& v) { v = in_.u32(); }
  void read(std::uint64_t& v) { v = in_.u64(); }
  void read(std::int64_t& v) { v = in_.i64(); }
  /// Big-endian, unlike everything else.
  void read(double& v) { v = std::bit_cast<double>(__builtin_bswap64(in_.u64())); }
  void read(std::string& v) { v = in_.string(); }
  void read(Bytes& v) { v = in_.data(); }
  void read(std::array<std::uint8_t, 4>& v) {
    const BytesView bytes = in_.raw(v.size());
    std::copy(bytes.begin(), bytes.end(), v.begin());
  }
  template <class Enum>
  requires std::is_enum_v<Enum>
  void read(Enum& v) {
    const std::uint64_t n = in_.uint();
    if (n > static_cast<std::uint64_t>(last_of(Enum{}))) return in_.fail();
    v = static_cast<Enum>(n);
  }
  template <class T>
  void read(std::optional<T>& v) {
    if (in_.boolean()) read(v.emplace());
  }
  template <class T>
  void read(std::vector<T>& list) {
    const std::uint64_t count = in_.uint();
    if (count > in_.remaining() || count > list_budget_ / sizeof(T)) return in_.fail();
    list_budget_ -= count * sizeof(T);
    list.reserve(count);
    for (std::uint64_t i = 0; i < count && in_.ok(); ++i) read(list.emplace_back());
  }
  template <class T>
  void read(std::vector<std::pair<std::string, T>>& map) {
    const std::uint64_t count = in_.uint();
    using Entry = std::pair<std::string, T>;
    if (count > in_.remaining() || count > list_budget_ / sizeof(Entry)) return in_.fail();
    list_budget_ -= count * sizeof(Entry);
    map.reserve(count);
    for (std::uint64_t i = 0; i < count && in_.ok(); ++i) {
      auto& [name, value] = map.emplace_back();
      read(name);
      read(value);
    }
    if (has_a_name_twice(map)) in_.fail();
  }
  template <class... Alternatives>
  void read(std::variant<Alternatives...>& v) {
    using Union = std::variant<Alternatives...>;
    const std::uint64_t tag = in_.uint();
    const auto& tags = TagTable<Union>::of(version_);
    const auto found = tag == kAbsent ? tags.end() : std::find(tags.begin(), tags.end(), tag);
    if (!in_.ok() || found == tags.end()) return in_.fail();
    read_alternative(v, static_cast<std::size_t>(found - tags.begin()), std::index_sequence_for<Alternatives...>());
  }
  template <class Struct>
  requires std::is_class_v<Struct>
  void read(Struct& v) { layout(*this, v); }

  template <class Union, std::size_t... Indexes>
  void read_alternative(Union& v, std::size_t index, std::index_sequence<Indexes...>) {
    ((index == Indexes ? read(v.template emplace<Indexes>()) : void()), ...);
  }

  template <class T>
  static bool has_a_name_twice(const std::vector<std::pair<std::string, T>>& map) {
    std::vector<std::string_view> names;
    names.reserve(map.size());
    for (const auto& [name, value] : map) names.push_back(name);
    std::sort(names.begin(), names.end());
    return std::adjacent_find(names.begin(), names.end()) != names.end();
  }

  BareReader in_;
  Version version_;
  std::size_t list_budget_;
};

}  // namespace troupe::envoyproto::wire
