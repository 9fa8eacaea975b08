#include "engine/sockets/socket_relay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "engine/base/errors.h"
#include "engine/base/virtual_ports.h"

namespace troupe {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Log = std::vector<std::string>;

class Client final : public ClientSocket {
 public:
  bool send(WebSocketMessage message) override {
    if (!closes.empty()) return false;
    sent.push_back(to_string(message.data));
    return true;
  }
  std::size_t buffered_bytes() const override { return 0; }
  Task<void> wait_drained() override { co_return; }
  void close(std::uint16_t code, std::string reason) override { closes.push_back(std::to_string(code) + " " + reason); }
  Log sent, closes;
};

/// The actor's end in one generation.
class End final : public ActorSocket {
 public:
  Task<void> on_message(WebSocketMessage message) override {
    got.push_back(std::to_string(message.index) + " " + to_string(message.data));
    if (holds) {
      auto hold = [this](Continuation<Done> rest) { held = std::move(rest); };
      co_await suspend<Done>(std::move(hold));
    }
  }
  void on_close(std::uint16_t code, std::string reason) override {
    closes.push_back(std::to_string(code) + " " + reason);
  }
  Log got, closes;
  bool holds = false;
  Continuation<Done> held;
};

class Generation final : public HostedActor {
 public:
  void stop(StopReason) override {}
  Task<Result<HttpResponse>> fetch(HttpRequest) override { co_return HttpResponse(); }
  Task<Result<Bytes>> call(std::string, Bytes) override { co_return Bytes(); }
  Task<Result<OpenedSocket>> open_websocket(HttpRequest, std::shared_ptr<RelayedSocket> socket) override {
    client = std::move(socket);
    OpenedSocket opened;
    opened.actor = end;
    opened.can_hibernate = can_hibernate;
    opened.acks_expire = acks_expire;
    co_return opened;
  }
  Task<Result<std::shared_ptr<ActorSocket>>> resume_websocket(HibernatingSocket socket, std::uint16_t next) override {
    client = socket.client;
    next_index = next;
    ++resumes;
    if (holds_resume) {
      auto hold = [this](Continuation<Done> rest) { held = std::move(rest); };
      co_await suspend<Done>(std::move(hold));
    }
    if (refusal) co_return *refusal;
    co_return std::shared_ptr<ActorSocket>(end);
  }
  Task<Result<void>> closed_asleep(HibernatingSocket, std::uint16_t code, std::string reason) override {
    if (refusal) co_return *refusal;
    closed.push_back(std::to_string(code) + " " + reason);
    co_return Result<void>();
  }

  std::shared_ptr<End> end = std::make_shared<End>();
  std::shared_ptr<RelayedSocket> client;
  bool can_hibernate = true, acks_expire = false;
  std::optional<Error> refusal;
  bool holds_resume = false;
  Continuation<Done> held;
  int resumes = 0;
  std::uint16_t next_index = 0;
  Log closed;
};

/// One socket of one actor; the test plays the placement.
class SocketRelays : public testing::Test {
 protected:
  SocketRelays() { make(); }
  ~SocketRelays() override {
    // What still waits must not outlive the test, and a generation holds the relay that holds it.
    sockets->stop();
    waking.clear();
    for (const auto& generation : {now, before}) {
      if (!generation) continue;
      generation->client.reset();
      generation->held = {};
      generation->end->held = {};
    }
    if (relay) relay->on_close(1006, "");
    world.settle();
  }

  void make() {
    auto acquire = [this](ActorId,
                          std::shared_ptr<HostedActor> not_this) -> Task<Result<std::shared_ptr<HostedActor>>> {
      ++wakes;
      turned_away_by = not_this.get();
      if (wake_failure) co_return *wake_failure;
      auto keep = [this](Continuation<Done> rest) { waking.push_back(std::move(rest)); };
      co_await suspend<Done>(std::move(keep));
      co_return std::shared_ptr<HostedActor>(now);
    };
    sockets = std::make_shared<Sockets>(world.ports(), settings, deadlines, std::move(acquire));
  }

  void open(std::string target = "/connect") {
    now = std::make_shared<Generation>();
    now->can_hibernate = can_hibernate;
    now->acks_expire = acks_expire;
    HttpRequest upgrade;
    upgrade.target = std::move(target);
    upgrade.headers.set("x-rivet-ray-id", "ray");
    relay = world.run(sockets->open(actor, now, std::move(upgrade), client)).value();
  }
  void say(std::string text) {
    boost::asio::co_spawn(world.context(), deliver(relay, std::move(text)), boost::asio::detached);
    world.settle();
  }
  static Task<void> deliver(std::shared_ptr<ActorSocket> socket, std::string text) {
    WebSocketMessage message;
    message.data = to_bytes(text);
    auto taken = socket->on_message(std::move(message));
    co_await std::move(taken);
  }
  void fall_asleep() {
    sockets->stopped(actor, *now);
    before = std::exchange(now, nullptr);
    world.settle();
  }
  /// What the next generation is told.
  std::vector<HibernatingSocket> begin_start() {
    now = std::make_shared<Generation>();
    return sockets->start_generation(actor);
  }
  void run() {
    sockets->running(actor, now);
    for (auto& rest : std::exchange(waking, {})) rest.post({});
    world.settle();
  }

  VirtualWorld world;
  SocketSettings settings;
  std::shared_ptr<DeadlineQueue> deadlines = std::make_shared<DeadlineQueue>(world.ports());
  ActorId actor;
  bool can_hibernate = true, acks_expire = false;
  std::shared_ptr<Client> client = std::make_shared<Client>();
  std::shared_ptr<Generation> now, before;
  std::shared_ptr<ActorSocket> relay;
  std::optional<Error> wake_failure;
  std::vector<Continuation<Done>> waking;
  int wakes = 0;
  const HostedActor* turned_away_by = nullptr;
  std::shared_ptr<Sockets> sockets;
};

TEST_F(SocketRelays, AMessageWakesTheActorAndWhatIsUnacknowledgedComesAgainInOrderWithItsIndexes) {
  open();
  for (const char* text : {"a", "b", "c"}) say(text);
  EXPECT_THAT(now->end->got, ElementsAre("1 a", "2 b", "3 c"));
  now->client->ack(1);
  fall_asleep();
  EXPECT_EQ(wakes, 1) << "something is unacknowledged";
  EXPECT_THAT(client->closes, IsEmpty());
  say("d");
  const auto told = begin_start();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].id, before->client->id());
  EXPECT_EQ(told[0].upgrade->target, "/connect");
  EXPECT_TRUE(told[0].client->send({false, to_bytes("early")})) << "before it runs";
  run();
  EXPECT_EQ(wakes, 1);
  EXPECT_EQ(now->resumes, 1);
  EXPECT_EQ(now->next_index, 4);
  say("e");
  EXPECT_THAT(now->end->got, ElementsAre("2 b", "3 c", "4 d", "5 e"));
  EXPECT_THAT(client->sent, ElementsAre("early"));
}

TEST_F(SocketRelays, ASocketWithNothingToSayLetsTheActorSleep) {
  open();
  say("a");
  now->client->ack(1);
  fall_asleep();
  world.advance(Millis(3'600'000));
  EXPECT_EQ(wakes, 0);
  // Woken for another reason.
  begin_start();
  run();
  EXPECT_EQ(now->resumes, 1);
  EXPECT_THAT(now->end->got, IsEmpty());
}

TEST_F(SocketRelays, IndexesWrapAndAcknowledgementsFollow) {
  open();
  for (int i = 0; i < 65'540; ++i) {
    say("x");
    now->client->ack(static_cast<std::uint16_t>(i + 1));
  }
  EXPECT_EQ(now->end->got[65'535 - 1], "65535 x");
  EXPECT_EQ(now->end->got[65'536 - 1], "0 x");
  fall_asleep();
  EXPECT_EQ(wakes, 0) << "all are acknowledged";
}

TEST_F(SocketRelays, AcknowledgementsOfWhatIsNotOutstandingAreIgnored) {
  open();
  say("a");
  say("b");
  now->client->ack(9);
  now->client->ack(0);
  now->client->ack(65'535);
  fall_asleep();
  begin_start();
  run();
  EXPECT_THAT(now->end->got, ElementsAre("1 a", "2 b"));
  before->client->ack(1);
  before->client->send({false, to_bytes("late")});
  before->client->close(1000, "late");
  EXPECT_THAT(client->sent, ElementsAre("late"));
  EXPECT_THAT(client->closes, IsEmpty()) << "the socket is not the old generation's to close";
  fall_asleep();
  begin_start();
  run();
  EXPECT_THAT(now->end->got, ElementsAre("2 b"));
}

TEST_F(SocketRelays, ASocketThatMayNotHibernateEndsWithItsGeneration) {
  can_hibernate = false;
  open("/websocket");
  say("a");
  EXPECT_THAT(now->end->got, ElementsAre("1 a"));
  fall_asleep();
  EXPECT_THAT(client->closes, ElementsAre("1000 actor.stopped"));
  EXPECT_TRUE(begin_start().empty());
  relay->on_close(1000, "actor.stopped");
  world.settle();
  EXPECT_EQ(wakes, 0);
}

TEST_F(SocketRelays, TheNumberOfUnacknowledgedMessagesIsBounded) {
  settings.pending_messages_max = 3;
  make();
  open();
  for (const char* text : {"a", "b", "c"}) say(text);
  EXPECT_THAT(client->closes, IsEmpty());
  now->client->ack(1);
  say("d");
  EXPECT_THAT(client->closes, IsEmpty());
  say("e");
  EXPECT_THAT(client->closes, ElementsAre("1011 guard.websocket_pending_limit_reached#ray"));
  EXPECT_THAT(now->end->closes, ElementsAre("1011 guard.websocket_pending_limit_reached#ray"));
  EXPECT_EQ(now->end->got.size(), 4U);
}

TEST_F(SocketRelays, TheirBytesAreBoundedToo) {
  settings.pending_bytes_max = 10;
  make();
  open();
  say("12345");
  say("67890");
  EXPECT_THAT(client->closes, IsEmpty());
  say("");
  EXPECT_THAT(client->closes, IsEmpty());
  say("!");
  EXPECT_THAT(client->closes, ElementsAre("1011 guard.websocket_pending_limit_reached#ray"));
}

TEST_F(SocketRelays, AHostThatCanLoseMessagesHasToAcknowledgeThemInTime) {
  acks_expire = true;
  open();
  say("a");
  world.advance(Millis(20'000));
  say("b");
  now->client->ack(1);
  world.advance(Millis(29'000));
  EXPECT_THAT(client->closes, IsEmpty()) << "the second one is younger";
  world.advance(Millis(1'100));
  EXPECT_THAT(client->closes, ElementsAre("1011 guard.websocket_garbage_collected#ray"));
}

TEST_F(SocketRelays, AnActorOfThisProcessMayTakeItsTime) {
  open();
  say("a");
  world.advance(Millis(600'000));
  EXPECT_THAT(client->closes, IsEmpty());
}

TEST_F(SocketRelays, AClientThatClosesMeanwhileIsForgottenBeforeTheActorIsWokenForIt) {
  open();
  fall_asleep();
  relay->on_close(3'000, "done");
  world.settle();
  EXPECT_EQ(wakes, 1);
  EXPECT_TRUE(begin_start().empty());
  run();
  EXPECT_THAT(now->closed, ElementsAre("3000 done"));
  EXPECT_EQ(now->resumes, 0);
}

TEST_F(SocketRelays, AClientThatClosesWhileTheActorStartsIsTakenForOpenAndThenClosed) {
  open();
  fall_asleep();
  ASSERT_EQ(begin_start().size(), 1U);
  relay->on_close(1000, "bye");
  world.settle();
  run();
  EXPECT_EQ(now->resumes, 1);
  EXPECT_THAT(now->end->closes, ElementsAre("1000 bye"));
  EXPECT_THAT(now->closed, IsEmpty());
}

TEST_F(SocketRelays, IfThatStartFailsTheNextGenerationIsToldOfTheCloseAlone) {
  open();
  fall_asleep();
  begin_start();
  relay->on_close(1000, "bye");
  world.settle();
  EXPECT_TRUE(begin_start().empty()) << "the first one came to nothing";
  world.settle();
  run();
  EXPECT_EQ(now->resumes, 0);
  EXPECT_THAT(now->closed, ElementsAre("1000 bye"));
}

TEST_F(SocketRelays, AClientThatClosesIsForgottenOnceTheActorAnswers) {
  open();
  say("a");
  relay->on_close(3'000, "done");
  EXPECT_THAT(now->end->closes, ElementsAre("3000 done"));
  say("late");
  now->client->close(1000, "");
  EXPECT_THAT(client->closes, IsEmpty()) << "it has gone";
  fall_asleep();
  EXPECT_TRUE(begin_start().empty());
  EXPECT_EQ(wakes, 0);
  EXPECT_THAT(before->end->got, ElementsAre("1 a"));
}

TEST_F(SocketRelays, AGenerationThatStopsWithoutAnAnswerLeavesTheCloseToTheNext) {
  open();
  relay->on_close(3'000, "done");
  relay.reset();
  fall_asleep();
  EXPECT_EQ(wakes, 1);
  EXPECT_EQ(turned_away_by, before.get());
  before->client->close(1000, "too late");
  EXPECT_TRUE(begin_start().empty()) << "whose start does not list it";
  run();
  EXPECT_EQ(now->resumes, 0);
  EXPECT_THAT(now->closed, ElementsAre("3000 done"));
  fall_asleep();
  begin_start();
  run();
  EXPECT_THAT(now->closed, IsEmpty()) << "once";
  EXPECT_EQ(wakes, 1);
}

TEST_F(SocketRelays, ASocketThatMayNotHibernateNeedsNoAnswer) {
  can_hibernate = false;
  open("/websocket");
  relay->on_close(3'000, "done");
  EXPECT_THAT(now->end->closes, ElementsAre("3000 done"));
  fall_asleep();
  begin_start();
  run();
  EXPECT_EQ(wakes, 0);
  EXPECT_THAT(now->closed, IsEmpty());
}

TEST_F(SocketRelays, ACloseDuringTheResumptionIsToldAfterIt) {
  open();
  fall_asleep();
  begin_start();
  now->holds_resume = true;
  run();
  relay->on_close(1000, "bye");
  world.settle();
  EXPECT_THAT(now->end->closes, IsEmpty());
  now->held.post({});
  world.settle();
  EXPECT_THAT(now->end->closes, ElementsAre("1000 bye"));
  now->client->close(1000, "");
  fall_asleep();
  EXPECT_EQ(wakes, 0);
}

TEST_F(SocketRelays, AGenerationThatStopsInsteadOfResumingLeavesTheCloseToTheNext) {
  open();
  fall_asleep();
  begin_start();
  now->holds_resume = true;
  now->refusal = make_error("actor", "stopping");
  run();
  relay->on_close(1000, "bye");
  now->held.post({});
  world.settle();
  EXPECT_EQ(wakes, 0) << "it has not stopped yet";
  fall_asleep();
  EXPECT_EQ(wakes, 1);
  begin_start();
  run();
  EXPECT_THAT(now->closed, ElementsAre("1000 bye"));
  EXPECT_THAT(before->end->closes, IsEmpty());
}

TEST_F(SocketRelays, ACloseAfterTheRefusalOfAStoppingGenerationIsNotForThatOne) {
  open();
  now->refusal = make_error("actor", "stopping");
  // It lets go of the socket, does not take it back, and has not stopped yet.
  now->client->hibernate();
  world.settle();
  relay->on_close(1000, "bye");
  world.settle();
  EXPECT_EQ(wakes, 1);
  EXPECT_EQ(turned_away_by, now.get());
  fall_asleep();
  EXPECT_TRUE(begin_start().empty());
  run();
  EXPECT_EQ(wakes, 1);
  EXPECT_THAT(now->closed, ElementsAre("1000 bye"));
}

TEST_F(SocketRelays, AMessageAfterTheRefusalOfAStoppingGenerationIsForTheNext) {
  open();
  now->refusal = make_error("actor", "stopping");
  now->client->hibernate();
  world.settle();
  say("a");
  EXPECT_EQ(wakes, 1);
  EXPECT_EQ(turned_away_by, now.get());
  fall_asleep();
  begin_start();
  run();
  EXPECT_THAT(now->end->got, ElementsAre("1 a"));
  EXPECT_THAT(before->end->got, IsEmpty());
  EXPECT_EQ(wakes, 1);
}

TEST_F(SocketRelays, TheCloseGoesFromOneStoppingGenerationToTheNextUntilOneHearsOfIt) {
  open();
  relay->on_close(3'000, "done");
  fall_asleep();
  for (int refusals = 1; refusals <= 2; ++refusals) {
    begin_start();
    now->refusal = make_error("actor", "stopping");
    run();
    EXPECT_EQ(wakes, refusals + 1);
    EXPECT_EQ(turned_away_by, now.get());
    fall_asleep();
  }
  begin_start();
  run();
  EXPECT_THAT(now->closed, ElementsAre("3000 done"));
  EXPECT_EQ(wakes, 3);
}

TEST_F(SocketRelays, ADestroyedActorHearsOfNoCloses) {
  open();
  relay->on_close(3'000, "done");
  sockets->destroyed(actor);
  fall_asleep();
  EXPECT_EQ(wakes, 0);
}

TEST_F(SocketRelays, AnEngineThatStopsLetsGoOfWhatWaitsForAnAnswer) {
  open();
  relay->on_close(3'000, "done");
  const std::weak_ptr<ActorSocket> waiting = std::exchange(relay, nullptr);
  // Nothing but the wait holds it.
  now->client.reset();
  EXPECT_FALSE(waiting.expired());
  sockets->stop();
  EXPECT_TRUE(waiting.expired());
  fall_asleep();
  EXPECT_EQ(wakes, 0);
}

TEST_F(SocketRelays, AnEngineThatHasStoppedHoldsNoActors) {
  open();
  say("a");
  const std::weak_ptr<HostedActor> hosted = now;
  sockets->stop();
  sockets->close();
  now = nullptr;
  EXPECT_TRUE(hosted.expired());
  say("b");
  relay->on_close(1001, "going away");
  EXPECT_THAT(client->closes, IsEmpty()) << "the gateway sees to that";
}

TEST_F(SocketRelays, TheDestructionOfTheActorClosesWhatHibernates) {
  open("/connect?x=1");
  fall_asleep();
  sockets->destroyed(actor);
  EXPECT_THAT(client->closes, ElementsAre("1000 "));
  relay->on_close(1000, "");
  world.settle();
  EXPECT_EQ(wakes, 0);

  client = std::make_shared<Client>();
  open("/websocket");
  fall_asleep();
  sockets->destroyed(actor);
  EXPECT_THAT(client->closes, ElementsAre("1000 actor.stopped"));
}

TEST_F(SocketRelays, AnActorThatCannotBeWokenClosesTheSocketWithTheReason) {
  open();
  fall_asleep();
  wake_failure = make_error("guard", "actor_ready_timeout");
  say("a");
  EXPECT_THAT(client->closes, ElementsAre("1011 guard.actor_ready_timeout#ray"));
}

TEST_F(SocketRelays, AnActorThatDoesNotKnowTheSocketClosesIt) {
  open();
  fall_asleep();
  begin_start();
  now->refusal = make_error("connection", "restore_not_found");
  run();
  EXPECT_THAT(client->closes, ElementsAre("1011 connection.restore_not_found#ray"));
}

TEST_F(SocketRelays, AGenerationThatStopsBeforeItResumesLeavesTheSocketToTheNext) {
  open();
  fall_asleep();
  say("a");
  begin_start();
  now->refusal = make_error("actor", "stopping");
  run();
  EXPECT_THAT(client->closes, IsEmpty());
  fall_asleep();
  EXPECT_EQ(wakes, 2);
  begin_start();
  run();
  EXPECT_THAT(now->end->got, ElementsAre("1 a"));
}

TEST_F(SocketRelays, ARunningActorThatLetsGoGetsTheSocketBackAtOnce) {
  open();
  say("a");
  now->client->hibernate();
  world.settle();
  EXPECT_EQ(now->resumes, 1);
  say("b");
  EXPECT_THAT(now->end->got, ElementsAre("1 a", "1 a", "2 b"));
  EXPECT_EQ(wakes, 0);
}

TEST_F(SocketRelays, ASocketThatTheActorHasClosedDoesNotHibernate) {
  open();
  now->client->close(4'001, "bye now");
  EXPECT_THAT(client->closes, ElementsAre("4001 bye now"));
  fall_asleep();
  EXPECT_TRUE(begin_start().empty());
  relay->on_close(4'001, "bye now");
  world.settle();
  EXPECT_EQ(wakes, 0);
}

TEST_F(SocketRelays, AnEngineThatStopsWakesNobody) {
  open();
  fall_asleep();
  sockets->stop();
  say("a");
  relay->on_close(1001, "going away");
  world.settle();
  EXPECT_EQ(wakes, 0);
  EXPECT_THAT(client->closes, IsEmpty()) << "the gateway sees to that";
}

TEST_F(SocketRelays, AClientThatSendsFasterThanTheActorWakesIsHeldBack) {
  open();
  fall_asleep();
  bool taken = false;
  const auto send = [&](std::size_t size) {
    taken = false;
    auto done = [&taken](std::exception_ptr) { taken = true; };
    boost::asio::co_spawn(world.context(), deliver(relay, std::string(size, 'x')), std::move(done));
    world.settle();
  };
  send(1u << 20);
  EXPECT_TRUE(taken);
  send(1);
  EXPECT_FALSE(taken);
  begin_start();
  run();
  EXPECT_TRUE(taken);
  EXPECT_EQ(now->end->got.size(), 2U);
}

TEST_F(SocketRelays, OneDeliveryAtATimeAlsoAcrossGenerations) {
  open();
  now->end->holds = true;
  say("a");
  fall_asleep();
  begin_start();
  run();
  EXPECT_THAT(now->end->got, IsEmpty()) << "the old generation still has it";
  before->end->held.post({});
  world.settle();
  EXPECT_THAT(now->end->got, ElementsAre("1 a"));
}

TEST_F(SocketRelays, AnIdleSocketCostsLittle) { EXPECT_LE(sizeof(SocketRelay), 512U); }

}  // namespace
}  // namespace troupe
