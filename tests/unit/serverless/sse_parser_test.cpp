#include "engine/serverless/sse_parser.h"

#include <gtest/gtest.h>

namespace troupe {
namespace {

using Events = std::vector<SseEvent>;

Events parse(std::string_view text, std::size_t piece = 1'000) {
  SseParser parser;
  Events all;
  for (std::size_t i = 0; i < text.size(); i += piece) {
    auto events = parser.feed(as_bytes(text.substr(i, piece)));
    for (auto& event : *events) all.push_back(std::move(event));
  }
  return all;
}

TEST(SseParser, ReadsEventsWhateverThePiecesAre) {
  const std::string_view text =
      "event: ping\ndata:\n\n: a comment\nevent:stopping\ndata: one\ndata:  two\nid: 7\n\ndata: x\n\n";
  const Events expected = {{"ping", ""}, {"stopping", "one\n two"}, {"message", "x"}};
  for (const std::size_t piece : {1u, 2u, 3u, 7u, 100u}) EXPECT_EQ(parse(text, piece), expected) << piece;
}

TEST(SseParser, KnowsEveryEndOfLine) {
  const Events expected = {{"a", "1"}, {"b", "2"}};
  EXPECT_EQ(parse("event:a\rdata:1\r\revent:b\rdata:2\r\r"), expected);
  for (const std::size_t piece : {1u, 5u, 100u})
    EXPECT_EQ(parse("event:a\r\ndata:1\r\n\r\nevent:b\r\ndata:2\r\n\r\n", piece), expected) << piece;
}

TEST(SseParser, AnEventWithoutDataIsNone) {
  EXPECT_EQ(parse("event: ping\n\nevent: x\ndata: 1\n\n"), (Events{{"x", "1"}}));
  EXPECT_EQ(parse("data: unfinished"), Events());
}

TEST(SseParser, AByteOrderMarkIsSkippedAtTheStartOnly) {
  EXPECT_EQ(parse("\xEF\xBB\xBF"
                  "data: 1\n\n\xEF\xBB\xBF"
                  "data: 2\n\n"),
            (Events{{"message", "1"}}));
}

TEST(SseParser, AnEventThatIsTooLargeEndsTheStream) {
  SseParser parser;
  EXPECT_TRUE(parser.feed(as_bytes("data:" + std::string(SseParser::kEventBytesMax - 100, 'x'))));
  EXPECT_FALSE(parser.feed(as_bytes(std::string(200, 'x'))));
  SseParser lines;
  std::optional<Events> fed = Events();
  for (int i = 0; i < 10'000 && fed; ++i) fed = lines.feed(as_bytes("data: 0123456789\n"));
  EXPECT_FALSE(fed) << "many short lines add up, too";
}

}  // namespace
}  // namespace troupe
