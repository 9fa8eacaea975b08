#pragma once

#include <bit>
#include <utility>

#include "engine/base/codec/bare.h"
#include "engine/envoyproto/wire/layout.h"
#include "engine/envoyproto/wire/tags.h"

namespace troupe::envoyproto::wire {

/// Hands the fields of messages to a sink with the calls of BareWriter.
template <class Sink>
class Writer {
 public:
  Writer(Version version, Sink& out) : out_(out), version_(version) {}

  Version version() const { return version_; }
  /// False once a message without a form in this version came by.
  bool ok() const { return ok_; }

  template <class... Fields>
  void operator()(const Fields&... fields) {
    (write(fields), ...);
  }

 private:
  void write(bool v) { out_.boolean(v); }
  void write(std::uint16_t v) { out_.u16(v); }
  void write(std::uint32_t v) { out_.u32(v); }
  void write(std::uint64_t v) { out_.u64(v); }
  void write(std::int64_t v) { out_.i64(v); }
  /// Big-endian, unlike everything else.
  void write(double v) { out_.u64(__builtin_bswap64(std::bit_cast<std::uint64_t>(v))); }
  void write(const std::string& v) { out_.string(v); }
  void write(const Bytes& v) { out_.data(v); }
  void write(const std::array<std::uint8_t, 4>& v) { out_.raw(v); }
  template <class Enum>
  requires std::is_enum_v<Enum>
  void write(Enum v) { out_.uint(static_cast<std::uint64_t>(v)); }
  template <class T>
  void write(const std::optional<T>& v) {
    out_.boolean(v.has_value());
    if (v) write(*v);
  }
  template <class T>
  void write(const std::vector<T>& list) {
    out_.uint(list.size());
    for (const T& element : list) write(element);
  }
  template <class T>
  void write(const std::pair<std::string, T>& entry) {
    write(entry.first);
    write(entry.second);
  }
  template <class... Alternatives>
  void write(const std::variant<Alternatives...>& v) {
    const std::uint8_t tag = TagTable<std::variant<Alternatives...>>::of(version_)[v.index()];
    if (tag == kAbsent) {
      ok_ = false;
      return;
    }
    out_.uint(tag);
    std::visit([this](const auto& alternative) { this->write(alternative); }, v);
  }
  template <class Struct>
  requires std::is_class_v<Struct>
  void write(const Struct& v) { layout(*this, v); }

  Sink& out_;
  Version version_;
  bool ok_ = true;
};

/// Counts what BareWriter would append; a little less for text that it repairs.
class Measure {
 public:
  std::size_t size() const { return size_; }

  void u16(std::uint16_t) { size_ += 2; }
  void u32(std::uint32_t) { size_ += 4; }
  void u64(std::uint64_t) { size_ += 8; }
  void i64(std::int64_t) { size_ += 8; }
  void boolean(bool) { size_ += 1; }
  void uint(std::uint64_t n) { size_ += (static_cast<std::size_t>(std::bit_width(n | 1)) + 6) / 7; }
  void string(std::string_view text) { data(as_bytes(text)); }
  void data(BytesView bytes) {
    uint(bytes.size());
    raw(bytes);
  }
  void raw(BytesView bytes) { size_ += bytes.size(); }

 private:
  std::size_t size_ = 0;
};

}  // namespace troupe::envoyproto::wire
