#pragma once

#include <string>
#include <string_view>

#include "engine/clientproto/items.h"
#include "troupe/cbor.h"

/// Fields of a self-describing message, each read strictly by type. A failure is left in the reader.
namespace troupe::clientproto::document {

/// Calls `on_member(key)` for every member of an object; it reads the value and returns true, or returns false to have
/// it skipped.
template <class OnMember>
void read_object(CborReader& in, OnMember on_member) {
  if (in.peek() != CborReader::Kind::map) return in.fail("not an object");
  const std::size_t members = in.map();
  for (std::size_t i = 0; i < members && in.ok(); ++i) {
    if (in.peek() != CborReader::Kind::text) return in.fail("a key is not text");
    const std::string key = in.text();
    if (!on_member(std::string_view(key))) in.skip();
  }
}

std::string read_text(CborReader& in);
bool read_boolean(CborReader& in);
/// A number as JavaScript holds it: whole, not negative, at most 2^53.
std::uint64_t read_uint(CborReader& in);
/// As `read_uint`, an integer of 64 bits, or `["$BigInt","<digits>"]`.
std::uint64_t read_id(CborReader& in);
/// Any item, as it is.
Bytes read_value(CborReader& in);
/// Arguments as an array.
Bytes read_args(CborReader& in);

}  // namespace troupe::clientproto::document
