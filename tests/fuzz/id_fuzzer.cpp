// A text that is an id comes back in lower case; 19 bytes of version 1 survive their text.

#include <algorithm>

#include "check.h"
#include "engine/base/codec/utf8.h"
#include "engine/base/id.h"

void fuzz(troupe::BytesView input) {
  using namespace troupe;
  const auto text = as_text(input);
  if (auto id = Id::parse(text)) {
    std::string lower(text);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    FUZZ_CHECK(id->text() == lower);
    FUZZ_CHECK(*Id::parse(id->text()) == *id);
  } else {
    FUZZ_CHECK(id.error().is("api", "bad_request"));
  }

  std::array<std::uint8_t, Id::kSize> bytes{1};
  std::copy_n(input.begin(), std::min(input.size(), bytes.size() - 1), bytes.begin() + 1);
  const Id made(bytes);
  auto parsed = Id::parse(made.text());
  FUZZ_CHECK(parsed);
  FUZZ_CHECK(*parsed == made);
}
