// Handlers that hold their thread are named.
#include "engine/runtime/instance/handler_labels.h"
#include "tests/unit/runtime/fixture.h"

namespace troupe {
namespace {

class HandlerLabel : public ActorTest {
 protected:
  HandlerLabel() {
    labels = std::make_shared<const HandlerLabels>(definition, watch);
    script->action = [this](ActionCall) -> Task<Result<Bytes>> {
      note();
      (void)co_await script->context->delay(10ms);
      note();
      (void)co_await script->context->save();
      note();
      co_return Bytes();
    };
  }
  /// What a thread that is held now is called.
  void note() {
    const auto* code = RunningCode::current();
    seen.push_back(code != nullptr ? code->actor + "." + code->handler : "nobody");
  }

  Ports ports = world.ports();
  std::shared_ptr<const StallWatch> watch =
      std::make_shared<const StallWatch>(ports.clock, 5ms, [](const CodeLabel&, std::chrono::nanoseconds) {});
  std::vector<std::string> seen;
};

TEST_F(HandlerLabel, AnActionKeepsItsNameAcrossWaits) {
  start();
  const auto acting = begin(actor->action(nullptr, "act", {0x80}));
  world.advance(10ms);
  ASSERT_TRUE(acting->done());
  EXPECT_THAT(seen, ElementsAre("scripted.act", "scripted.act", "scripted.act"));
  EXPECT_EQ(RunningCode::current(), nullptr);
}

TEST_F(HandlerLabel, ActionsThatInterleaveKeepTheirOwn) {
  start();
  const auto first = begin(actor->action(nullptr, "act", {0x80}));
  const auto second = begin(actor->action(nullptr, "other", {0x80}));
  seen.clear();
  world.advance(10ms);
  ASSERT_TRUE(first->done() && second->done());
  EXPECT_EQ(std::count(seen.begin(), seen.end(), "scripted.act"), 2);
  EXPECT_EQ(std::count(seen.begin(), seen.end(), "scripted.other"), 2);
}

TEST_F(HandlerLabel, HooksAndTasksHaveNames) {
  script->on_wake = [this]() -> Task<Result<void>> {
    note();
    co_return Result<void>();
  };
  script->action = [this](ActionCall) -> Task<Result<Bytes>> {
    script->context->spawn([this]() -> Task<Result<void>> {
      note();
      co_return Result<void>();
    });
    co_return Bytes();
  };
  start();
  EXPECT_TRUE(act());
  EXPECT_THAT(seen, ElementsAre("scripted.onWake", "scripted.spawn"));
}

TEST_F(HandlerLabel, WithoutAWatchNothingIsLabelled) {
  labels = nullptr;
  start();
  (void)begin(actor->action(nullptr, "act", {0x80}));
  world.advance(10ms);
  EXPECT_THAT(seen, ElementsAre("nobody", "nobody", "nobody"));
}

TEST(HandlerLabels, WhatIsNoActionIsOther) {
  ActorDefinition definition;
  definition.name = "counter";
  definition.actions = {"increment", "run"};
  const HandlerLabels labels(definition, nullptr);
  EXPECT_EQ(labels.find("increment")->handler, "increment");
  EXPECT_EQ(labels.find("run")->handler, "run");
  EXPECT_EQ(labels.find("invented")->handler, "other");
  EXPECT_EQ(labels.find("")->actor, "counter");
}

}  // namespace
}  // namespace troupe
