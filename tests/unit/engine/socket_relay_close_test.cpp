// Closes of the client: which generation hears of them, whatever stops or starts meanwhile.
#include "tests/unit/engine/socket_relay_fixture.h"

namespace troupe::relay_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

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

TEST_F(SocketRelays, TheCloseComesBehindTheMessagesThatTheGenerationHasNotTakenYet) {
  open();
  now->end->holds = true;
  say("a");
  say("b");
  relay->on_close(3'000, "done");
  world.settle();
  EXPECT_THAT(now->end->got, ElementsAre("1 a"));
  EXPECT_THAT(now->end->closes, IsEmpty());
  now->end->holds = false;
  std::exchange(now->end->held, {}).post({});
  world.settle();
  EXPECT_THAT(now->end->got, ElementsAre("1 a", "2 b"));
  EXPECT_THAT(now->end->closes, ElementsAre("3000 done"));
  now->client->close(1000, "");
  fall_asleep();
  EXPECT_EQ(wakes, 0) << "what is unacknowledged is that generation's business, which has handled the close";
}

TEST_F(SocketRelays, MessagesOfAClientThatClosesWhileTheActorSleepsComeBeforeItsClose) {
  open();
  fall_asleep();
  say("a");
  say("b");
  relay->on_close(1000, "bye");
  relay.reset();
  world.settle();
  EXPECT_EQ(wakes, 1);
  ASSERT_EQ(begin_start().size(), 1U) << "as if it were open";
  run();
  EXPECT_THAT(now->end->got, ElementsAre("1 a", "2 b"));
  EXPECT_THAT(now->end->closes, ElementsAre("1000 bye"));
  EXPECT_THAT(now->closed, IsEmpty());
  now->client->close(1000, "");
  fall_asleep();
  EXPECT_EQ(wakes, 1);
}

TEST_F(SocketRelays, MessagesThatAreLeftBehindWithACloseGoWithItToTheNextGeneration) {
  open();
  say("a");
  say("b");
  now->client->ack(1);
  relay->on_close(1000, "bye");
  EXPECT_THAT(now->end->closes, ElementsAre("1000 bye"));
  fall_asleep();
  EXPECT_EQ(wakes, 1);
  ASSERT_EQ(begin_start().size(), 1U);
  run();
  EXPECT_THAT(now->end->got, ElementsAre("2 b"));
  EXPECT_THAT(now->end->closes, ElementsAre("1000 bye"));
  now->client->ack(2);
  // It has handled the message, but not the close.
  fall_asleep();
  EXPECT_EQ(wakes, 2);
  EXPECT_TRUE(begin_start().empty());
  run();
  EXPECT_THAT(now->closed, ElementsAre("1000 bye"));
  EXPECT_EQ(now->resumes, 0);
}

TEST_F(SocketRelays, MessagesThatNoGenerationHandlesWithTheCloseAreGivenUpInTheEnd) {
  open();
  say("a");
  relay->on_close(1000, "bye");
  int generations = 1;
  for (;; ++generations) {
    fall_asleep();
    if (begin_start().empty()) break;
    run();
    EXPECT_THAT(now->end->got, ElementsAre("1 a"));
    ASSERT_LT(generations, 100);
  }
  EXPECT_EQ(generations, 8);
  run();
  EXPECT_THAT(now->closed, ElementsAre("1000 bye"));
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

  open();
  now->end->holds = true;
  say("a");
  relay->on_close(3'000, "done");
  sockets->destroyed(actor);
  std::exchange(now->end->held, {}).post({});
  world.settle();
  EXPECT_THAT(now->end->closes, IsEmpty());
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

}  // namespace
}  // namespace troupe::relay_test
