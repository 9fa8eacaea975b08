#include "engine/storage/actors/row_changes.h"

#include "storage_world.h"

namespace troupe {
namespace {

/// What a store holds after the changes are applied to it, as text.
std::string applied(const RowChanges& changes, StorageWorld& world, Store& store) {
  WriteBatch batch;
  changes.append_to(batch);
  EXPECT_TRUE(world.run(store.commit(std::move(batch), Ack::written)));
  std::string text;
  for (const auto& row : world.run(store.scan({}, {0xff})).value())
    text += to_string(row.key) + "=" + to_string(row.value) + " ";
  return text;
}

class RowChangesTest : public testing::Test {
 protected:
  RowChangesTest() {
    WriteBatch batch;
    for (const char* key : {"a", "b", "c"}) batch.put(b(key), b("old"));
    EXPECT_TRUE(world_.run(store_->commit(std::move(batch), Ack::written)));
  }
  std::string applied(const RowChanges& changes) { return troupe::applied(changes, world_, *store_); }

  StorageWorld world_;
  std::unique_ptr<Store> store_ = make_memory_store();
};

TEST_F(RowChangesTest, TheLastChangeOfAKeyWins) {
  RowChanges changes;
  changes.put(b("a"), b("1"));
  changes.put(b("a"), b("2"));
  changes.put(b("b"), b("1"));
  changes.erase(b("b"));
  EXPECT_EQ(changes.bytes(), 3u);
  EXPECT_EQ(applied(changes), "a=2 c=old ");
}

TEST_F(RowChangesTest, ARangeTakesWhatWasPutBeforeAndLeavesWhatComesAfter) {
  RowChanges changes;
  changes.put(b("b1"), b("gone"));
  changes.erase_range({b("b"), b("c")});
  changes.put(b("b"), b("new"));
  EXPECT_EQ(applied(changes), "a=old b=new c=old ");
}

TEST_F(RowChangesTest, ReadsSeeWhatWillBeThere) {
  RowChanges changes;
  changes.put(b("a"), b("1"));
  changes.erase(b("c"));
  changes.erase_range({b("b"), b("c")});
  EXPECT_EQ(changes.find(b("a"))->value, b("1"));
  EXPECT_FALSE(changes.find(b("b"))->value);
  EXPECT_FALSE(changes.find(b("c"))->value);
  EXPECT_FALSE(changes.find(b("d")));
  EXPECT_TRUE(changes.touches({b("a"), b("b")}));
  EXPECT_TRUE(changes.touches({b("bb"), b("bc")}));
  EXPECT_FALSE(changes.touches({b("d"), {}}));
}

TEST_F(RowChangesTest, ChangesThatFailedComeBackUnderTheNewerOnes) {
  RowChanges older;
  older.put(b("a"), b("older"));
  older.put(b("b"), b("older"));
  older.erase_range({b("c"), b("d")});
  older.put(b("c"), b("older"));
  RowChanges newer;
  newer.put(b("a"), b("newer"));
  newer.erase_range({b("b"), b("c")});
  newer.add_older(older);
  EXPECT_EQ(applied(newer), "a=newer c=older ");
}

TEST_F(RowChangesTest, NothingIsEmptyAndHasNoBytes) {
  RowChanges changes;
  EXPECT_TRUE(changes.empty());
  changes.put(b("a"), b("1"));
  changes.erase_range({b("a"), b("b")});
  EXPECT_FALSE(changes.empty());
  EXPECT_EQ(changes.bytes(), 2u);
}

}  // namespace
}  // namespace troupe
