#include "engine/base/codec/cbor_item.h"
#include "engine/base/codec/cbor_scan.h"
#include "engine/base/codec/json_writer.h"
#include "engine/base/codec/utf8.h"
#include "engine/base/errors.h"

namespace troupe {
namespace {

using Type = CborItem::Type;

constexpr CborLimits kLimits;
/// JSON text is rarely longer than this many times its CBOR.
constexpr std::size_t kGrowth = 2;

/// Copies one item after the other, without a tree.
class Transcoder {
 public:
  Transcoder(BytesView in, std::string& out) : in_(in), out_(out) {}

  const char* why() const { return why_; }
  std::size_t position() const { return position_; }

  void item(std::size_t depth) {
    CborItem head;
    if (next(head)) rest_of(head, depth);
  }

 private:
  bool next(CborItem& head) {
    if (why_) return false;
    why_ = read_cbor_item(in_.subspan(position_), head);
    if (why_) return false;
    if (head.type == Type::text && !is_utf8(head.content)) return fail("text is not UTF-8");
    position_ += head.size;
    return true;
  }

  bool fail(const char* why) {
    if (!why_) why_ = why;
    return false;
  }

  void rest_of(const CborItem& head, std::size_t depth) {
    if (head.nests_in_json() && !enter(depth)) return;
    switch (head.type) {
      case Type::unsigned_int:
        if (head.argument >> 63)
          append_json_big_integer(out_, std::to_string(head.argument));
        else
          append_json_integer(out_, static_cast<std::int64_t>(head.argument));
        return;
      case Type::negative_int:
        return negative(head.argument);
      case Type::floating:
        return append_json_real(out_, head.real);
      case Type::boolean:
        out_ += head.argument ? "true" : "false";
        return;
      case Type::null:
        out_ += "null";
        return;
      case Type::undefined:
        out_ += kJsonUndefined;
        return;
      case Type::text:
        return append_json_utf8(out_, head.text());
      case Type::bytes:
        return append_json_bytes(out_, "$Uint8Array", head.content);
      case Type::chunked_text:
        return append_json_utf8(out_, as_text(chunks(Type::text)));
      case Type::chunked_bytes:
        return append_json_bytes(out_, "$Uint8Array", chunks(Type::bytes));
      case Type::array:
        return array(head.argument, false, depth);
      case Type::open_array:
        return array(0, true, depth);
      case Type::map:
        return object(head.argument, false, depth);
      case Type::open_map:
        return object(0, true, depth);
      case Type::tag:
        return tagged(depth);
      case Type::stop:
        fail("unexpected end of a container");
        return;
    }
  }

  void negative(std::uint64_t argument) {
    if (argument >> 63 == 0) return append_json_integer(out_, -1 - static_cast<std::int64_t>(argument));
    if (argument == ~std::uint64_t{0}) return append_json_big_integer(out_, "-18446744073709551616");
    append_json_big_integer(out_, "-" + std::to_string(argument + 1));
  }

  Bytes chunks(Type type) {
    Bytes all;
    CborItem head;
    while (next(head) && head.type != Type::stop) {
      if (head.type != type) fail("malformed chunk");
      all.insert(all.end(), head.content.begin(), head.content.end());
    }
    return all;
  }

  bool enter(std::size_t depth) { return depth < kLimits.depth_max || fail("nested too deeply"); }

  /// The head of the element with index `i`, or false after the last one.
  bool element(CborItem& head, std::uint64_t i, std::uint64_t size, bool open) {
    if (!open && i == size) return false;
    if (i == kLimits.items_max) return fail("too many items");
    if (!next(head)) return false;
    return !open || head.type != Type::stop;
  }

  void array(std::uint64_t size, bool open, std::size_t depth) {
    if (!enter(depth)) return;
    out_ += '[';
    CborItem head;
    for (std::uint64_t i = 0; element(head, i, size, open); ++i) {
      if (i > 0) out_ += ',';
      rest_of(head, depth + 1);
    }
    out_ += ']';
  }

  void object(std::uint64_t size, bool open, std::size_t depth) {
    if (!enter(depth)) return;
    out_ += '{';
    CborItem head;
    for (std::uint64_t i = 0; element(head, i, size, open); ++i) {
      if (i > 0) out_ += ',';
      if (head.type != Type::text && head.type != Type::chunked_text) {
        fail("a key is not a text");
        return;
      }
      rest_of(head, depth + 1);
      out_ += ':';
      item(depth + 1);
    }
    out_ += '}';
  }

  /// Checks and drops the content.
  void tagged(std::size_t depth) {
    if (!enter(depth)) return;
    auto limits = kLimits;
    limits.depth_max -= depth + 1;
    const auto scan = scan_cbor(in_.subspan(position_), limits);
    position_ += scan.why ? scan.where : scan.size;
    if (scan.why) fail(scan.why);
    out_ += "null";
  }

  BytesView in_;
  std::string& out_;
  std::size_t position_ = 0;
  const char* why_ = nullptr;
};

}  // namespace

Result<void> cbor_to_json(BytesView cbor, std::string& out) {
  const auto start = out.size();
  out.reserve(start + cbor.size() * kGrowth);
  Transcoder transcoder(cbor, out);
  transcoder.item(0);
  const char* why = transcoder.why();
  if (!why && transcoder.position() != cbor.size()) why = "trailing bytes";
  if (!why) return {};
  out.resize(start);
  return make_error("core", "internal_error", std::nullopt,
                    std::string("CBOR: ") + why + " at " + std::to_string(transcoder.position()));
}

Result<std::string> cbor_to_json(BytesView cbor) {
  std::string out;
  TROUPE_CHECK(cbor_to_json(cbor, out));
  return out;
}

}  // namespace troupe
