#include "engine/storage/pages/page_codec.h"

#include <lz4.h>

#include <algorithm>
#include <array>

#include "engine/base/errors.h"

namespace troupe {
namespace {

constexpr std::uint8_t kHeadForm = 1;
constexpr std::uint8_t kZeroPage = 0;
constexpr std::uint8_t kLz4Page = 1;
constexpr std::uint8_t kPlainPage = 2;

template <class Number>
void append(Bytes& out, Number number) {
  for (std::size_t shift = 0; shift < sizeof number * 8; shift += 8) {
    out.push_back(static_cast<std::uint8_t>(number >> shift));
  }
}

/// The caller has checked the length.
template <class Number>
Number take(BytesView& in) {
  Number number = 0;
  for (std::size_t i = 0; i < sizeof number; ++i) number |= static_cast<Number>(in[i]) << i * 8;
  in = in.subspan(sizeof number);
  return number;
}

Error corrupt(const char* what) { return make_error("storage", "corrupt", std::nullopt, what); }

}  // namespace

Bytes encode_page_head(const PageHead& head) {
  Bytes out;
  out.reserve(33);
  out.push_back(kHeadForm);
  append(out, head.txid);
  append(out, head.size_pages);
  append(out, head.unfolded_txid);
  append(out, head.stage_txid);
  append(out, head.stage_generation);
  return out;
}

Result<PageHead> decode_page_head(BytesView value) {
  if (value.size() != 33 || value[0] != kHeadForm) return corrupt("the head of a database is unreadable");
  value = value.subspan(1);
  PageHead head;
  head.txid = take<std::uint64_t>(value);
  head.size_pages = take<std::uint32_t>(value);
  head.unfolded_txid = take<std::uint64_t>(value);
  head.stage_txid = take<std::uint64_t>(value);
  head.stage_generation = take<std::uint32_t>(value);
  return head;
}

Bytes encode_page(BytesView page) {
  if (std::all_of(page.begin(), page.end(), [](std::uint8_t byte) { return byte == 0; })) return {kZeroPage};
  // What does not fit here is not worth compressing.
  std::array<std::uint8_t, kPageBytes> packed;
  packed[0] = kLz4Page;
  const int size =
      LZ4_compress_default(reinterpret_cast<const char*>(page.data()), reinterpret_cast<char*>(packed.data() + 1),
                           static_cast<int>(page.size()), static_cast<int>(packed.size() - 1));
  if (size > 0) return {packed.begin(), packed.begin() + 1 + size};
  Bytes out;
  out.reserve(1 + page.size());
  out.push_back(kPlainPage);
  out.insert(out.end(), page.begin(), page.end());
  return out;
}

Result<Bytes> decode_page(BytesView value) {
  if (value.size() == 1 && value[0] == kZeroPage) return Bytes(kPageBytes);
  if (value.size() == 1 + kPageBytes && value[0] == kPlainPage) return to_bytes(value.subspan(1));
  if (value.empty() || value[0] != kLz4Page) return corrupt("a page is unreadable");
  Bytes page(kPageBytes);
  const int size =
      LZ4_decompress_safe(reinterpret_cast<const char*>(value.data() + 1), reinterpret_cast<char*>(page.data()),
                          static_cast<int>(value.size() - 1), static_cast<int>(page.size()));
  if (size != static_cast<int>(kPageBytes)) return corrupt("a page is unreadable");
  return page;
}

Bytes encode_staged_segment(std::uint64_t bytes) {
  Bytes out;
  append(out, bytes);
  return out;
}

Result<std::uint64_t> decode_staged_segment(BytesView value) {
  if (value.size() != sizeof(std::uint64_t)) return corrupt("a staged segment is unreadable");
  return take<std::uint64_t>(value);
}

}  // namespace troupe
