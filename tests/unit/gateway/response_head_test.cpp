#include "gateway/http/response_head.h"

#include <gtest/gtest.h>

#include "engine/base/virtual_ports.h"

namespace troupe {
namespace {

std::string head(int status, const ResponseFraming& framing, const HttpHeaders& headers = {}) {
  std::string out;
  append_response_head(out, status, headers, framing, "D");
  return out;
}

TEST(ResponseHead, FramingFollowsTheBody) {
  EXPECT_EQ(head(200, {BodyFraming::length, 12, true, true}),
            "HTTP/1.1 200 OK\r\ncontent-length: 12\r\ndate: D\r\n\r\n");
  EXPECT_EQ(head(200, {BodyFraming::chunked, 0, true, false}),
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nconnection: close\r\ndate: D\r\n\r\n");
  EXPECT_EQ(head(204, {BodyFraming::none, 0, false, true}),
            "HTTP/1.0 204 No Content\r\nconnection: keep-alive\r\ndate: D\r\n\r\n");
}

TEST(ResponseHead, UnknownStatusesHaveNoReasonAndImpossibleOnesAre500) {
  EXPECT_TRUE(head(299, {}).starts_with("HTTP/1.1 299 "));
  for (const int status : {-1, 0, 101, 199, 1000}) EXPECT_TRUE(head(status, {}).starts_with("HTTP/1.1 500 ")) << status;
}

TEST(ResponseHead, FieldsThatWouldBreakTheHeadAreLeftOut) {
  const std::string out = head(200, {},
                               {{"ok", "v"},
                                {"", "v"},
                                {"a b", "v"},
                                {"a:b", "v"},
                                {"cr", "v\rw"},
                                {"lf", "v\nw"},
                                {"nul", std::string("v\0w", 3)},
                                {"Proxy-Authenticate", "v"},
                                {"Keep-Alive", "v"},
                                {"Upper", "V"}});
  EXPECT_EQ(out, "HTTP/1.1 200 OK\r\nok: v\r\nupper: V\r\ndate: D\r\n\r\n");
}

TEST(ResponseHead, TheDateIsThatOfTheClock) {
  VirtualWorld world(1, 784'111'777'000);
  EXPECT_EQ(http_date(world.ports().clock), "Sun, 06 Nov 1994 08:49:37 GMT");
  world.advance(Millis(1'000));
  EXPECT_EQ(http_date(world.ports().clock), "Sun, 06 Nov 1994 08:49:38 GMT");
}

}  // namespace
}  // namespace troupe
