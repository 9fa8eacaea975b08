#include "engine/base/codec/bare.h"

#include <gtest/gtest.h>

#include <limits>

#include "hex.h"

namespace troupe {
namespace {

template <class Write>
std::string written(Write write) {
  Bytes out;
  BareWriter writer(out);
  write(writer);
  return to_hex(out);
}

TEST(Bare, WritesLittleEndianAndLeb128) {
  EXPECT_EQ(written([](auto& w) { w.u16(4); }), "0400");
  EXPECT_EQ(written([](auto& w) { w.u32(0x12345678); }), "78563412");
  EXPECT_EQ(written([](auto& w) { w.u64(5000); }), "8813000000000000");
  EXPECT_EQ(written([](auto& w) { w.i64(-2); }), "feffffffffffffff");
  EXPECT_EQ(written([](auto& w) { w.f64(1.5); }), "000000000000f83f");
  EXPECT_EQ(written([](auto& w) { w.uint(127); }), "7f");
  EXPECT_EQ(written([](auto& w) { w.uint(128); }), "8001");
  EXPECT_EQ(written([](auto& w) { w.uint(300); }), "ac02");
  EXPECT_EQ(written([](auto& w) { w.uint(~0ull); }), "ffffffffffffffffff01");
  EXPECT_EQ(written([](auto& w) { w.string("count"); }), "05636f756e74");
  EXPECT_EQ(written([](auto& w) { w.data(Bytes{0x81, 0x01}); }), "028101");
  EXPECT_EQ(written([](auto& w) { w.boolean(true); }), "01");
}

TEST(Bare, ReadsBackWhatItWrote) {
  Bytes out;
  BareWriter w(out);
  w.u8(1), w.u16(2), w.u32(3), w.u64(4), w.i64(-5), w.f64(-0.5), w.boolean(true), w.string("ü"), w.data(Bytes{9}),
      w.raw(Bytes{7, 8});
  for (std::uint64_t n :
       {std::uint64_t{0}, std::uint64_t{127}, std::uint64_t{128}, std::uint64_t{1} << 63, ~std::uint64_t{0}})
    w.uint(n);
  BareReader r(out);
  EXPECT_EQ(r.u8(), 1);
  EXPECT_EQ(r.u16(), 2);
  EXPECT_EQ(r.u32(), 3u);
  EXPECT_EQ(r.u64(), 4u);
  EXPECT_EQ(r.i64(), -5);
  EXPECT_EQ(r.f64(), -0.5);
  EXPECT_TRUE(r.boolean());
  EXPECT_EQ(r.string(), "ü");
  EXPECT_EQ(r.data(), Bytes{9});
  EXPECT_EQ(to_bytes(r.raw(2)), (Bytes{7, 8}));
  for (std::uint64_t n :
       {std::uint64_t{0}, std::uint64_t{127}, std::uint64_t{128}, std::uint64_t{1} << 63, ~std::uint64_t{0}})
    EXPECT_EQ(r.uint(), n);
  EXPECT_TRUE(r.ok());
  EXPECT_EQ(r.remaining(), 0u);
}

TEST(Bare, RefusesMalformedInputAndStaysFailed) {
  const auto fails = [](std::string_view hex, auto read) {
    const auto bytes = from_hex(hex);
    BareReader r(bytes);
    read(r);
    EXPECT_FALSE(r.ok()) << hex;
    EXPECT_EQ(r.u64(), 0u);
    EXPECT_EQ(r.string(), "");
    EXPECT_FALSE(r.ok());
  };
  const auto uint = [](BareReader& r) { EXPECT_EQ(r.uint(), 0u); };
  const auto string = [](BareReader& r) { EXPECT_EQ(r.string(), ""); };
  const auto data = [](BareReader& r) { EXPECT_EQ(r.data(), Bytes()); };
  fails("", uint);
  fails("80", uint);
  fails("ffffffffffffffffff02", uint);
  fails("ffffffffffffffffffff01", uint);
  fails("02", [](BareReader& r) { r.boolean(); });
  fails(
      "0161ff"
      "02",
      [](BareReader& r) { r.string(), r.boolean(); });
  fails("0261", string);
  fails("01ff", string);
  fails("ffffffffffffffffff0161", string);
  fails("ffffffffffffffffff0161", data);
  fails("0300", data);
  fails("00", [](BareReader& r) { r.u16(); });
  fails("000000", [](BareReader& r) { r.u32(); });
  fails("00000000000000", [](BareReader& r) { r.f64(); });
}

TEST(Bare, WritesTextsThatEveryReaderTakes) {
  EXPECT_EQ(written([](auto& w) { w.string("a\xff"); }), "0461efbfbd");
}

}  // namespace
}  // namespace troupe
