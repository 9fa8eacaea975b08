// The first bytes choose what is read; what was read well is written again and read the same.

#include "check.h"
#include "engine/base/codec/bare.h"
#include "engine/base/codec/utf8.h"

namespace troupe {
namespace {

constexpr std::size_t kStepsMax = 32;

/// Reads one primitive from `reader` and writes it to `writer`.
void copy(std::uint8_t kind, BareReader& reader, BareWriter& writer) {
  switch (kind % 9) {
    case 0:
      return writer.u8(reader.u8());
    case 1:
      return writer.u16(reader.u16());
    case 2:
      return writer.u32(reader.u32());
    case 3:
      return writer.u64(reader.u64());
    case 4:
      return writer.uint(reader.uint());
    case 5:
      return writer.boolean(reader.boolean());
    case 6:
      return writer.string(reader.string());
    case 7:
      return writer.data(reader.data());
    default:
      return writer.raw(reader.raw(kind / 9));
  }
}

/// Copies until the input ends or a read fails; returns the steps that went well.
std::size_t copy_all(BytesView kinds, BareReader& reader, Bytes& out) {
  BareWriter writer(out);
  std::size_t steps = 0;
  for (auto kind : kinds) {
    const auto before = out.size();
    copy(kind, reader, writer);
    if (!reader.ok()) {
      out.resize(before);
      break;
    }
    ++steps;
  }
  return steps;
}

}  // namespace
}  // namespace troupe

void fuzz(troupe::BytesView input) {
  using namespace troupe;
  if (input.empty()) return;
  const auto count = std::min<std::size_t>({input[0], input.size() - 1, kStepsMax});
  const auto kinds = input.subspan(1, count);
  const auto content = input.subspan(1 + count);

  Bytes once;
  BareReader reader(content);
  const auto steps = copy_all(kinds, reader, once);
  FUZZ_CHECK(reader.remaining() <= content.size());
  FUZZ_CHECK(once.size() <= content.size());

  Bytes twice;
  BareReader again(once);
  FUZZ_CHECK(copy_all(kinds.first(steps), again, twice) == steps);
  FUZZ_CHECK(again.remaining() == 0);
  FUZZ_CHECK(twice == once);
}
