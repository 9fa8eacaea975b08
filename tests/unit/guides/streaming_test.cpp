// The code of docs/guides/streaming.md, compiled and run.
#include <gtest/gtest.h>

#include "tests/unit/sdk/fake_actor.h"
#include "tests/unit/sdk/snippets.h"

using namespace std::chrono_literals;

namespace troupe::test {
namespace {

namespace bytes {
// snippet: bytes
troupe::Task<troupe::Result<troupe::HttpResponse>> count(troupe::HttpRequest request) {
  std::size_t bytes = request.body.size();
  while (request.stream) {
    auto piece = co_await request.stream->read();
    if (!piece) co_return piece.error();
    if (!*piece) break;
    bytes += (*piece)->size();
  }
  co_return troupe::text_response(200, std::to_string(bytes));
}

auto counter_of_bytes = troupe::actor("bytes").on_request(&count);
// end

class ThreePieces final : public BodyStream {
 public:
  Task<Result<std::optional<Bytes>>> read() override {
    if (left_-- == 0) co_return std::optional<Bytes>();
    co_return std::optional<Bytes>(Bytes(100));
  }
  void cancel() override {}

 private:
  int left_ = 3;
};
}  // namespace bytes

namespace events {
// snippet: events
using Ctx = troupe::Context<troupe::None>;

troupe::Task<troupe::Result<void>> count_down(Ctx c, int from, troupe::BodyWriter& out) {
  for (int n = from; n > 0; --n) {
    const auto event = "data: " + std::to_string(n) + "\n\n";
    TROUPE_CO_CHECK(co_await out.write(event));  // ends with actor.aborted when the client goes
    TROUPE_CO_CHECK(co_await c.delay(1s));
  }
  co_return co_await out.write("data: liftoff\n\n");
}

troupe::HttpResponse launch(Ctx& c) {
  troupe::HttpResponse response;
  response.headers.set("content-type", "text/event-stream");
  response.stream = c.stream([c](troupe::BodyWriter& out) { return count_down(c, 3, out); });
  return response;
}

auto rocket = troupe::actor("rocket").on_request(&launch);
// end
}  // namespace events

TEST(StreamingGuide, ShowsTheCompiledCode) {
  EXPECT_EQ(snippets_of("docs/guides/streaming.md"), compiled_snippets("tests/unit/guides/streaming_test.cpp"));
}

TEST(StreamingGuide, BodiesAreCountedPieceByPiece) {
  FakeActor actor(bytes::counter_of_bytes);
  HttpRequest request;
  request.method = "POST";
  request.target = "/";
  request.stream = std::make_shared<bytes::ThreePieces>();
  const auto response = actor.world.run(actor.behavior->on_request(std::move(request), nullptr)).value();
  EXPECT_EQ(to_string(BytesView(response.body)), "300");
}

TEST(StreamingGuide, EventsLeaveWhenTheyAreWritten) {
  FakeActor actor(events::rocket);
  auto response = actor.world.run(actor.behavior->on_request({.method = "GET", .target = "/"}, nullptr)).value();
  EXPECT_EQ(*response.headers.find("content-type"), "text/event-stream");
  auto next = [&] {
    auto piece = actor.world.run(response.stream->read()).value();
    return piece ? to_string(BytesView(*piece)) : "end";
  };
  for (const auto* expected : {"data: 3\n\n", "data: 2\n\n", "data: 1\n\n", "data: liftoff\n\n"}) {
    EXPECT_EQ(next(), expected);
    actor.world.advance(1s);
  }
  EXPECT_EQ(next(), "end");
}

}  // namespace
}  // namespace troupe::test
