#pragma once

#include "engine/runtime/queue/queue_record.h"
#include "engine/storage/keys.h"
#include "tests/unit/runtime/fixture.h"

namespace troupe {

/// A scripted actor that declares the queues `jobs` and `ask`.
class QueueTest : public ActorTest {
 protected:
  QueueTest() { definition.queues = {"jobs", "ask"}; }

  Queue& queue() { return script->context->queue(); }

  static QueueSend message(std::string name, std::string_view body, bool wait = false,
                           std::optional<Millis> timeout = std::nullopt) {
    return {std::move(name), to_bytes(body), wait, timeout, nullptr};
  }
  /// From a client.
  Result<QueueSent> send(std::string name, std::string_view body) {
    return world.run(actor->queue_send({}, message(std::move(name), body)));
  }
  std::shared_ptr<Pending<Result<QueueSent>>> begin_send(QueueSend sent) {
    return begin(actor->queue_send({}, std::move(sent)));
  }

  static QueueReceive poll(std::vector<std::string> names = {}, std::size_t count = 1, bool completable = false) {
    QueueReceive wanted;
    wanted.names = std::move(names);
    wanted.count = count;
    wanted.completable = completable;
    wanted.timeout = 0ms;
    return wanted;
  }
  static QueueReceive wait(std::vector<std::string> names = {}, std::optional<Millis> timeout = std::nullopt) {
    auto wanted = poll(std::move(names));
    wanted.timeout = timeout;
    return wanted;
  }
  using Messages = std::vector<QueueMessage>;
  std::shared_ptr<Pending<Result<Messages>>> begin_receive(QueueReceive wanted) {
    return begin(queue().receive(std::move(wanted)));
  }
  /// "id name body" of each.
  static Log texts(const Messages& messages) {
    Log log;
    for (const auto& one : messages) log.push_back(std::to_string(one.id) + " " + one.name + " " + to_string(one.body));
    return log;
  }
  Log receive(QueueReceive wanted) { return texts(world.run(queue().receive(std::move(wanted))).value()); }
  QueueMessage receive_completable(std::vector<std::string> names = {}) {
    return world.run(queue().receive(poll(std::move(names), 1, true))).value().at(0);
  }
  std::size_t stored() {
    const auto range = keys::actor_queue({});
    return world.run(store.rows->scan(range.begin, range.end)).value().size();
  }
  /// The next generation, on the same data.
  void wake() {
    stop(StopReason::sleep_intent);
    start();
  }
  /// What was not committed is lost.
  void crash_and_wake() {
    auto lost = std::exchange(actor, nullptr);
    crashed.push_back(lost);
    start();
  }
  void TearDown() override {
    for (auto& lost : crashed) {
      begin([](std::shared_ptr<ActorInstance> left) -> Task<Done> {
        co_await left->stop(StopReason::destroy);
        co_return Done();
      }(lost));
      world.advance(1min);
    }
    ActorTest::TearDown();
  }

  std::vector<std::shared_ptr<ActorInstance>> crashed;
};

}  // namespace troupe
