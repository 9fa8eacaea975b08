// Sockets that outlive their actor's sleep, and a store of which one call fails: opening, subscribing, sleeping,
// messages that wake, and a close right behind a message.
#include <algorithm>
#include <map>
#include <set>

#include "engine/clientproto/decode.h"
#include "engine/clientproto/encode.h"
#include "tests/unit/faults/fault_world.h"

namespace troupe::faults {
namespace {

using namespace std::chrono_literals;
namespace proto = clientproto;

constexpr auto kEncoding = proto::Encoding::bare;

struct Room {
  std::vector<std::int64_t> said;
  std::int64_t left = 0;
  TROUPE_FIELDS(said, left)
};
using Ctx = Context<Room>;

ActorDefinition room() {
  return actor<Room>("room")
      .sleep_timeout(30s)
      .on_disconnect([](Room& s, Ctx&) { ++s.left; })
      .action("say",
              [](Room& s, Ctx& c, std::int64_t i) {
                s.said.push_back(i);
                c.broadcast("said", i);
                return i;
              })
      .action("read", [](const Room& s) { return s; });
}

/// What the client of one socket has seen.
class Seat final : public ClientSocket {
 public:
  bool send(WebSocketMessage message) override {
    if (closed) return false;
    auto frame = proto::decode_to_client(kEncoding, message.data);
    EXPECT_TRUE(frame);
    if (frame) std::visit([this](const auto& body) { take(body); }, *frame);
    return true;
  }
  std::size_t buffered_bytes() const override { return 0; }
  Task<void> wait_drained() override { co_return; }
  void close(std::uint16_t, std::string) override { closed = true; }

  void take(const proto::Init&) { admitted = true; }
  void take(const proto::Event&) { ++events; }
  void take(const proto::ActionResponse& response) { answers[response.id] = true; }
  void take(const proto::ErrorFrame& error) {
    EXPECT_NE(error.error.code, "");
    if (error.action_id) answers[*error.action_id] = false;
  }

  bool admitted = false, closed = false;
  int events = 0;
  /// By what was said: whether it succeeded.
  std::map<std::uint64_t, bool> answers;
};

Task<Result<std::shared_ptr<ActorSocket>>> open(Engine& engine, ActorId id, std::shared_ptr<ClientSocket> client) {
  auto hosted = co_await engine.acquire(id, {});
  if (!hosted) co_return hosted.error();
  HttpRequest upgrade;
  upgrade.method = "GET";
  upgrade.target = "/connect";
  upgrade.headers.set("sec-websocket-protocol", "rivet, rivet_encoding.bare");
  co_return co_await engine.open_websocket(id, std::move(*hosted), std::move(upgrade), std::move(client));
}

Task<void> hand_over_frame(std::shared_ptr<ActorSocket> actor, Bytes frame) {
  WebSocketMessage message;
  message.binary = true;
  message.data = std::move(frame);
  auto taking = actor->on_message(std::move(message));
  co_await std::move(taking);
}

/// A client with one socket, which it uses as long as the actor keeps it open.
class Guest {
 public:
  explicit Guest(FaultWorld& world) : world_(world) {
    const auto id = world.find("room");
    if (!id) return;
    auto opened = world.run(open(world.engine(), *id, seat));
    if (opened && *opened) actor_ = std::move(**opened);
  }
  ~Guest() { close(); }

  bool open_still() const { return actor_ && seat->admitted && !seat->closed; }

  void subscribe() {
    if (open_still()) send(proto::encode(kEncoding, proto::SubscriptionRequest{"said", true}).value());
  }
  void say(std::int64_t i) {
    if (!open_still()) return;
    said.insert(i);
    const auto id = static_cast<std::uint64_t>(i);
    send(proto::encode(kEncoding, proto::ActionRequest{id, "say", detail::encode_arguments(i)}).value());
  }
  /// Waits until everything is answered or the socket is closed.
  void expect_answers() {
    const auto answered = [this] { return seat->closed || seat->answers.size() == said.size(); };
    for (int step = 0; step < 1'200 && !answered(); ++step) world_.advance(100ms);
    EXPECT_TRUE(answered()) << "something was dropped without a word";
  }
  void close() {
    if (!actor_) return;
    std::exchange(actor_, nullptr)->on_close(1000, "");
    world_.world().settle();
  }

  std::shared_ptr<Seat> seat = std::make_shared<Seat>();
  std::set<std::int64_t> said;

 private:
  void send(Bytes frame) {
    boost::asio::co_spawn(world_.world().context(), hand_over_frame(actor_, std::move(frame)), boost::asio::detached);
    world_.world().settle();
  }

  FaultWorld& world_;
  std::shared_ptr<ActorSocket> actor_;
};

void expect_kept(FaultWorld& world, const Guest& guest, const std::set<std::int64_t>& must) {
  const auto read = world.act("room", "read");
  ASSERT_TRUE(read.ok()) << read.error;
  std::vector<std::int64_t> said;
  for (const Value& i : *read.body.find("said")->get_if<Value::Array>()) said.push_back(*i.as_int());
  EXPECT_TRUE(std::is_sorted(said.begin(), said.end())) << "order of one client";
  for (const auto i : guest.said) EXPECT_LE(std::count(said.begin(), said.end(), i), 1) << i << " is doubled";
  for (const auto i : must) EXPECT_EQ(std::count(said.begin(), said.end(), i), 1) << i << " is lost";
  EXPECT_LE(read.body.find("left")->as_int(), 1) << "its end is told twice";
  if (!world.faulted()) {
    EXPECT_EQ(read.body.find("left")->as_int(), 1);
  }
}

void talk(FaultWorld& world) {
  Guest guest(world);
  guest.subscribe();
  guest.say(1);
  guest.say(2);
  guest.expect_answers();
  world.sleep("room");
  world.advance(100ms);
  // It wakes for this.
  guest.say(3);
  guest.expect_answers();
  std::set<std::int64_t> must;
  for (const auto& [i, succeeded] : guest.seat->answers)
    if (succeeded) must.insert(static_cast<std::int64_t>(i));
  EXPECT_LE(guest.seat->events, 3);
  EXPECT_TRUE(guest.seat->closed || guest.seat->events >= static_cast<int>(must.size())) << "an event is lost";

  world.sleep("room");
  const bool was_open = guest.open_still();
  guest.say(4);
  guest.say(5);
  guest.close();
  world.advance(3s);
  world.heal();
  world.advance(15s);
  if (!world.faulted()) {
    ASSERT_TRUE(was_open);
    must.insert({4, 5});
  }
  expect_kept(world, guest, must);
  Guest next(world);
  next.say(10);
  next.expect_answers();
  EXPECT_TRUE(next.seat->answers[10]) << "it is usable again";
  next.close();
  world.advance(3s);

  world.crash_and_restart();
  const auto read = world.act("room", "read");
  ASSERT_TRUE(read.ok()) << read.error;
  for (const auto i : must) {
    const auto& said = *read.body.find("said")->get_if<Value::Array>();
    EXPECT_EQ(std::count(said.begin(), said.end(), Value(i)), 1) << i;
  }
}

TEST(SocketFaults, AFaultAtAnyCallDropsAndDoublesNoMessage) {
  at_every_call([](Registry& registry) { registry.add(room()); }, &talk);
}

}  // namespace
}  // namespace troupe::faults
