#include "gateway/outbound/response_reader.h"

#include <gtest/gtest.h>

#include "gateway/outbound/redirect.h"

namespace troupe::outbound {
namespace {

struct Read {
  int status = 0;
  HttpHeaders headers;
  std::string body;
  bool done = false;
  std::string problem;
};

/// Everything that can be told from these bytes, brought in pieces of that size.
Read read(std::string_view bytes, std::size_t piece = 1'000, bool end = true) {
  ResponseReader reader;
  Read out;
  const auto take = [&] {
    if (out.status == 0) {
      auto head = reader.take_head();
      if (!head) return;
      out.status = head->status;
      out.headers = head->headers;
    }
    while (auto some = reader.take_piece()) out.body += as_text(*some);
  };
  for (std::size_t i = 0; i < bytes.size(); i += piece) {
    reader.feed(as_bytes(bytes.substr(i, piece)));
    take();
  }
  if (end) {
    reader.feed_end();
    take();
  }
  out.done = reader.body_done();
  out.problem = reader.problem().value_or("");
  return out;
}

TEST(ResponseReader, ReadsABodyWithALengthWhateverThePiecesAre) {
  for (const std::size_t piece : {1u, 3u, 1'000u}) {
    const auto got = read("HTTP/1.1 201 Created\r\nContent-Length: 5\r\nX-A: b\r\n\r\nhello", piece, false);
    EXPECT_EQ(got.status, 201);
    EXPECT_EQ(*got.headers.find("x-a"), "b");
    EXPECT_EQ(got.body, "hello");
    EXPECT_TRUE(got.done);
  }
}

TEST(ResponseReader, ReadsChunks) {
  for (const std::size_t piece : {1u, 7u, 1'000u}) {
    const auto got =
        read("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n", piece,
             false);
    EXPECT_EQ(got.body, "hello world");
    EXPECT_TRUE(got.done);
    EXPECT_EQ(got.problem, "");
  }
}

TEST(ResponseReader, ABodyWithoutFramingEndsWithTheConnection) {
  EXPECT_FALSE(read("HTTP/1.1 200 OK\r\n\r\nhello", 1'000, false).done);
  const auto got = read("HTTP/1.1 200 OK\r\n\r\nhello");
  EXPECT_EQ(got.body, "hello");
  EXPECT_TRUE(got.done);
}

TEST(ResponseReader, ABodyLargerThanItsBufferComesInPieces) {
  const std::string body(100'000, 'x');
  const auto got = read("HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n" + body, 50'000, false);
  EXPECT_EQ(got.body, body);
  EXPECT_TRUE(got.done);
}

TEST(ResponseReader, AnAnswerWithoutABodyIsDoneAtOnce) {
  EXPECT_TRUE(read("HTTP/1.1 204 No Content\r\n\r\n", 1'000, false).done);
  EXPECT_TRUE(read("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", 1'000, false).done);
}

TEST(ResponseReader, InterimAnswersAreSkipped) {
  const auto got = read("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nx: y\r\n\r\nHTTP/1.1 200 OK\r\n\r\nok", 1);
  EXPECT_EQ(got.status, 200);
  EXPECT_EQ(got.body, "ok");
}

TEST(ResponseReader, WhatBreaksOffIsAProblem) {
  EXPECT_EQ(read("").problem, "the connection ended before the answer");
  EXPECT_EQ(read("HTTP/1.1 200 OK\r\nx: y").problem, "the connection ended before the answer");
  EXPECT_EQ(read("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello").problem,
            "the connection ended within the answer");
  const auto chunked = read("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n");
  EXPECT_EQ(chunked.problem, "the connection ended within the answer");
  EXPECT_EQ(chunked.body, "hello");
}

TEST(ResponseReader, WhatIsNoHttpIsAProblem) {
  EXPECT_NE(read("SSH-2.0-x\r\n\r\n").problem, "");
  EXPECT_NE(read("HTTP/1.1 200 OK\r\nx: " + std::string(70'000, 'y')).problem, "");
  EXPECT_NE(read("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n").problem, "");
}

OutboundRequest post() {
  OutboundRequest request;
  request.method = "POST";
  request.url = *Url::parse("http://app.test/api/start?x=1");
  request.headers = {{"authorization", "a"}, {"x-rivet-token", "t"}, {"content-type", "x"}, {"accept", "y"}};
  request.body = to_bytes(std::string_view("frame"));
  return request;
}
HttpResponse moved(int status, const char* location) {
  HttpResponse response;
  response.status = status;
  response.headers.set("location", location);
  return response;
}

TEST(Redirect, RepeatsOrTurnsIntoAGet) {
  for (const int status : {307, 308}) {
    const auto next = redirected(post(), moved(status, "/other"));
    EXPECT_EQ(next->method, "POST");
    EXPECT_EQ(next->url.target, "/other");
    EXPECT_EQ(next->body.size(), 5u);
    EXPECT_NE(next->headers.find("authorization"), nullptr);
  }
  for (const int status : {301, 302, 303}) {
    const auto next = redirected(post(), moved(status, "b?c"));
    EXPECT_EQ(next->method, "GET");
    EXPECT_EQ(next->url.target, "/api/b?c");
    EXPECT_TRUE(next->body.empty());
    EXPECT_EQ(next->headers.find("content-type"), nullptr);
  }
}

TEST(Redirect, SecretsStayWithTheOrigin) {
  for (const auto* elsewhere : {"https://app.test/x", "http://evil.test/x", "http://app.test:81/x"}) {
    const auto next = redirected(post(), moved(307, elsewhere));
    EXPECT_EQ(next->headers.find("authorization"), nullptr) << elsewhere;
    EXPECT_EQ(next->headers.find("x-rivet-token"), nullptr) << elsewhere;
    EXPECT_NE(next->headers.find("accept"), nullptr);
  }
}

TEST(Redirect, OtherAnswersAreNone) {
  EXPECT_FALSE(redirected(post(), moved(200, "/x")));
  EXPECT_FALSE(redirected(post(), moved(304, "/x")));
  EXPECT_FALSE(redirected(post(), moved(302, "ftp://app.test/x")));
  HttpResponse nowhere;
  nowhere.status = 302;
  EXPECT_FALSE(redirected(post(), nowhere));
}

}  // namespace
}  // namespace troupe::outbound
