#include "engine/storage/actors/actor_store.h"

#include <fstream>

#include "engine/storage/actors/actor_kv.h"
#include "engine/storage/keys.h"
#include "storage_world.h"

namespace troupe {
namespace {

class ActorStoreTest : public testing::Test {
 protected:
  ActorStoreTest() { open(); }
  void open() {
    store_ = open_store(world_.ports(), world_.directory() / "store", tiny_settings()).value();
    actors_ = make_actor_store(world_.ports(), *store_, sqlite_directory(), tiny_settings());
  }
  void reopen() {
    actors_.reset();
    store_.reset();
    open();
  }
  std::filesystem::path sqlite_directory() const { return world_.directory() / "sqlite"; }
  ActorId awake(std::uint32_t generation = 1) {
    const ActorId id = world_.make_id();
    actors_->set_generation(id, generation);
    return id;
  }
  std::string save(ActorId id, std::uint32_t generation, std::string_view state) {
    ActorSave save;
    save.state = b(state);
    return code_of(world_.run(actors_->save(id, generation, std::move(save), Ack::durable)));
  }
  std::string state(ActorId id) {
    const auto found = world_.run(actors_->load_state(id)).value();
    return found ? to_string(*found) : "(none)";
  }
  std::size_t files() const {
    std::size_t count = 0;
    if (!std::filesystem::exists(sqlite_directory())) return 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(sqlite_directory())) {
      count += entry.is_regular_file() ? 1 : 0;
    }
    return count;
  }

  StorageWorld world_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<ActorStore> actors_;
};

TEST_F(ActorStoreTest, AnActorThatNeverStartedHasNoState) { EXPECT_EQ(state(world_.make_id()), "(none)"); }

TEST_F(ActorStoreTest, StateAndConnectionsAreSavedTogetherAndSurviveReopening) {
  const ActorId id = awake();
  ActorSave first;
  first.state = b("one");
  first.connections = {{"c1", b("r1")}, {"c2", b("r2")}};
  ASSERT_TRUE(world_.run(actors_->save(id, 1, std::move(first), Ack::durable)));
  ActorSave second;
  second.state = b("two");
  second.connections = {{"c3", b("r3")}};
  second.connections_removed = {"c1"};
  ASSERT_TRUE(world_.run(actors_->save(id, 1, std::move(second), Ack::durable)));
  reopen();
  EXPECT_EQ(state(id), "two");
  const auto rows = world_.run(actors_->load_connections(id)).value();
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].conn_id, "c2");
  EXPECT_EQ(to_string(rows[1].record), "r3");
}

TEST_F(ActorStoreTest, AnOldGenerationWritesNothing) {
  const ActorId id = awake(1);
  EXPECT_EQ(save(id, 1, "one"), "ok");
  const auto old_kv = actors_->key_value(id, 1);
  actors_->set_generation(id, 2);
  EXPECT_EQ(save(id, 1, "late"), "actor.fenced");
  EXPECT_EQ(code_of(world_.run(old_kv->put(b("k"), b("v")))), "actor.fenced");
  EXPECT_EQ(state(id), "one");
  EXPECT_EQ(save(id, 2, "two"), "ok");
  // A straggler's orders change nothing either.
  actors_->set_generation(id, 1);
  actors_->forget_generation(id, 1);
  EXPECT_EQ(save(id, 2, "three"), "ok");
}

TEST_F(ActorStoreTest, NobodyWritesForASleepingActor) {
  const ActorId id = awake(3);
  actors_->forget_generation(id, 3);
  EXPECT_EQ(save(id, 3, "late"), "actor.fenced");
  EXPECT_EQ(save(world_.make_id(), 1, "never"), "actor.fenced");
}

TEST_F(ActorStoreTest, EraseAllRemovesTheActorAndNobodyElse) {
  const ActorId id = awake();
  const ActorId other = awake();
  for (const ActorId actor : {id, other}) {
    ActorSave save;
    save.state = b("s");
    save.connections = {{"c", b("r")}};
    ASSERT_TRUE(world_.run(actors_->save(actor, 1, std::move(save), Ack::durable)));
    ASSERT_TRUE(world_.run(actors_->key_value(actor, 1)->put(b("k"), b("v"))));
    ASSERT_TRUE(world_.run(actors_->database(actor, 1, world_.ports().io)->exec("CREATE TABLE t (x)")));
  }
  EXPECT_GE(files(), 2u);
  WriteBatch batch;
  actors_->erase_all(id, batch);
  ASSERT_TRUE(world_.run(store_->commit(std::move(batch), Ack::durable)));
  world_.run(actors_->remove_files(id));

  EXPECT_EQ(state(id), "(none)");
  EXPECT_TRUE(world_.run(actors_->load_connections(id)).value().empty());
  EXPECT_FALSE(world_.run(actors_->key_value(id, 1)->get(b("k"))).value());
  const auto notes = keys::family(keys::Family::file_removal);
  EXPECT_TRUE(world_.run(store_->scan(notes.begin, notes.end)).value().empty());
  EXPECT_EQ(state(other), "s");
  EXPECT_TRUE(world_.run(actors_->key_value(other, 1)->get(b("k"))).value());
  EXPECT_TRUE(world_.run(actors_->database(other, 1, world_.ports().io)->exec("SELECT * FROM t")));
}

TEST_F(ActorStoreTest, FilesThatACrashLeftBehindAreRemovedAtTheNextOpen) {
  const ActorId id = awake();
  {
    const auto database = actors_->database(id, 1, world_.ports().io);
    ASSERT_TRUE(world_.run(database->exec("CREATE TABLE t (x)")));
    world_.run(actors_->close_database(id, 1));
  }
  EXPECT_EQ(files(), 1u);
  WriteBatch batch;
  actors_->erase_all(id, batch);
  ASSERT_TRUE(world_.run(store_->commit(std::move(batch), Ack::durable)));
  reopen();
  world_.run_until([&] { return files() == 0; });
  const auto notes = keys::family(keys::Family::file_removal);
  world_.run_until([&] { return world_.run(store_->scan(notes.begin, notes.end)).value().empty(); });
}

// -- key-value
// ------------------------------------------------------------------------------------------------------------

class ActorKvTest : public ActorStoreTest {
 protected:
  ActorKvTest() : id_(awake()), kv_(actors_->key_value(id_, 1)) {}
  ~ActorKvTest() override { kv_.reset(); }

  std::string put(const Bytes& key, const Bytes& value = b("v")) { return code_of(world_.run(kv_->put(key, value))); }
  std::string names(const Result<std::vector<KvEntry>>& entries) {
    std::string out;
    for (const KvEntry& entry : entries.value()) out += to_string(entry.key) + ' ';
    return out;
  }

  const ActorId id_;
  std::unique_ptr<KeyValue> kv_;
};

TEST_F(ActorKvTest, ReadsWhatWasWrittenInTheOrderAskedFor) {
  EXPECT_EQ(put(b("a"), b("1")), "ok");
  EXPECT_EQ(put(b(""), b("empty key")), "ok");
  const std::vector<Bytes> keys = {b("missing"), b(""), b("a")};
  const auto values = world_.run(kv_->get_many(keys)).value();
  ASSERT_EQ(values.size(), 3u);
  EXPECT_FALSE(values[0]);
  EXPECT_EQ(to_string(*values[1]), "empty key");
  EXPECT_EQ(to_string(*values[2]), "1");
  const std::vector<Bytes> erased = {b("a"), b("missing")};
  EXPECT_TRUE(world_.run(kv_->erase(erased)));
  EXPECT_FALSE(world_.run(kv_->get(b("a"))).value());
}

TEST_F(ActorKvTest, LimitsCountThePrefixByte) {
  EXPECT_EQ(put(Bytes(2'047)), "ok");
  const auto long_key = world_.run(kv_->put(Bytes(2'048), b("v")));
  ASSERT_EQ(code_of(long_key), "kv.key_too_large");
  EXPECT_EQ(long_key.error().metadata()->find("size")->as_int(), 2'049);
  EXPECT_EQ(long_key.error().metadata()->find("limit")->as_int(), 2'048);
  EXPECT_EQ(long_key.error().message(), "KV key too large (2049 bytes). Limit is 2048 bytes.");
  EXPECT_EQ(put(b("k"), Bytes(131'072)), "ok");
  EXPECT_EQ(put(b("k"), Bytes(131'073)), "kv.value_too_large");
  EXPECT_EQ(code_of(world_.run(kv_->get(Bytes(2'048)))), "kv.key_too_large");
}

TEST_F(ActorKvTest, AListOf64MiBIsRefusedAndLosesNothing) {
  // Tiny buffers would take seconds for so much.
  const auto store = make_memory_store();
  const auto actors = make_actor_store(world_.ports(), *store, world_.directory() / "in memory", tiny_settings());
  actors->set_generation(id_, 1);
  const auto kv = actors->key_value(id_, 1);
  const auto add = [&](int first, int last) {
    std::vector<KvEntry> entries;
    for (int i = first; i <= last; ++i) entries.push_back({b("k" + std::to_string(i)), Bytes(131'072)});
    return code_of(world_.run(kv->put_many(std::move(entries))));
  };
  ASSERT_EQ(add(1, 511), "ok");
  EXPECT_EQ(world_.run(kv->list_prefix(b("k"))).value().size(), 511u);
  ASSERT_EQ(add(512, 512), "ok");
  const auto refused = world_.run(kv->list_prefix(b("k")));
  ASSERT_EQ(code_of(refused), "kv.list_too_large");
  EXPECT_EQ(refused.error().metadata()->find("limit")->as_int(), 64 << 20);
  EXPECT_EQ(code_of(world_.run(kv->list_range(b("k"), b("l")))), "kv.list_too_large");
  KvListOptions fewer;
  fewer.limit = 511;
  EXPECT_EQ(world_.run(kv->list_prefix(b("k"), fewer)).value().size(), 511u);
}

TEST_F(ActorKvTest, ABatchWithOneBadEntryWritesNothing) {
  std::vector<KvEntry> entries;
  for (int i = 0; i < 300; ++i) entries.push_back({b("k" + std::to_string(i)), b("v")});
  entries.push_back({b("bad"), Bytes(131'073)});
  EXPECT_EQ(code_of(world_.run(kv_->put_many(entries))), "kv.value_too_large");
  EXPECT_EQ(names(world_.run(kv_->list_prefix({}))), "");
  entries.pop_back();
  EXPECT_EQ(code_of(world_.run(kv_->put_many(entries))), "ok");
  EXPECT_EQ(world_.run(kv_->list_prefix({})).value().size(), 300u);
}

TEST_F(ActorKvTest, ABatchOfLargeValuesIsSplitAndComplete) {
  std::vector<KvEntry> entries;
  for (int i = 0; i < 20; ++i) entries.push_back({b("k" + std::to_string(i)), Bytes(131'072)});
  EXPECT_EQ(code_of(world_.run(kv_->put_many(entries))), "ok");
  EXPECT_EQ(world_.run(kv_->list_prefix({})).value().size(), 20u);
}

TEST_F(ActorKvTest, ListsByPrefixAndRangeInBothDirections) {
  for (const char* key : {"a", "b1", "b2", "b\xff", "c"}) put(b(key));
  EXPECT_EQ(names(world_.run(kv_->list_prefix(b("b")))), "b1 b2 b\xff ");
  EXPECT_EQ(names(world_.run(kv_->list_prefix(b("b\xff")))), "b\xff ");
  KvListOptions backwards;
  backwards.reverse = true;
  backwards.limit = 2;
  EXPECT_EQ(names(world_.run(kv_->list_prefix({}, backwards))), "c b\xff ");
  KvListOptions none;
  none.limit = 0;
  EXPECT_EQ(names(world_.run(kv_->list_prefix({}, none))), "");
  EXPECT_EQ(names(world_.run(kv_->list_range(b("a"), b("b2")))), "a b1 ");
  EXPECT_EQ(names(world_.run(kv_->list_range(b("z"), b("a")))), "");
  EXPECT_TRUE(world_.run(kv_->erase_range(b("b"), b("c"))));
  EXPECT_EQ(names(world_.run(kv_->list_prefix({}))), "a c ");
}

TEST_F(ActorKvTest, SystemRowsAreOutOfReach) {
  WriteBatch batch;
  batch.put(keys::actor_kv(id_, b("\x06system")), b("v"));
  batch.put(keys::actor_kv(id_, b("\x03system")), b("v"));
  ASSERT_TRUE(world_.run(store_->commit(std::move(batch), Ack::written)));
  put(Bytes(3, 0xff));
  EXPECT_EQ(world_.run(kv_->list_prefix({})).value().size(), 1u);
  EXPECT_EQ(world_.run(kv_->list_prefix(Bytes(3, 0xff))).value().size(), 1u);
}

}  // namespace
}  // namespace troupe
