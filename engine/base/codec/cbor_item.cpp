#include "engine/base/codec/cbor_item.h"

#include <cbor.h>

namespace troupe {
namespace {

using Type = CborItem::Type;

void put(void* context, Type type, std::uint64_t argument) {
  auto& item = *static_cast<CborItem*>(context);
  item.type = type;
  item.argument = argument;
}

template <Type type, class Argument>
void on_argument(void* context, Argument argument) {
  put(context, type, argument);
}

template <Type type>
void on_simple(void* context) {
  put(context, type, 0);
}

template <Type type>
void on_string(void* context, cbor_data data, std::size_t size) {
  put(context, type, size);
  static_cast<CborItem*>(context)->content = {data, size};
}

template <class Real>
void on_real(void* context, Real real) {
  put(context, Type::floating, 0);
  static_cast<CborItem*>(context)->real = real;
}

constexpr cbor_callbacks make_callbacks() {
  cbor_callbacks callbacks{};
  callbacks.uint8 = on_argument<Type::unsigned_int, std::uint8_t>;
  callbacks.uint16 = on_argument<Type::unsigned_int, std::uint16_t>;
  callbacks.uint32 = on_argument<Type::unsigned_int, std::uint32_t>;
  callbacks.uint64 = on_argument<Type::unsigned_int, std::uint64_t>;
  callbacks.negint8 = on_argument<Type::negative_int, std::uint8_t>;
  callbacks.negint16 = on_argument<Type::negative_int, std::uint16_t>;
  callbacks.negint32 = on_argument<Type::negative_int, std::uint32_t>;
  callbacks.negint64 = on_argument<Type::negative_int, std::uint64_t>;
  callbacks.byte_string_start = on_simple<Type::chunked_bytes>;
  callbacks.byte_string = on_string<Type::bytes>;
  callbacks.string = on_string<Type::text>;
  callbacks.string_start = on_simple<Type::chunked_text>;
  callbacks.indef_array_start = on_simple<Type::open_array>;
  callbacks.array_start = on_argument<Type::array, std::size_t>;
  callbacks.indef_map_start = on_simple<Type::open_map>;
  callbacks.map_start = on_argument<Type::map, std::size_t>;
  callbacks.tag = on_argument<Type::tag, std::uint64_t>;
  callbacks.float2 = on_real<float>;
  callbacks.float4 = on_real<float>;
  callbacks.float8 = on_real<double>;
  callbacks.undefined = on_simple<Type::undefined>;
  callbacks.null = on_simple<Type::null>;
  callbacks.boolean = on_argument<Type::boolean, bool>;
  callbacks.indef_break = on_simple<Type::stop>;
  return callbacks;
}

constexpr cbor_callbacks kCallbacks = make_callbacks();

}  // namespace

bool CborItem::nests_in_json() const {
  constexpr std::uint64_t kTwoTo53 = std::uint64_t{1} << 53;
  switch (type) {
    case Type::bytes:
    case Type::chunked_bytes:
    case Type::undefined:
      return true;
    case Type::unsigned_int:
      return argument > kTwoTo53;
    case Type::negative_int:
      return argument >= kTwoTo53;
    default:
      return false;
  }
}

const char* read_cbor_item(BytesView in, CborItem& item) {
  if (in.empty()) return "unexpected end";
  // libcbor 0.8 refuses the tags 6 to 20, which had no meaning once.
  if (in[0] >= 0xc0 && in[0] <= 0xd7) {
    put(&item, Type::tag, in[0] & 0x1f);
    item.size = 1;
    return nullptr;
  }
  const auto result = cbor_stream_decode(in.data(), in.size(), &kCallbacks, &item);
  if (result.status == CBOR_DECODER_NEDATA) return "unexpected end";
  if (result.status != CBOR_DECODER_FINISHED) return "malformed item";
  item.size = result.read;
  return nullptr;
}

}  // namespace troupe
