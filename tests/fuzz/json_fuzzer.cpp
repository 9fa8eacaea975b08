// JSON that is taken becomes CBOR that means the same, and JSON again that no longer changes.

#include "check.h"
#include "engine/base/codec/json.h"
#include "engine/base/codec/utf8.h"
#include "troupe/cbor.h"

void fuzz(troupe::BytesView input) {
  using namespace troupe;
  std::string quoted;
  append_json_string(quoted, as_text(input));
  auto unquoted = parse_json(quoted);
  FUZZ_CHECK(unquoted && unquoted->as_string());
  FUZZ_CHECK(*unquoted->as_string() == to_valid_utf8(as_text(input)));

  auto cbor = json_to_cbor(as_text(input));
  if (!cbor) return;
  CborReader reader(*cbor);
  reader.skip();
  FUZZ_CHECK(reader.ok() && reader.at_end());
  auto json = cbor_to_json(*cbor);
  FUZZ_CHECK(json);
  auto again = json_to_cbor(*json);
  FUZZ_CHECK(again);
  FUZZ_CHECK(*again == *cbor);

  if (auto value = parse_json(as_text(input))) {
    auto printed = to_json(*value);
    auto reparsed = parse_json(printed);
    FUZZ_CHECK(reparsed);
    FUZZ_CHECK(to_json(*reparsed) == printed);
  }
}
