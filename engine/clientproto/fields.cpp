#include "engine/clientproto/fields.h"

#include <charconv>
#include <cmath>

namespace troupe::clientproto::document {
namespace {

constexpr double kIntegralDoubleMax = 9007199254740992.0;

std::uint64_t read_unsigned_head(CborReader& in) {
  const BytesView item = in.raw();
  if (!in.ok() || item.empty()) return 0;
  if (item[0] >> 5 != 0) {
    in.fail("a negative number");
    return 0;
  }
  if (item.size() == 1) return item[0] & 0x1f;
  std::uint64_t n = 0;
  for (const std::uint8_t byte : item.subspan(1)) n = n << 8 | byte;
  return n;
}

std::uint64_t read_big_int(CborReader& in) {
  std::uint64_t n = 0;
  if (in.array() != 2 || in.peek() != CborReader::Kind::text || in.text() != "$BigInt") {
    in.fail("not a number");
    return 0;
  }
  const std::string digits = read_text(in);
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, n);
  if (error != std::errc{} || stop != end) {
    in.fail("not an unsigned 64-bit number");
    return 0;
  }
  return n;
}

}  // namespace

std::string read_text(CborReader& in) {
  if (in.peek() != CborReader::Kind::text) {
    in.fail("not text");
    return {};
  }
  return in.text();
}

bool read_boolean(CborReader& in) {
  if (in.peek() != CborReader::Kind::boolean) {
    in.fail("not a boolean");
    return false;
  }
  return in.boolean();
}

std::uint64_t read_uint(CborReader& in) {
  const CborReader::Kind kind = in.peek();
  if (kind != CborReader::Kind::integer && kind != CborReader::Kind::floating) {
    in.fail("not a number");
    return 0;
  }
  const double d = in.floating();
  if (!(d >= 0 && d <= kIntegralDoubleMax) || d != std::trunc(d)) {
    in.fail("not a non-negative whole number");
    return 0;
  }
  return static_cast<std::uint64_t>(d);
}

std::uint64_t read_id(CborReader& in) {
  switch (in.peek()) {
    case CborReader::Kind::array:
      return read_big_int(in);
    case CborReader::Kind::integer:
      return read_unsigned_head(in);
    default:
      return read_uint(in);
  }
}

Bytes read_value(CborReader& in) { return to_bytes(in.raw()); }

Bytes read_args(CborReader& in) {
  if (in.peek() == CborReader::Kind::array) return read_value(in);
  if (in.take_null()) return {kEmptyArrayItem};
  const BytesView only = in.raw();
  Bytes args;
  args.reserve(only.size() + 1);
  args.push_back(kEmptyArrayItem + 1);
  args.insert(args.end(), only.begin(), only.end());
  return args;
}

}  // namespace troupe::clientproto::document
