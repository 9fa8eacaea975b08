#include "engine/base/codec/cbor_scan.h"

#include "engine/base/codec/cbor_item.h"
#include "engine/base/codec/utf8.h"

namespace troupe {
namespace {

using Type = CborItem::Type;

class Scanner {
 public:
  Scanner(BytesView in, const CborLimits& limits) : in_(in), limits_(limits) {}

  std::size_t position() const { return position_; }
  const char* why() const { return why_; }

  /// One item; returns its elements.
  std::size_t item(std::size_t depth) {
    CborItem head;
    if (!read(head)) return 0;
    return rest_of(head, depth);
  }

 private:
  bool read(CborItem& head) {
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

  std::size_t rest_of(const CborItem& head, std::size_t depth) {
    // What is accepted stays acceptable once it has been written in its compat form.
    if (head.nests_in_json() && !enter(depth)) return 0;
    switch (head.type) {
      case Type::array:
        return elements(head.argument, 1, depth);
      case Type::map:
        return elements(head.argument, 2, depth);
      case Type::open_array:
        return open_elements(1, depth);
      case Type::open_map:
        return open_elements(2, depth);
      case Type::chunked_bytes:
        return chunks(Type::bytes);
      case Type::chunked_text:
        return chunks(Type::text);
      case Type::tag:
        if (enter(depth)) item(depth + 1);
        return 0;
      case Type::stop:
        fail("unexpected end of a container");
        return 0;
      default:
        return 0;
    }
  }

  bool enter(std::size_t depth) { return depth < limits_.depth_max || fail("nested too deeply"); }

  std::size_t elements(std::uint64_t count, std::size_t items_each, std::size_t depth) {
    if (count > limits_.items_max) return fail("too many items");
    // Every item takes an octet.
    if (count * items_each > in_.size() - position_) return fail("unexpected end");
    if (!enter(depth)) return 0;
    for (std::uint64_t i = 0; i < count * items_each && !why_; ++i) item(depth + 1);
    return static_cast<std::size_t>(count);
  }

  std::size_t open_elements(std::size_t items_each, std::size_t depth) {
    if (!enter(depth)) return 0;
    std::size_t items = 0;
    CborItem head;
    while (read(head)) {
      if (head.type == Type::stop) {
        if (items % items_each) fail("a map ends with a key");
        return items / items_each;
      }
      if (++items > limits_.items_max * items_each) return fail("too many items");
      rest_of(head, depth + 1);
    }
    return 0;
  }

  std::size_t chunks(Type type) {
    CborItem head;
    while (read(head) && head.type != Type::stop)
      if (head.type != type) fail("malformed chunk");
    return 0;
  }

  BytesView in_;
  const CborLimits& limits_;
  std::size_t position_ = 0;
  const char* why_ = nullptr;
};

}  // namespace

CborScan scan_cbor(BytesView in, const CborLimits& limits) {
  Scanner scanner(in, limits);
  CborScan result;
  result.elements = scanner.item(0);
  result.why = scanner.why();
  if (result.why)
    result.where = scanner.position();
  else
    result.size = scanner.position();
  return result;
}

}  // namespace troupe
