#include "src/demo/demo.h"
#include "troupe/actor.h"

namespace troupe {
namespace {

using namespace std::chrono_literals;

struct Hits {
  std::int64_t hits = 0;
  /// Requests whose clients left, actions that were done.
  std::int64_t left = 0, pondered = 0;
  TROUPE_FIELDS(hits, left, pondered)
};

/// A request, told back to its sender.
struct Seen {
  std::string method, path, q, body;
  std::optional<std::string> h;
  TROUPE_FIELDS(method, path, q, body, h)
};

using Ctx = Context<Hits>;

constexpr std::size_t kBodyMax = 20u << 20;

Task<Result<void>> write_parts(Ctx c, BodyWriter& out) {
  for (int i = 0; i < 5; ++i) {
    if (i > 0) {
      TROUPE_CO_CHECK(co_await c.delay(20ms));
    }
    const auto part = "part" + std::to_string(i) + "\n";
    TROUPE_CO_CHECK(co_await out.write(part));
  }
  co_return Result<void>();
}

/// Answers when the client cannot want it any more.
Task<Result<HttpResponse>> outwait(Hits& s, Ctx& c) {
  const auto waited = co_await c.delay(1min);
  if (!waited && c.aborted()) ++s.left;
  co_return text_response(200, "late");
}

Task<Result<HttpResponse>> answer(Hits& s, Ctx& c, HttpRequest request) {
  const auto hits = std::to_string(++s.hits);
  const auto [path, query] = split_target(request.target);
  if (path.ends_with("/wait")) co_return co_await outwait(s, c);
  HttpResponse response;
  if (path.ends_with("/stream")) {
    response.headers.set("x-kind", "stream");
    response.stream = c.stream([c](BodyWriter& out) { return write_parts(c, out); });
  } else {
    Seen seen{request.method, std::string(path), std::string(query), {}, std::nullopt};
    if (const auto* probe = request.headers.find("x-probe")) seen.h = *probe;
    TROUPE_CO_TRY(const auto body, co_await read_body(std::move(request), kBodyMax));
    seen.body = to_string(BytesView(body));
    response = json_response(207, seen);
  }
  response.headers.set("x-hits", hits);
  co_return response;
}

Task<Result<void>> ponder(Hits& s, Ctx& c, std::int64_t ms) {
  TROUPE_CO_CHECK(co_await c.delay(std::chrono::milliseconds(ms)));
  ++s.pondered;
  co_return Result<void>();
}

Task<void> echo(Ctx&, std::shared_ptr<ActorWebSocket> socket) {
  socket->send(text_message("hello"));
  for (;;) {
    auto message = co_await socket->receive();
    if (!message) co_return;
    if (!message->binary && as_text(message->data) == "bye") {
      socket->close(4001, "asked");
      co_return;
    }
    socket->send(std::move(*message));
    co_await socket->wait_drained();
  }
}

}  // namespace

ActorDefinition raw_actor() {
  return actor<Hits>("raw")
      .on_request(&answer)
      .on_websocket(&echo)
      .action("hits", [](const Hits& s) { return s.hits; })
      .action("left", [](const Hits& s) { return s.left; })
      .action("ponder", &ponder)
      .action("pondered", [](const Hits& s) { return s.pondered; });
}

}  // namespace troupe
