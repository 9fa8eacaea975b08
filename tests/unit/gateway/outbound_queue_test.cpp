#include "gateway/http/outbound_queue.h"

#include <gtest/gtest.h>

namespace troupe {
namespace {

Bytes joined(const std::vector<Bytes>& pieces) {
  Bytes all;
  for (const Bytes& piece : pieces) all.insert(all.end(), piece.begin(), piece.end());
  return all;
}

TEST(OutboundQueue, SmallFramesAreMergedIntoOnePiece) {
  OutboundQueue queue;
  for (int i = 0; i < 100; ++i) queue.push_message({false, to_bytes("hello")});
  queue.push_pong(as_bytes("p"));
  queue.push_close(1000, "x");
  EXPECT_EQ(queue.bytes(), 100u * 7 + 3 + 5);
  const auto taken = queue.take();
  EXPECT_EQ(taken.size(), 1u);
  EXPECT_EQ(joined(taken).size(), 708u);
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.bytes(), 0u);
}

TEST(OutboundQueue, OrderIsKeptAroundLargePayloads) {
  OutboundQueue queue;
  queue.push_message({true, Bytes(1, 'a')});
  queue.push_message({true, Bytes(5'000, 'b')});
  queue.push_message({true, Bytes(1, 'c')});
  const Bytes all = joined(queue.take());
  ASSERT_EQ(all.size(), 3u + 4 + 5'000 + 3);
  EXPECT_EQ(all[2], 'a');
  EXPECT_EQ(all[7], 'b');
  EXPECT_EQ(all.back(), 'c');
}

TEST(OutboundQueue, ATakeIsBoundedButNeverEmpty) {
  OutboundQueue queue;
  for (int i = 0; i < 3; ++i) queue.push_message({true, Bytes(1 << 20)});
  std::size_t takes = 0, bytes = 0;
  while (!queue.empty()) {
    bytes += joined(queue.take()).size();
    ++takes;
  }
  EXPECT_GE(takes, 3u);
  EXPECT_EQ(bytes, 3u * ((1 << 20) + 10));
}

TEST(OutboundQueue, ClearKeepsThePayloadOfAFrameThatHasBegun) {
  OutboundQueue queue;
  queue.push_message({true, Bytes(1 << 20)});
  queue.push_message({true, Bytes(10)});
  // The head goes out alone, because the payload alone is as much as fits.
  EXPECT_EQ(joined(queue.take()).size(), 10u);
  queue.clear();
  EXPECT_EQ(queue.bytes(), 1u << 20);
  queue.push_close(1013, "");
  EXPECT_EQ(joined(queue.take()).size(), 1u << 20);
  EXPECT_EQ(joined(queue.take()).size(), 4u);

  queue.push_message({true, Bytes(10)});
  queue.clear();
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.bytes(), 0u);
}

TEST(CloseFrames, CodesThatMayNotBeSentAreReplaced) {
  const auto code_of = [](std::uint16_t code) {
    Bytes out;
    append_close_frame(out, code, "r");
    return out.size() < 4 ? 0 : out[2] << 8 | out[3];
  };
  for (const int code : {1000, 1001, 1003, 1007, 1011, 1013, 3000, 4999})
    EXPECT_EQ(code_of(static_cast<std::uint16_t>(code)), code);
  for (const int code : {0, 999, 1004, 1006, 1015, 2999, 5000})
    EXPECT_EQ(code_of(static_cast<std::uint16_t>(code)), 1011) << code;
  EXPECT_EQ(code_of(1005), 0);
}

TEST(CloseFrames, ReasonsBecomeValidText) {
  Bytes out;
  append_close_frame(out, 1000, "a\xFF");
  EXPECT_EQ(to_string(BytesView(out).subspan(4)), "a\xEF\xBF\xBD");
  EXPECT_EQ(cut_close_reason(std::string(123, 'x')).size(), 123u);
  EXPECT_EQ(cut_close_reason(std::string(124, 'x')).size(), 123u);
}

}  // namespace
}  // namespace troupe
