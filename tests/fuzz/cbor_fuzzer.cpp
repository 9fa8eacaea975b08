// Every item that decodes is written again and means the same; every item that a scan takes is read to its end by the
// reader, and none of it reaches beyond the input.

#include "check.h"
#include "engine/base/codec/json.h"
#include "troupe/cbor.h"

namespace troupe {
namespace {

/// NaN differs from itself, so values are compared by their encoding.
void check_round_trip(const Value& value) {
  const auto once = encode_cbor(value);
  auto again = decode_cbor(once);
  FUZZ_CHECK(again);
  FUZZ_CHECK(encode_cbor(*again) == once);
  auto json = cbor_to_json(once);
  FUZZ_CHECK(json);
  FUZZ_CHECK(*json == to_json(*again));
}

/// Visits every item through the calls that a protocol codec uses.
void walk(CborReader& reader, int depth) {
  switch (reader.peek()) {
    case CborReader::Kind::array: {
      for (auto left = reader.array(); left > 0 && reader.ok(); --left) walk(reader, depth + 1);
      return;
    }
    case CborReader::Kind::map: {
      for (auto left = reader.map(); left > 0 && reader.ok(); --left) {
        walk(reader, depth + 1);
        walk(reader, depth + 1);
      }
      return;
    }
    case CborReader::Kind::integer: {
      auto ahead = reader;
      (void)ahead.integer();
      (void)reader.floating();
      return;
    }
    case CborReader::Kind::floating:
      (void)reader.floating();
      return;
    case CborReader::Kind::text:
      (void)reader.text();
      return;
    case CborReader::Kind::bytes:
      (void)reader.bytes();
      return;
    case CborReader::Kind::boolean:
      (void)reader.boolean();
      return;
    case CborReader::Kind::null:
    case CborReader::Kind::undefined:
      FUZZ_CHECK(reader.take_null());
      return;
    default:
      reader.skip();
      return;
  }
}

}  // namespace
}  // namespace troupe

void fuzz(troupe::BytesView input) {
  using namespace troupe;
  CborReader raw(input);
  const auto item = raw.raw();
  FUZZ_CHECK(item.size() <= input.size());
  const bool whole = raw.ok() && raw.at_end();

  CborReader walked(input);
  walk(walked, 0);
  if (whole) FUZZ_CHECK(walked.ok() && walked.at_end());

  auto value = decode_cbor(input);
  if (value) {
    FUZZ_CHECK(whole);
    check_round_trip(*value);
  }
  if (auto json = cbor_to_json(input)) {
    FUZZ_CHECK(whole);
    FUZZ_CHECK(json_to_cbor(*json));
  }
}
