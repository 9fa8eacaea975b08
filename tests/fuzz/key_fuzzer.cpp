// Every text is some key, and every key survives its wire form.

#include "check.h"
#include "engine/base/key.h"

void fuzz(troupe::BytesView input) {
  using namespace troupe;
  const auto key = parse_key(as_text(input));
  FUZZ_CHECK(parse_key(serialize_key(key)) == key);
  FUZZ_CHECK(parse_key(display_key(key)) == key);

  // The input as a list of raw segments.
  std::vector<std::string> segments(1);
  for (auto byte : input) {
    if (byte == '\n')
      segments.emplace_back();
    else
      segments.back() += static_cast<char>(byte);
  }
  FUZZ_CHECK(parse_key(serialize_key(segments)) == segments);
}
