#include "tests/unit/runtime/queue_fixture.h"

namespace troupe {
namespace {

using ActorQueueTest = QueueTest;

// -- sending and receiving --------------------------------------------------------------------------------------------

TEST_F(ActorQueueTest, GivesMessagesInTheOrderOfTheirIds) {
  start();
  for (const char* body : {"a", "b", "c"}) ASSERT_TRUE(send("jobs", body));
  EXPECT_EQ(receive(poll({}, 10)), Log({"1 jobs a", "2 jobs b", "3 jobs c"}));
  EXPECT_EQ(receive(poll()), Log());
  EXPECT_EQ(stored(), 0u);
}

TEST_F(ActorQueueTest, ReceivesAtMostTheWantedNumber) {
  start();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(send("jobs", "x"));
  EXPECT_EQ(receive(poll({}, 2)).size(), 2u);
  EXPECT_EQ(receive(poll({}, 0)).size(), 1u);
}

TEST_F(ActorQueueTest, PicksTheOldestOfTheWantedNames) {
  start();
  ASSERT_TRUE(send("jobs", "a"));
  ASSERT_TRUE(send("ask", "b"));
  ASSERT_TRUE(send("jobs", "c"));
  EXPECT_EQ(receive(poll({"ask", "ask"})), Log({"2 ask b"}));
  EXPECT_EQ(receive(poll({"other"})), Log());
  EXPECT_EQ(receive(poll({"jobs", "ask"}, 5)), Log({"1 jobs a", "3 jobs c"}));
}

TEST_F(ActorQueueTest, KeepsAMessageOfAClientBeforeItAnswers) {
  start();
  store.hold_saves = std::make_shared<Gate>();
  auto sent = begin_send(message("jobs", "a"));
  EXPECT_FALSE(sent->done());
  // Not seen before it is durable.
  EXPECT_EQ(receive(poll()), Log());
  store.hold_saves->open();
  world.settle();
  EXPECT_TRUE(sent->done());
  EXPECT_EQ(store.saves.back().ack, Ack::durable);
  EXPECT_EQ(receive(poll()), Log({"1 jobs a"}));
}

TEST_F(ActorQueueTest, ForgetsAMessageThatCouldNotBeKept) {
  start();
  store.save_failure = make_error("storage", "unavailable");
  EXPECT_TRUE(is_error(send("jobs", "a"), "storage.unavailable"));
  store.save_failure.reset();
  EXPECT_EQ(receive(poll()), Log());
  ASSERT_TRUE(send("jobs", "b"));
  EXPECT_EQ(receive(poll()), Log({"2 jobs b"}));
  EXPECT_EQ(stored(), 0u);
}

TEST_F(ActorQueueTest, HoldsBackWhatCameAfterAMessageThatIsNotKeptYet) {
  start();
  store.hold_saves = std::make_shared<Gate>();
  auto sent = begin_send(message("jobs", "a"));
  auto own = world.run(queue().send("jobs", to_bytes("b")));
  ASSERT_TRUE(own);
  EXPECT_EQ(own->id, 2u);
  EXPECT_EQ(receive(poll({}, 5, true)), Log());
  store.hold_saves->open();
  world.settle();
  EXPECT_EQ(receive(poll({}, 5, true)), Log({"1 jobs a", "2 jobs b"}));
}

TEST_F(ActorQueueTest, DropsMessagesForUndeclaredNamesOfOthersOnly) {
  start();
  auto sent = send("nobody", "a");
  ASSERT_TRUE(sent);
  EXPECT_TRUE(sent->completed);
  auto waited = begin_send(message("nobody", "a", true));
  EXPECT_TRUE(waited->done());
  EXPECT_EQ(receive(poll()), Log());
  ASSERT_TRUE(world.run(queue().send("nobody", to_bytes("b"))));
  EXPECT_EQ(receive(poll()), Log({"1 nobody b"}));
}

// -- waiting ----------------------------------------------------------------------------------------------------------

TEST_F(ActorQueueTest, WaitsForAMessage) {
  start();
  auto waiting = begin_receive(wait({"jobs"}));
  EXPECT_FALSE(waiting->done());
  ASSERT_TRUE(send("ask", "other"));
  world.settle();
  EXPECT_FALSE(waiting->done());
  ASSERT_TRUE(send("jobs", "a"));
  world.settle();
  ASSERT_TRUE(waiting->done());
  EXPECT_EQ(texts(waiting->value->value()), Log({"2 jobs a"}));
}

TEST_F(ActorQueueTest, EndsAWaitWithNothingWhenTheTimeIsOver) {
  start();
  auto waiting = begin_receive(wait({}, 500ms));
  world.advance(499ms);
  EXPECT_FALSE(waiting->done());
  world.advance(1ms);
  ASSERT_TRUE(waiting->done());
  EXPECT_TRUE(waiting->value->value().empty());
  // Nobody takes a message that comes later.
  ASSERT_TRUE(send("jobs", "a"));
  EXPECT_EQ(receive(poll()), Log({"1 jobs a"}));
}

TEST_F(ActorQueueTest, GivesAMessageToOneReceiver) {
  start();
  auto first = begin_receive(wait()), second = begin_receive(wait());
  ASSERT_TRUE(send("jobs", "a"));
  world.settle();
  EXPECT_TRUE(first->done());
  EXPECT_FALSE(second->done());
  ASSERT_TRUE(send("jobs", "b"));
  world.settle();
  ASSERT_TRUE(second->done());
  EXPECT_EQ(texts(second->value->value()), Log({"2 jobs b"}));
}

TEST_F(ActorQueueTest, EndsAWaitByTheCallersSignal) {
  start();
  auto wanted = wait();
  wanted.abort = std::make_shared<AbortSignal>();
  auto signal = wanted.abort;
  auto waiting = begin_receive(std::move(wanted));
  signal->abort();
  world.settle();
  ASSERT_TRUE(waiting->done());
  EXPECT_TRUE(is_error(*waiting->value, "actor.aborted"));
  auto late = wait();
  late.abort = signal;
  EXPECT_TRUE(is_error(world.run(queue().receive(std::move(late))), "actor.aborted"));
}

TEST_F(ActorQueueTest, WaitsForAvailabilityWithoutTaking) {
  start();
  auto waiting = begin(queue().wait_available(wait({"jobs"}, 1s)));
  ASSERT_TRUE(send("jobs", "a"));
  world.settle();
  ASSERT_TRUE(waiting->done());
  EXPECT_TRUE(*waiting->value);
  EXPECT_TRUE(world.run(queue().wait_available(wait())));
  EXPECT_EQ(receive(poll()), Log({"1 jobs a"}));
  auto timed_out = begin(queue().wait_available(wait({}, 1s)));
  world.advance(1s);
  ASSERT_TRUE(timed_out->done());
  EXPECT_TRUE(is_error(*timed_out->value, "queue.timed_out"));
  EXPECT_EQ(timed_out->value->error().message(), "Queue wait timed out after 1000 ms.");
}

// -- completing -------------------------------------------------------------------------------------------------------

TEST_F(ActorQueueTest, GivesACompletableMessageAgainUntilItIsCompleted) {
  start();
  ASSERT_TRUE(send("jobs", "a"));
  ASSERT_TRUE(send("jobs", "b"));
  auto first = receive_completable();
  EXPECT_EQ(receive_completable().id, first.id);
  EXPECT_TRUE(world.run(first.completion->complete(std::nullopt)));
  EXPECT_TRUE(first.completion->completed());
  EXPECT_EQ(receive_completable().id, 2u);
  EXPECT_EQ(stored(), 1u);
}

TEST_F(ActorQueueTest, CompletesOnce) {
  start();
  ASSERT_TRUE(send("jobs", "a"));
  auto message = receive_completable(), same = receive_completable();
  ASSERT_TRUE(world.run(message.completion->complete(std::nullopt)));
  EXPECT_TRUE(is_error(world.run(message.completion->complete(std::nullopt)), "queue.already_completed"));
  EXPECT_TRUE(is_error(world.run(same.completion->complete(std::nullopt)), "queue.already_completed"));
}

TEST_F(ActorQueueTest, CommitsEffectAndCompletionAsOne) {
  start();
  ASSERT_TRUE(send("jobs", "a"));
  auto message = receive_completable();
  const auto before = store.saves.size();
  script->state = {0x07};
  script->untold = true;
  ASSERT_TRUE(world.run(message.completion->complete(std::nullopt)));
  ASSERT_EQ(store.saves.size(), before + 1);
  EXPECT_EQ(store.saves.back().state, Bytes{0x07});
  EXPECT_EQ(store.saves.back().rows, 1u);
  EXPECT_EQ(store.saves.back().ack, Ack::written);
}

TEST_F(ActorQueueTest, RedeliversAfterACrashWithTheEffectTakenBack) {
  start();
  ASSERT_TRUE(send("jobs", "a"));
  auto message = receive_completable();
  store.save_failure = make_error("storage", "unavailable");
  script->state = {0x07};
  script->untold = true;
  EXPECT_TRUE(is_error(world.run(message.completion->complete(std::nullopt)), "storage.unavailable"));
  EXPECT_FALSE(message.completion->completed());
  // Its effect is in memory, so this generation does not see it again.
  EXPECT_EQ(receive(poll({}, 1, true)), Log());
  store.save_failure.reset();
  crash_and_wake();
  EXPECT_EQ(script->state, Bytes{0x01});
  EXPECT_EQ(receive(poll({}, 1, true)), Log({"1 jobs a"}));
}

TEST_F(ActorQueueTest, ACompletionThatFailedCanBeTriedAgain) {
  start();
  ASSERT_TRUE(send("jobs", "a"));
  auto message = receive_completable();
  store.save_failure = make_error("storage", "unavailable");
  EXPECT_FALSE(world.run(message.completion->complete(std::nullopt)));
  store.save_failure.reset();
  EXPECT_TRUE(world.run(message.completion->complete(std::nullopt)));
  EXPECT_TRUE(message.completion->completed());
  EXPECT_EQ(stored(), 0u);
}

TEST_F(ActorQueueTest, ACompletionThatFailedIsCommittedWithTheNextSave) {
  start();
  ASSERT_TRUE(send("jobs", "a"));
  auto message = receive_completable();
  store.save_failure = make_error("storage", "unavailable");
  EXPECT_FALSE(world.run(message.completion->complete(std::nullopt)));
  store.save_failure.reset();
  world.advance(2s);
  EXPECT_EQ(stored(), 0u);
  wake();
  EXPECT_EQ(receive(poll()), Log());
}

TEST_F(ActorQueueTest, CompletesByIdAfterARestart) {
  start();
  ASSERT_TRUE(send("jobs", "a"));
  wake();
  EXPECT_FALSE(*world.run(queue().complete(1, "ask", std::nullopt)));
  EXPECT_FALSE(*world.run(queue().complete(2, "jobs", std::nullopt)));
  EXPECT_TRUE(*world.run(queue().complete(1, "jobs", std::nullopt)));
  EXPECT_FALSE(*world.run(queue().complete(1, "jobs", std::nullopt)));
  EXPECT_EQ(stored(), 0u);
}

// -- restarts ---------------------------------------------------------------------------------------------------------

TEST_F(ActorQueueTest, KeepsMessagesAndIdsOverRestarts) {
  start();
  for (const char* body : {"a", "b", "c"}) ASSERT_TRUE(send("jobs", body));
  EXPECT_EQ(receive(poll()), Log({"1 jobs a"}));
  crash_and_wake();
  EXPECT_EQ(receive(poll({}, 5)), Log({"2 jobs b", "3 jobs c"}));
  crash_and_wake();
  ASSERT_TRUE(send("jobs", "d"));
  EXPECT_EQ(receive(poll()), Log({"4 jobs d"}));
}

TEST_F(ActorQueueTest, AMessageThatWasTakenIsNotSeenAgain) {
  start();
  ASSERT_TRUE(send("jobs", "a"));
  EXPECT_EQ(receive(poll()), Log({"1 jobs a"}));
  crash_and_wake();
  EXPECT_EQ(receive(poll()), Log());
}

TEST_F(ActorQueueTest, AMessageThatCouldNotBeTakenStays) {
  start();
  ASSERT_TRUE(send("jobs", "a"));
  ASSERT_TRUE(send("jobs", "b"));
  store.save_failure = make_error("storage", "unavailable");
  EXPECT_TRUE(is_error(world.run(queue().receive(poll({}, 2))), "storage.unavailable"));
  store.save_failure.reset();
  EXPECT_EQ(receive(poll({}, 2)), Log({"1 jobs a", "2 jobs b"}));
}

TEST_F(ActorQueueTest, OwnMessagesAreOneCommitWithTheStateOfTheTurn) {
  start();
  const auto before = store.saves.size();
  script->action = [this](ActionCall) -> Task<Result<Bytes>> {
    for (const char* body : {"a", "b"}) {
      auto sent = co_await queue().send("jobs", to_bytes(body));
      EXPECT_TRUE(sent);
    }
    script->state = {0x09};
    script->context->request_save();
    auto put = co_await script->context->kv().put(to_bytes("k"), to_bytes("v"));
    EXPECT_TRUE(put);
    co_return Bytes();
  };
  ASSERT_TRUE(act());
  ASSERT_EQ(store.saves.size(), before + 1);
  // Two messages, the next id, one entry.
  EXPECT_EQ(store.saves.back().rows, 4u);
  EXPECT_EQ(store.saves.back().state, Bytes{0x09});
  EXPECT_EQ(store.saves.back().ack, Ack::durable);
  crash_and_wake();
  EXPECT_EQ(receive(poll({}, 5)), Log({"1 jobs a", "2 jobs b"}));
}

TEST_F(ActorQueueTest, AnOwnMessageThatIsTakenAtOnceDoesNotComeBack) {
  start();
  ASSERT_TRUE(world.run(queue().send("jobs", to_bytes("a"))));
  EXPECT_EQ(receive(poll()), Log({"1 jobs a"}));
  world.advance(5s);
  crash_and_wake();
  EXPECT_EQ(receive(poll()), Log());
}

TEST_F(ActorQueueTest, AStagedNextIdDoesNotUndoANewerOne) {
  start();
  ASSERT_TRUE(world.run(queue().send("jobs", to_bytes("a"))));
  // Has its own commit, before the one of the first.
  ASSERT_TRUE(send("jobs", "b"));
  ASSERT_EQ(receive(poll({}, 5)).size(), 2u);
  world.advance(5s);
  crash_and_wake();
  ASSERT_TRUE(send("jobs", "c"));
  EXPECT_EQ(receive(poll()), Log({"3 jobs c"}));
}

TEST_F(ActorQueueTest, ADamagedRowFailsTheQueueAndNotTheActor) {
  start();
  WriteBatch batch;
  batch.put(keys::actor_queue_message({}, 1), {0x00});
  ASSERT_TRUE(world.run(store.rows->commit(std::move(batch), Ack::written)));
  EXPECT_TRUE(is_error(send("jobs", "a"), "storage.corrupt"));
  script->action = [](ActionCall) -> Task<Result<Bytes>> { co_return Bytes{0x01}; };
  EXPECT_TRUE(act());
}

// -- limits -----------------------------------------------------------------------------------------------------------

TEST_F(ActorQueueTest, IsFullAtItsLimit) {
  definition.options.max_queue_size = 3;
  start();
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(send("jobs", "x"));
  ASSERT_TRUE(world.run(queue().send("jobs", to_bytes("x"))));
  auto refused = send("jobs", "x");
  ASSERT_TRUE(is_error(refused, "queue.full"));
  EXPECT_EQ(refused.error().message(), "Queue is full. Limit is 3 messages.");
  EXPECT_TRUE(is_error(world.run(queue().send("jobs", to_bytes("x"))), "queue.full"));
  ASSERT_EQ(receive(poll()).size(), 1u);
  EXPECT_TRUE(send("jobs", "x"));
}

TEST_F(ActorQueueTest, OneTurnMaySendMoreThanOneCommitHolds) {
  constexpr std::size_t kMessages = 400;
  start();
  std::size_t sent = 0;
  auto send_all = [this, &sent]() -> Task<Done> {
    for (const Bytes body(60'000, 0x01); sent < kMessages; ++sent)
      if (!co_await queue().send("jobs", body)) co_return Done();
    co_return Done();
  };
  world.run(send_all());
  EXPECT_EQ(sent, kMessages);
  ASSERT_TRUE(world.run(script->context->save()));
  EXPECT_EQ(stored(), kMessages);
}

TEST_F(ActorQueueTest, BoundsTheSizeOfARecord) {
  definition.options.max_queue_message_size = 100;
  start();
  // u16 version, 1 + 4 name, 1 + body, i64, 4 optionals.
  const std::string at_limit(100 - 2 - 5 - 1 - 8 - 4, 'x');
  EXPECT_TRUE(send("jobs", at_limit));
  auto refused = send("jobs", at_limit + "x");
  ASSERT_TRUE(is_error(refused, "queue.message_too_large"));
  EXPECT_EQ(refused.error().message(), "Queue message too large (101 bytes). Limit is 100 bytes.");
  // Only of what is put into the queue.
  EXPECT_TRUE(send("nobody", at_limit + "xxx"));
}

TEST_F(ActorQueueTest, CountsTheSizeAsTheProtocolSays) {
  EXPECT_EQ(queue_record_size("jobs", Bytes(70'005)), 70'027u);
  const QueueRecord record{"jobs", Bytes(300), 5};
  EXPECT_EQ(encode_queue_record(record).size(), queue_record_size(record.name, record.body));
}

TEST_F(ActorQueueTest, RefusesRecordsThatAreCutOrLonger) {
  const auto whole = encode_queue_record({"jobs", to_bytes("body"), 5});
  const auto read = decode_queue_record(whole).value();
  EXPECT_EQ(read.name, "jobs");
  EXPECT_EQ(read.created_at_ms, 5);
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_TRUE(is_error(decode_queue_record(BytesView(whole).first(size)), "storage.corrupt")) << size;
  auto longer = whole;
  longer.push_back(0);
  EXPECT_TRUE(is_error(decode_queue_record(longer), "storage.corrupt"));
  EXPECT_EQ(decode_queue_meta(encode_queue_meta(77)).value(), 77u);
  EXPECT_TRUE(is_error(decode_queue_meta({}), "storage.corrupt"));
}

// -- inspection -------------------------------------------------------------------------------------------------------

TEST_F(ActorQueueTest, ShowsWhatItHolds) {
  start();
  world.advance(5ms);
  for (const char* body : {"a", "b", "c"}) ASSERT_TRUE(send("jobs", body));
  auto found = world.run(queue().inspect(2)).value();
  EXPECT_EQ(found.size, 3u);
  EXPECT_EQ(found.max_size, 1'000u);
  EXPECT_TRUE(found.truncated);
  ASSERT_EQ(found.messages.size(), 2u);
  EXPECT_EQ(found.messages[1].id, 2u);
  EXPECT_EQ(found.messages[1].name, "jobs");
  EXPECT_EQ(found.messages[1].created_at_ms, script->context->now_ms());
  EXPECT_FALSE(world.run(queue().inspect(3)).value().truncated);
}

TEST_F(ActorQueueTest, ResetEmptiesTheQueueAndCountsOn) {
  start();
  ASSERT_TRUE(send("jobs", "a"));
  ASSERT_TRUE(world.run(queue().send("jobs", to_bytes("b"))));
  auto waiting = begin_send(message("ask", "c", true));
  ASSERT_TRUE(world.run(queue().reset()));
  world.settle();
  ASSERT_TRUE(waiting->done());
  EXPECT_TRUE(is_error(*waiting->value, "queue.completion_waiter_dropped"));
  EXPECT_EQ(stored(), 0u);
  world.advance(5s);
  crash_and_wake();
  EXPECT_EQ(receive(poll()), Log());
  ASSERT_TRUE(send("jobs", "d"));
  EXPECT_EQ(receive(poll()), Log({"4 jobs d"}));
}

TEST_F(ActorQueueTest, AResetThatFailsChangesNothing) {
  start();
  ASSERT_TRUE(send("jobs", "a"));
  store.save_failure = make_error("storage", "unavailable");
  EXPECT_TRUE(is_error(world.run(queue().reset()), "storage.unavailable"));
  store.save_failure.reset();
  EXPECT_EQ(receive(poll()), Log({"1 jobs a"}));
}

}  // namespace
}  // namespace troupe
