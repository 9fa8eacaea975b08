// What a relay keeps and delivers, over the generations of its actor.
#include "tests/unit/engine/socket_relay_fixture.h"

namespace troupe::relay_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

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

TEST_F(SocketRelays, WhatIsKeptForSleepingActorsIsCounted) {
  // At the beginning of time nothing looks as if it had been sent.
  world.advance(Millis(1));
  open();
  EXPECT_EQ(sockets->stats().hibernating, 0U);
  for (const char* text : {"a", "bcd"}) say(text);
  EXPECT_EQ(sockets->stats().pending_bytes, 4U);
  now->client->ack(1);
  EXPECT_EQ(sockets->stats().pending_bytes, 3U);
  fall_asleep();
  say("e");
  EXPECT_EQ(sockets->stats().hibernating, 1U);
  EXPECT_EQ(sockets->stats().pending_bytes, 4U);
  EXPECT_EQ(sockets->stats().repeated_messages, 0U);
  begin_start();
  run();
  EXPECT_THAT(now->end->got, ElementsAre("2 bcd", "3 e"));
  EXPECT_EQ(sockets->stats().hibernating, 0U);
  EXPECT_EQ(sockets->stats().repeated_messages, 1U) << "only what an earlier generation had been given";
  relay->on_close(1000, "");
  EXPECT_EQ(sockets->stats().pending_bytes, 4U) << "a generation that stops before it has handled them leaves them";
  now->client->close(1000, "");
  EXPECT_EQ(sockets->stats().pending_bytes, 0U);
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
}  // namespace troupe::relay_test
