#include "tests/sim/sim_socket_actors.h"

#include "troupe/actor.h"

namespace troupe::sim {
namespace {

using namespace std::chrono_literals;

/// So that a few echoes fill what a client may leave unread.
constexpr std::size_t kEchoBytes = 300;

struct Hall {
  std::map<std::string, std::vector<std::int64_t>> heard;
  std::map<std::string, std::int64_t> came, left;
  /// Number of the newest event.
  std::int64_t last = 0;
  TROUPE_FIELDS(heard, came, left, last)
};

struct Seat {
  std::int64_t calls = 0;
  TROUPE_FIELDS(calls)
};

struct Heard {
  std::int64_t calls = 0;
  std::string connection, name;
  TROUPE_FIELDS(calls, connection, name)
};

struct Reading {
  Hall hall;
  std::vector<std::string> connections;
  TROUPE_FIELDS(hall, connections)
};

using Ctx = Context<Hall, Seat>;

std::optional<std::string> name_of(const Conn<Seat>& conn) { return conn.params<std::optional<std::string>>(); }

/// Requests come without a name.
void come(Hall& hall, Ctx& c) {
  if (const auto name = name_of(c.conn())) ++hall.came[*name];
}

void leave(Hall& hall, Ctx& c) {
  if (const auto name = name_of(c.conn())) ++hall.left[*name];
}

Heard say(Hall& hall, Ctx& c, std::int64_t number) {
  const auto conn = c.conn();
  const auto name = name_of(conn).value_or("");
  hall.heard[name].push_back(number);
  Seat seat = conn.state();
  ++seat.calls;
  conn.set_state(seat);
  c.broadcast("said", ++hall.last, name, number);
  return {seat.calls, conn.id(), name};
}

Task<Result<Heard>> ponder(Hall& hall, Ctx& c, std::int64_t number) {
  Heard heard = say(hall, c, number);
  // Cut short by a stop, which is no reason not to answer.
  (void)co_await c.delay(20ms);
  co_return heard;
}

Reading read(const Hall& hall, Ctx& c) {
  Reading reading{hall, {}};
  for (const auto& conn : c.conns())
    if (auto name = name_of(conn)) reading.connections.push_back(*std::move(name));
  return reading;
}

Task<Result<void>> echo(Hall& hall, Ctx& c, std::shared_ptr<ActorWebSocket> socket) {
  const auto name = name_of(c.conn()).value_or("");
  while (auto message = co_await socket->receive()) {
    std::string text = to_string(message->data);
    hall.heard[name].push_back(std::stoll(text));
    co_await socket->wait_drained();
    text.resize(kEchoBytes, ' ');
    (void)socket->send(text_message(text));
  }
  co_return Result<void>();
}

Actor<Hall, Seat> place(std::string name) {
  return actor<Hall, Seat>(std::move(name)).on_connect(&come).on_disconnect(&leave).action("read", &read);
}

}  // namespace

void register_socket_actors(Registry& registry) {
  ActorOptions options;
  options.sleep_timeout = 300ms;
  options.can_hibernate_websocket = true;
  registry.add(place("hall")
                   .options(options)
                   .action("say", &say)
                   .action("ponder", &ponder)
                   .action("vow", &say, Durability::commit));
  registry.add(place("line").options(options).on_websocket(&echo));
}

}  // namespace troupe::sim
