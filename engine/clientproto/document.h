#pragma once

#include <string>

#include "engine/base/codec/json.h"
#include "engine/clientproto/items.h"
#include "troupe/cbor.h"

/// The two self-describing encodings behind one set of calls, so that each message is laid out once.
/// An object is `begin(members)`, then `key` and one value for each member, then `end()`.
namespace troupe::clientproto {

class CborDocument {
 public:
  explicit CborDocument(std::size_t size_hint) : writer_(out_) { out_.reserve(size_hint); }

  void begin(std::size_t members) { writer_.map(members); }
  void end() {}
  void key(std::string_view name) { writer_.text(name); }
  void text(std::string_view text) { writer_.text(text); }
  void boolean(bool b) { writer_.boolean(b); }
  void null() { writer_.null(); }
  void number(std::uint64_t n) { writer_.value(Value(n)); }
  /// Ids of WebSocket frames: JavaScript must see a BigInt, which takes the 8-byte head.
  void id(std::uint64_t n) { writer_.wide_uint(n); }
  void frame_generation(std::uint64_t n) { writer_.wide_uint(n); }
  void value(BytesView item) {
    if (!is_one_item(item)) {
      failed_ = true;
      return;
    }
    writer_.raw(item);
  }

  Result<Bytes> finish() {
    if (failed_) return malformed("a value is not one CBOR item");
    return std::move(out_);
  }

 private:
  Bytes out_;
  CborWriter writer_;
  bool failed_ = false;
};

class JsonDocument {
 public:
  explicit JsonDocument(std::size_t size_hint) { out_.reserve(size_hint); }

  void begin(std::size_t) { out_ += '{'; }
  void end() { out_ += '}'; }
  /// `name` needs no escapes.
  void key(std::string_view name) {
    if (out_.back() != '{') out_ += ',';
    out_ += '"';
    out_ += name;
    out_ += "\":";
  }
  void text(std::string_view text) { append_json_string(out_, text); }
  void boolean(bool b) { out_ += b ? "true" : "false"; }
  void null() { out_ += "null"; }
  void number(std::uint64_t n) { out_ += std::to_string(n); }
  void id(std::uint64_t n) {
    out_ += "[\"$BigInt\",\"";
    number(n);
    out_ += "\"]";
  }
  void frame_generation(std::uint64_t n) { number(n); }
  void value(BytesView item) {
    if (!cbor_to_json(item, out_)) failed_ = true;
  }

  Result<Bytes> finish() {
    if (failed_) return malformed("a value is not one CBOR item");
    return to_bytes(out_);
  }

 private:
  std::string out_;
  bool failed_ = false;
};

}  // namespace troupe::clientproto
