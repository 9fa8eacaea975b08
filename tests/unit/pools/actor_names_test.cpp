#include "engine/pools/actor_names.h"

#include <gtest/gtest.h>

#include "engine/base/virtual_ports.h"
#include "tests/unit/directory/watched_store.h"

namespace troupe {
namespace {

using Names = std::map<std::string, std::string>;

class ActorNamesTest : public testing::Test {
 protected:
  ActorNamesTest() { reopen(); }
  void reopen() {
    names = make_actor_names(store);
    ASSERT_TRUE(world.run(names->open()));
  }
  VirtualWorld world;
  WatchedStore store;
  std::unique_ptr<ActorNames> names;
  NamespaceId ns = Id::make(world.ports().random, 1), other = Id::make(world.ports().random, 1);
};

TEST_F(ActorNamesTest, NamesAddUpChangeAndSurviveARestart) {
  ASSERT_TRUE(world.run(names->announce(ns, {{"a", "{}"}, {"b", R"({"icon":"x"})"}})));
  ASSERT_TRUE(world.run(names->announce(ns, {{"a", R"({"name":"A"})"}, {"c", "{}"}})));
  reopen();
  EXPECT_EQ(names->list(ns), (Names{{"a", R"({"name":"A"})"}, {"b", R"({"icon":"x"})"}, {"c", "{}"}}));
  EXPECT_TRUE(names->list(other).empty());
}

TEST_F(ActorNamesTest, KnownNamesAreNotWrittenAgain) {
  ASSERT_TRUE(world.run(names->announce(ns, {{"a", "{}"}})));
  ASSERT_TRUE(world.run(names->announce(ns, {{"a", "{}"}})));
  EXPECT_EQ(store.written_commits, 1);
}

TEST_F(ActorNamesTest, WhatIsBeyondTheBoundsIsLeftOut) {
  ASSERT_TRUE(world.run(names->announce(ns, {{std::string(kActorNameBytesMax + 1, 'n'), "{}"},
                                             {"big", std::string(kActorNameMetadataBytesMax + 1, ' ')},
                                             {"fine", "{}"}})));
  EXPECT_EQ(names->list(ns), (Names{{"fine", "{}"}}));
  Names many;
  for (std::size_t i = 0; i < kActorNamesPerNamespaceMax + 5; ++i) many.emplace(std::to_string(i), "{}");
  ASSERT_TRUE(world.run(names->announce(ns, many)));
  EXPECT_EQ(names->list(ns).size(), kActorNamesPerNamespaceMax);
  ASSERT_TRUE(world.run(names->announce(ns, {{"fine", R"({"changed":1})"}, {"zz", "{}"}})));
  EXPECT_EQ(names->list(ns).at("fine"), R"({"changed":1})");
  EXPECT_FALSE(names->list(ns).contains("zz"));
}

TEST_F(ActorNamesTest, AFailedWriteIsReportedAndNothingIsListed) {
  store.broken = true;
  EXPECT_EQ(world.run(names->announce(ns, {{"a", "{}"}})).error().id(), "storage.unavailable");
  EXPECT_TRUE(names->list(ns).empty());
}

}  // namespace
}  // namespace troupe
