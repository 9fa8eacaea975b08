#include <boost/asio/post.hpp>

#include "tests/unit/gateway/server_fixture.h"

namespace troupe {
namespace {

/// A body whose pieces a test hands out one by one.
class ScriptedBody final : public BodyStream {
 public:
  using Piece = Result<std::optional<Bytes>>;
  Task<Piece> read() override {
    {
      const std::lock_guard lock(mutex_);
      ++reads_;
    }
    read_changed_.set(reads_);
    return suspend<Piece>([this](Continuation<Piece> reader) {
      std::unique_lock lock(mutex_);
      if (cancelled_) return reader.post(std::optional<Bytes>());
      if (pieces_.empty()) {
        reader_ = std::move(reader);
        return;
      }
      Piece piece = std::move(pieces_.front());
      pieces_.erase(pieces_.begin());
      lock.unlock();
      reader.post(std::move(piece));
    });
  }
  void cancel() override {
    {
      const std::lock_guard lock(mutex_);
      cancelled_ = true;
      if (reader_) reader_.post(std::optional<Bytes>());
    }
    cancelled.set(true);
  }
  void give(Piece piece) {
    const std::lock_guard lock(mutex_);
    if (reader_)
      reader_.post(std::move(piece));
    else
      pieces_.push_back(std::move(piece));
  }
  void give(std::string_view text) { give(Piece(std::optional<Bytes>(to_bytes(text)))); }
  void end() { give(Piece(std::optional<Bytes>())); }
  int reads() const {
    const std::lock_guard lock(mutex_);
    return reads_;
  }

  Awaited<bool> cancelled;

 private:
  mutable std::mutex mutex_;
  std::vector<Piece> pieces_;
  Continuation<Piece> reader_;
  int reads_ = 0;
  bool cancelled_ = false;
  Awaited<int> read_changed_;
};

class Streaming : public ServerTest {
 protected:
  Streaming() {
    engine.on_fetch = [this](ActorId, HttpRequest, FetchOptions) -> Task<Result<HttpResponse>> {
      HttpResponse response;
      response.headers.set("content-type", "text/event-stream");
      response.stream = body;
      co_return response;
    };
  }
  void TearDown() override {
    ServerTest::TearDown();
    body = nullptr;
  }
  RawClient ask(std::string_view method = "GET", std::string_view version = "1.1", int receive_buffer = 0) {
    RawClient client = connect(receive_buffer);
    client.send(std::string(method) + " " + kActor + "/x HTTP/" + std::string(version) + "\r\nhost: h\r\n\r\n");
    return client;
  }

  std::shared_ptr<ScriptedBody> body = std::make_shared<ScriptedBody>();
};

TEST_F(Streaming, EachPieceIsAChunkOfItsOwn) {
  start();
  RawClient client = ask();
  EXPECT_EQ(client.response(true)->header("transfer-encoding"), "chunked");
  body->give("hello");
  EXPECT_EQ(client.read_until("hello\r\n"), "5\r\nhello\r\n");
  body->give("");
  body->give(std::string(300, 'x'));
  EXPECT_EQ(client.read_until("x\r\n"), "12c\r\n" + std::string(300, 'x') + "\r\n");
  body->end();
  EXPECT_EQ(client.read_until("0\r\n\r\n"), "0\r\n\r\n");
  client.send("GET /next HTTP/1.1\r\nhost: h\r\n\r\n");
  EXPECT_EQ(client.response()->body, "GET /next 0");
}

TEST_F(Streaming, Http10GetsABodyThatEndsWithTheConnection) {
  start();
  RawClient client = ask("GET", "1.0");
  const auto head = client.response(true);
  EXPECT_EQ(head->header("transfer-encoding"), "<none>");
  EXPECT_EQ(head->header("content-length"), "<none>");
  EXPECT_EQ(head->header("connection"), "close");
  body->give("abc");
  body->end();
  EXPECT_EQ(client.read_to_end(), "abc");
}

TEST_F(Streaming, AnErrorCutsTheBodyWithoutItsEndMark) {
  start();
  RawClient client = ask();
  ASSERT_TRUE(client.response(true));
  body->give("abc");
  body->give(ScriptedBody::Piece(make_error("actor", "aborted")));
  EXPECT_EQ(client.read_to_end(), "3\r\nabc\r\n");
  EXPECT_TRUE(body->cancelled.wait());
}

TEST_F(Streaming, AClientThatLeavesCancelsTheBody) {
  start();
  {
    RawClient client = ask();
    ASSERT_TRUE(client.response(true));
  }
  EXPECT_TRUE(body->cancelled.wait());
}

TEST_F(Streaming, AHeadRequestCancelsTheBody) {
  start();
  RawClient client = ask("HEAD");
  EXPECT_EQ(client.response(true)->header("content-length"), "0");
  EXPECT_TRUE(body->cancelled.wait());
}

TEST_F(Streaming, AClientThatDoesNotReadHoldsTheProducerBackAndIsCutInTheEnd) {
  settings.body_timeout = Millis(100);
  start();
  RawClient client = ask("GET", "1.1", 4096);
  ASSERT_TRUE(client.response(true));
  constexpr int kPieces = 200;
  for (int i = 0; i < kPieces; ++i) body->give(std::string(1 << 20, 'x'));
  EXPECT_TRUE(body->cancelled.wait());
  EXPECT_LT(body->reads(), kPieces);
}

TEST_F(Streaming, AStopCutsAnEndlessBody) {
  start();
  RawClient client = ask();
  ASSERT_TRUE(client.response(true));
  body->give("abc");
  EXPECT_EQ(client.read_until("abc\r\n"), "3\r\nabc\r\n");
  spawn(server().stop(Millis(20))).get();
  EXPECT_EQ(client.read_to_end(), "");
  EXPECT_TRUE(body->cancelled.wait());
}

}  // namespace
}  // namespace troupe
