#include "engine/directory/directory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <set>

#include "engine/base/virtual_ports.h"
#include "engine/storage/keys.h"
#include "tests/unit/directory/actor_store_fake.h"
#include "tests/unit/directory/watched_store.h"

namespace troupe {
namespace {

class DirectoryTest : public testing::Test {
 protected:
  DirectoryTest() { reopen(); }

  void reopen() {
    directory = make_directory(world.ports(), store, actors, 1);
    ASSERT_TRUE(world.run(directory->open()));
    ns = directory->find_namespace("default")->id;
  }
  CreateActor named(std::string name, std::optional<std::string> key = std::nullopt) {
    return {ns, std::move(name), std::move(key), "default", std::nullopt};
  }
  ActorRecord create(std::string name, std::optional<std::string> key = std::nullopt) {
    return world.run(directory->create(named(std::move(name), std::move(key)))).value();
  }
  std::vector<ActorId> list(std::string name, std::optional<std::string> key, bool destroyed, std::size_t limit = 100,
                            std::optional<std::int64_t> before = std::nullopt) {
    auto page = world.run(directory->list(ns, std::move(name), std::move(key), destroyed, limit, before)).value();
    std::vector<ActorId> ids;
    for (const auto& actor : page.actors) ids.push_back(actor.id);
    return ids;
  }
  ActorRecord update(ActorId id, std::function<void(ActorRecord&)> change) {
    return world.run(directory->update(id, std::move(change), Ack::written)).value();
  }
  void set_alarm(ActorId id, std::optional<std::int64_t> at) {
    update(id, [at](ActorRecord& record) { record.alarm_ts = at; });
  }
  Directory::DueAlarms due(std::int64_t until, std::size_t limit = 100,
                           std::optional<Directory::AlarmPosition> after = std::nullopt) {
    return world.run(directory->due_alarms(after, until, limit)).value();
  }

  VirtualWorld world;
  WatchedStore store;
  ActorStoreFake actors{store};
  std::unique_ptr<Directory> directory;
  NamespaceId ns;
};

TEST_F(DirectoryTest, TheFirstStartMakesTheDefaultNamespaceAndLaterOnesFindIt) {
  const auto first = *directory->find_namespace("default");
  EXPECT_EQ(first.display_name, "Default");
  reopen();
  EXPECT_EQ(directory->namespaces().size(), 1u);
  EXPECT_EQ(directory->find_namespace(first.id)->name, "default");
  EXPECT_EQ(directory->find_namespace("nope"), std::nullopt);
}

TEST_F(DirectoryTest, GivesBackWhatNobodyHasAskedForSinceTheLastTime) {
  const auto made = create("counter", "k");
  // What a find costs the store.
  auto gets_of = [&](auto find) {
    const int before = store.gets;
    find();
    return store.gets - before;
  };
  auto find = [&] { EXPECT_EQ(world.run(directory->find(made.id)).value()->id, made.id); };
  auto find_by_key = [&] { EXPECT_EQ(world.run(directory->find_by_key(ns, "counter", "k")).value(), made.id); };
  directory->release_memory();
  EXPECT_EQ(gets_of(find), 0) << "it was made since the last call";
  directory->release_memory();
  EXPECT_EQ(gets_of(find), 0) << "it was asked for";
  directory->release_memory();
  directory->release_memory();
  EXPECT_GT(gets_of(find), 0);
  EXPECT_EQ(gets_of(find), 0);
  EXPECT_GT(gets_of(find_by_key), 0);
}

TEST_F(DirectoryTest, NamespaceNamesAreUniqueAndSurviveARestart) {
  const auto made = world.run(directory->create_namespace("staging", "Staging")).value();
  const auto again = world.run(directory->create_namespace("staging", "Other"));
  EXPECT_TRUE(again.error().is("namespace", "name_not_unique"));
  reopen();
  EXPECT_EQ(directory->find_namespace("staging")->id, made.id);
}

TEST_F(DirectoryTest, ANamespaceThatCouldNotBeWrittenLeavesItsNameFree) {
  store.broken = true;
  EXPECT_FALSE(world.run(directory->create_namespace("staging", "Staging")));
  EXPECT_FALSE(directory->find_namespace("staging"));
  store.broken = false;
  EXPECT_TRUE(world.run(directory->create_namespace("staging", "Staging")));
}

TEST_F(DirectoryTest, DataOfANewerFormatAreRefused) {
  WriteBatch batch;
  batch.put(keys::format_version(), keys::encode_format_version(keys::kFormatVersion + 1));
  ASSERT_TRUE(world.run(store.commit(std::move(batch), Ack::durable)));
  auto other = make_directory(world.ports(), store, actors, 1);
  EXPECT_TRUE(world.run(other->open()).error().is("storage", "format_unsupported"));
}

TEST_F(DirectoryTest, ACreateIsOneDurableCommit) {
  store.durable_commits = store.written_commits = 0;
  const auto actor = create("counter", "k");
  EXPECT_EQ(store.durable_commits, 1);
  EXPECT_EQ(store.written_commits, 0);
  EXPECT_EQ(actor.create_ts, world.now_ms());
  EXPECT_EQ(actor.generation, 0u);
  EXPECT_EQ(actor.sleep_ts, std::nullopt);
}

TEST_F(DirectoryTest, ASecondCreateOfAKeyNamesTheFirst) {
  const auto first = create("counter", "k");
  const auto second = world.run(directory->create(named("counter", "k")));
  ASSERT_TRUE(second.error().is("actor", "duplicate_key"));
  EXPECT_EQ(second.error().metadata()->find("existing_actor_id")->as_string(), first.id.text());
  EXPECT_EQ(second.error().metadata()->find("key")->as_string(), "k");
}

TEST_F(DirectoryTest, KeysAreApartPerNameAndNamespaceAndActorsWithoutKeyAreNeverUnique) {
  const auto other = world.run(directory->create_namespace("other", "Other")).value().id;
  const auto a = create("counter", "k");
  const auto b = create("room", "k");
  const auto c = world.run(directory->create({other, "counter", "k", "default", std::nullopt})).value();
  const std::set<ActorId> ids{a.id, b.id, c.id, create("counter").id, create("counter").id};
  EXPECT_EQ(ids.size(), 5u);
}

TEST_F(DirectoryTest, RacingCreatesConvergeOnOneActor) {
  std::set<ActorId> ids;
  int made = 0, answered = 0;
  for (int i = 0; i < 50; ++i) {
    auto done = [&](std::exception_ptr, Result<Directory::Created> result) {
      ids.insert(result.value().actor.id);
      made += result->created;
      ++answered;
    };
    boost::asio::co_spawn(world.context(), directory->get_or_create(named("counter", "k")), done);
  }
  world.settle();
  EXPECT_EQ(answered, 50);
  EXPECT_EQ(made, 1);
  EXPECT_EQ(ids.size(), 1u);
}

TEST_F(DirectoryTest, ActorsAreFoundByIdAndByKeyAfterARestart) {
  const auto actor = create("counter", "k");
  reopen();
  EXPECT_EQ(world.run(directory->find(actor.id)).value(), actor);
  EXPECT_EQ(world.run(directory->find_by_key(ns, "counter", "k")).value(), actor.id);
  EXPECT_EQ(world.run(directory->find_by_key(ns, "counter", "z")).value(), std::nullopt);
  EXPECT_EQ(world.run(directory->find(ns)).value(), std::nullopt);
}

TEST_F(DirectoryTest, AStartDoesNotReadActors) {
  for (int i = 0; i < 1'000; ++i) create("counter");
  store.gets = store.scans = 0;
  reopen();
  EXPECT_LE(store.gets + store.scans, 4);
}

TEST_F(DirectoryTest, RepeatedLookUpsAreAnsweredFromMemory) {
  const auto actor = create("counter", "k");
  store.gets = 0;
  for (int i = 0; i < 10; ++i) {
    world.run(directory->find(actor.id)).value();
    world.run(directory->find_by_key(ns, "counter", "k")).value();
  }
  EXPECT_EQ(store.gets, 0);
}

TEST_F(DirectoryTest, LargeRecordsAreReadEachTime) {
  auto large = named("counter");
  large.input = Bytes(100'000, 7);
  const auto actor = world.run(directory->create(large)).value();
  store.gets = 0;
  EXPECT_EQ(world.run(directory->find(actor.id)).value()->input->size(), 100'000u);
  EXPECT_EQ(store.gets, 1);
}

TEST_F(DirectoryTest, UpdatesOfOneActorDoNotOverwriteEachOther) {
  const auto actor = create("counter");
  for (int i = 0; i < 100; ++i) {
    boost::asio::co_spawn(world.context(),
                          directory->update(
                              actor.id, [](ActorRecord& record) { ++record.generation; }, Ack::written),
                          boost::asio::detached);
  }
  world.settle();
  EXPECT_EQ(world.run(directory->find(actor.id)).value()->generation, 100u);
  reopen();
  EXPECT_EQ(world.run(directory->find(actor.id)).value()->generation, 100u);
}

TEST_F(DirectoryTest, AChangeOfAnActorIsNotForgottenWhenItsCreatorHearsOfItLater) {
  store.tells_next_later = true;
  boost::asio::co_spawn(world.context(), directory->create(named("counter", "k")), boost::asio::detached);
  world.settle();
  const auto id = world.run(directory->find_by_key(ns, "counter", "k")).value();
  ASSERT_TRUE(id);
  auto start = [](ActorRecord& record) { record.generation = 1; };
  boost::asio::co_spawn(world.context(), directory->update(*id, start, Ack::written), boost::asio::detached);
  world.settle();
  store.told.notify_all();
  world.settle();
  EXPECT_EQ(world.run(directory->find(*id)).value()->generation, 1u);
}

TEST_F(DirectoryTest, AnUpdateThatFailedChangesNothing) {
  const auto actor = create("counter");
  store.broken = true;
  const auto failed = world.run(directory->update(
      actor.id, [](ActorRecord& record) { record.generation = 9; }, Ack::written));
  EXPECT_TRUE(failed.error().is("storage", "unavailable"));
  store.broken = false;
  EXPECT_EQ(world.run(directory->find(actor.id)).value()->generation, 0u);
}

TEST_F(DirectoryTest, AnUpdateThatFailedMayHaveBeenWrittenNevertheless) {
  const auto actor = create("counter");
  auto awake = [](ActorRecord& record) { record.hosting.emplace(); };
  auto asleep = [](ActorRecord& record) { record.hosting.reset(); };
  update(actor.id, awake);
  store.denies_next = true;
  ASSERT_FALSE(world.run(directory->update(actor.id, asleep, Ack::written)));
  update(actor.id, awake);
  EXPECT_EQ(world.run(directory->awake(std::nullopt, 9)).value(), std::vector<ActorId>{actor.id});
}

TEST_F(DirectoryTest, ADestroyThatFailedMayHaveBeenWrittenNevertheless) {
  const auto actor = create("counter", "k");
  store.denies_next = true;
  ASSERT_FALSE(world.run(directory->destroy(actor.id, 9)));
  EXPECT_EQ(world.run(directory->find_by_key(ns, "counter", "k")).value(), std::nullopt);
  EXPECT_NE(create("counter", "k").id, actor.id);
}

TEST_F(DirectoryTest, AnUpdateWithoutAChangeWritesNothing) {
  const auto actor = create("counter");
  store.written_commits = 0;
  update(actor.id, [](ActorRecord&) {});
  EXPECT_EQ(store.written_commits, 0);
}

TEST_F(DirectoryTest, ADestroyFreesTheKeyRemovesTheDataAndKeepsTheRecord) {
  const auto actor = create("counter", "k");
  set_alarm(actor.id, 5);
  WriteBatch batch;
  batch.put(keys::actor_state(actor.id), Bytes{1});
  ASSERT_TRUE(world.run(store.commit(std::move(batch), Ack::written)));
  store.durable_commits = store.written_commits = 0;

  const auto gone = world.run(directory->destroy(actor.id, 77)).value();
  EXPECT_EQ(store.durable_commits, 1);
  EXPECT_EQ(store.written_commits, 0);
  EXPECT_EQ(gone.destroy_ts, 77);
  EXPECT_EQ(actors.removed, std::vector<ActorId>{actor.id});
  EXPECT_EQ(world.run(actors.load_state(actor.id)).value(), std::nullopt);
  EXPECT_EQ(world.run(directory->find_by_key(ns, "counter", "k")).value(), std::nullopt);
  EXPECT_EQ(world.run(directory->find(actor.id)).value()->destroy_ts, 77);
  EXPECT_TRUE(due(100).due.empty());
  EXPECT_NE(create("counter", "k").id, actor.id);
}

TEST_F(DirectoryTest, ADestroyIsIdempotentAndKnowsStrangers) {
  const auto actor = create("counter", "k");
  world.run(directory->destroy(actor.id, 77)).value();
  EXPECT_EQ(world.run(directory->destroy(actor.id, 99)).value().destroy_ts, 77);
  EXPECT_TRUE(world.run(directory->destroy(ns, 1)).error().is("actor", "not_found"));
}

TEST_F(DirectoryTest, ADestroyedActorIsNotUpdatedAnyMore) {
  const auto actor = create("counter");
  world.run(directory->destroy(actor.id, 77)).value();
  auto set = [](ActorRecord& record) { record.alarm_ts = 1; };
  EXPECT_TRUE(world.run(directory->update(actor.id, set, Ack::written)).error().is("actor", "not_found"));
  EXPECT_TRUE(due(100).due.empty());
}

TEST_F(DirectoryTest, AListIsNewestFirstAndGoesOnBeforeTheLastTime) {
  std::vector<ActorRecord> made;
  for (int i = 0; i < 5; ++i) {
    made.push_back(create("counter"));
    world.advance(Millis(10));
  }
  create("other");
  EXPECT_EQ(list("counter", std::nullopt, false),
            (std::vector<ActorId>{made[4].id, made[3].id, made[2].id, made[1].id, made[0].id}));
  EXPECT_EQ(list("counter", std::nullopt, false, 2), (std::vector<ActorId>{made[4].id, made[3].id}));
  EXPECT_EQ(list("counter", std::nullopt, false, 2, made[3].create_ts), (std::vector<ActorId>{made[2].id, made[1].id}));
  EXPECT_TRUE(list("counter", std::nullopt, false, 2, made[0].create_ts).empty());
  EXPECT_TRUE(list("counter", std::nullopt, false, 0).empty());
}

TEST_F(DirectoryTest, DestroyedActorsAreListedOnlyWhenAskedFor) {
  const auto first = create("counter", "k");
  world.advance(Millis(1));
  const auto second = create("counter", "z");
  world.advance(Millis(1));
  world.run(directory->destroy(first.id, world.now_ms())).value();
  const auto third = create("counter", "k");
  EXPECT_EQ(list("counter", std::nullopt, false), (std::vector<ActorId>{third.id, second.id}));
  EXPECT_EQ(list("counter", std::nullopt, true), (std::vector<ActorId>{third.id, second.id, first.id}));
  EXPECT_EQ(list("counter", "k", true), (std::vector<ActorId>{third.id, first.id}));
  EXPECT_EQ(list("counter", "k", false), (std::vector<ActorId>{third.id}));
  EXPECT_TRUE(list("counter", "k", false, 10, third.create_ts).empty());
}

TEST_F(DirectoryTest, ALongListIsReadInPieces) {
  std::set<ActorId> made;
  for (int i = 0; i < 2'500; ++i) made.insert(create("counter").id);
  const auto listed = list("counter", std::nullopt, true, 100'000);
  EXPECT_EQ(std::set<ActorId>(listed.begin(), listed.end()), made);
}

TEST_F(DirectoryTest, ActorsAtEnvoysAndThoseThatWaitForAHostAreFoundAgainInPages) {
  std::vector<ActorId> awake;
  for (int i = 0; i < 5; ++i) awake.push_back(create("a").id);
  const ActorId asleep = create("a").id;
  for (const ActorId& id : awake) update(id, [](ActorRecord& record) { record.hosting.emplace(); });
  update(awake[0], [](ActorRecord& record) {
    record.hosting.reset();
    record.reschedule_ts = 5;
  });
  std::ranges::sort(awake);
  const auto page = [&](std::optional<ActorId> after, std::size_t limit) {
    return world.run(directory->awake(after, limit)).value();
  };
  EXPECT_EQ(page(std::nullopt, 3), (std::vector<ActorId>(awake.begin(), awake.begin() + 3)));
  EXPECT_EQ(page(awake[2], 3), (std::vector<ActorId>(awake.begin() + 3, awake.end())));

  update(awake[1], [](ActorRecord& record) {
    record.hosting.reset();
    record.reschedule_ts.reset();
  });
  ASSERT_TRUE(world.run(directory->destroy(awake[2], 9)));
  reopen();
  const auto left = page(std::nullopt, 100);
  EXPECT_EQ(left.size(), 3u);
  EXPECT_FALSE(std::ranges::count(left, asleep));
}

TEST_F(DirectoryTest, DueAlarmsComeByTimeInPagesAndTellTheNext) {
  const auto a = create("counter"), b = create("counter"), c = create("counter"), d = create("counter");
  set_alarm(a.id, 30);
  set_alarm(b.id, 10);
  set_alarm(c.id, 20);
  set_alarm(d.id, 99);
  auto page = due(50, 2);
  EXPECT_EQ(page.due, (std::vector<ActorId>{b.id, c.id}));
  ASSERT_TRUE(page.more_after);
  page = due(50, 2, page.more_after);
  EXPECT_EQ(page.due, (std::vector<ActorId>{a.id}));
  EXPECT_FALSE(page.more_after);
  EXPECT_EQ(page.next_ts, 99);
}

TEST_F(DirectoryTest, ManyActorsMayShareOneAlarmTime) {
  std::set<ActorId> made, seen;
  for (int i = 0; i < 10; ++i) {
    const auto actor = create("counter");
    set_alarm(actor.id, 10);
    made.insert(actor.id);
  }
  std::optional<Directory::AlarmPosition> after;
  do {
    const auto page = due(10, 3, after);
    seen.insert(page.due.begin(), page.due.end());
    after = page.more_after;
  } while (after);
  EXPECT_EQ(seen, made);
}

TEST_F(DirectoryTest, MovingOrClearingAnAlarmLeavesNoTrace) {
  const auto actor = create("counter");
  set_alarm(actor.id, 10);
  set_alarm(actor.id, 20);
  EXPECT_TRUE(due(15).due.empty());
  EXPECT_EQ(due(15).next_ts, 20);
  set_alarm(actor.id, std::nullopt);
  EXPECT_TRUE(due(100).due.empty());
  EXPECT_EQ(due(100).next_ts, std::nullopt);
}

}  // namespace
}  // namespace troupe
