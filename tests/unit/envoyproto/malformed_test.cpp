#include <gtest/gtest.h>

#include "engine/base/codec/bare.h"
#include "engine/envoyproto/decode.h"
#include "engine/envoyproto/encode.h"
#include "golden.h"

namespace troupe::envoyproto {
namespace {

constexpr Version kVersions[] = {3, 4, 5, 6, 7, 8};

template <class Message>
void expect_stable(Version version, const Result<Message>& message, Result<Message> (*decode)(Version, BytesView)) {
  if (!message) return;
  const auto frame = encode(version, *message);
  ASSERT_TRUE(frame);
  const auto again = decode(version, *frame);
  ASSERT_TRUE(again);
  // NaN payloads compare unequal to themselves, so bytes are compared.
  EXPECT_EQ(*encode(version, *again), *frame);
}

void decode_both(Version version, BytesView frame) {
  expect_stable<ToRivet>(version, decode_to_rivet(version, frame), decode_to_rivet);
  expect_stable<ToEnvoy>(version, decode_to_envoy(version, frame), decode_to_envoy);
}

TEST(EnvoyProtocolMalformed, NoPrefixOfAFrameAndNothingLongerIsAMessage) {
  for (const Version version : {Version{6}, Version{8}})
    for (const auto& vector : golden_vectors(version)) {
      const auto decodes = [&](BytesView frame) {
        return vector.direction == "ToRivet" ? bool(decode_to_rivet(version, frame))
                                             : bool(decode_to_envoy(version, frame));
      };
      for (std::size_t size = 0; size < vector.frame.size(); ++size)
        ASSERT_FALSE(decodes(BytesView(vector.frame).first(size))) << vector.name << " cut to " << size;
      Bytes longer = vector.frame;
      longer.push_back(0);
      EXPECT_FALSE(decodes(longer)) << vector.name;
    }
}

TEST(EnvoyProtocolMalformed, WhateverABitFlipLeavesIsRefusedOrStable) {
  for (const auto& vector : golden_vectors(8)) {
    SCOPED_TRACE(vector.name);
    for (std::size_t bit = 0; bit < std::min<std::size_t>(vector.frame.size(), 300) * 8; ++bit) {
      Bytes frame = vector.frame;
      frame[bit / 8] = static_cast<std::uint8_t>(frame[bit / 8] ^ (1 << bit % 8));
      for (const Version version : kVersions) decode_both(version, frame);
    }
  }
}

TEST(EnvoyProtocolMalformed, WrongValuesAreRefused) {
  const std::pair<const char*, const char*> frames[] = {
      {"", "no tag"},
      {"0f", "unknown message"},
      {"8f00", "a tag in two octets"},
      {"ff0100", "the mark of absent messages as a tag"},
      {"000002", "a boolean of 2"},
      {"0001020161027b7d0161027b7d00", "a name twice"},
      {"000001fe", "metadata cut off"},
      {"000001"
       "01ff",
       "metadata that is not UTF-8"},
      {"0101"
       "0161"
       "00000000"
       "0000000000000000"
       "03",
       "unknown event"},
      {"0101"
       "0161"
       "00000000"
       "0000000000000000"
       "01"
       "01"
       "02"
       "00",
       "unknown stop code"},
      {"06"
       "0102030405060708"
       "0000"
       "02"
       "04"
       "00",
       "unknown abort reason"},
      {"05"
       "0161"
       "00000000"
       "06",
       "unknown request"},
  };
  for (const auto& [hex, why] : frames) EXPECT_FALSE(decode_to_rivet(8, from_hex(hex))) << why;
}

/// A frame of `ToRivetSqliteGetPagesRequest` up to the count of pages.
Bytes up_to_page_count() {
  Bytes frame;
  BareWriter out(frame);
  out.uint(7);
  out.u32(1);
  out.string("a");
  return frame;
}

TEST(EnvoyProtocolMalformed, CountsBeyondTheFrameAreRefusedBeforeAnythingIsAllocated) {
  for (const std::uint64_t count : {std::uint64_t{5}, std::uint64_t{1} << 40, ~std::uint64_t{0}}) {
    Bytes frame = up_to_page_count();
    BareWriter(frame).uint(count);
    EXPECT_FALSE(decode_to_rivet(8, frame)) << count;
  }
}

TEST(EnvoyProtocolMalformed, ListsOfTinyElementsAreBoundedByWhatTheyTakeInMemory) {
  const auto parameters = [](std::size_t count) {
    Bytes frame;
    BareWriter out(frame);
    out.uint(13);
    out.u32(1);
    out.string("default");
    out.string("a");
    out.u64(1);
    out.string("SELECT 1");
    out.boolean(true);
    out.uint(count);
    frame.resize(frame.size() + count);  // NULL is one octet
    return decode_to_rivet(8, frame);
  };
  EXPECT_TRUE(parameters(20'000));
  EXPECT_FALSE(parameters(4'000'000));
}

TEST(EnvoyProtocolMalformed, LargePayloadsPass) {
  const ToRivet message =
      ToRivetTunnelMessage{{}, ToRivetResponseStart{200, {}, Bytes(std::size_t{20} << 20, 7), false}};
  const auto frame = encode(8, message);
  ASSERT_TRUE(frame);
  EXPECT_EQ(*decode_to_rivet(8, *frame), message);
}

}  // namespace
}  // namespace troupe::envoyproto
