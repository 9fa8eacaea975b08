// How much of one turn is held before it is committed, and how much while commits fail.
#include "tests/unit/runtime/fixture.h"

namespace troupe {
namespace {

constexpr std::size_t kValueBytes = 128 << 10;

class StagedRows : public ActorTest {
 protected:
  static Bytes key(int i) { return to_bytes("k" + std::to_string(i)); }

  /// An action that puts so many entries of 128 KiB, and notes which errors it gets.
  void puts(int count) {
    script->action = [this, count](ActionCall) -> Task<Result<Bytes>> {
      for (int i = 1; i <= count; ++i) {
        auto put = co_await script->context->kv().put(key(i), Bytes(kValueBytes));
        details.push_back(put ? "ok" : put.error().id() + " " + put.error().detail());
      }
      co_return Bytes();
    };
  }
  /// Rows of each commit since then.
  std::vector<std::size_t> rows_since(std::size_t saves) const {
    std::vector<std::size_t> rows;
    for (auto i = saves; i < store.saves.size(); ++i) rows.push_back(store.saves[i].rows);
    return rows;
  }

  std::vector<std::string> details;
};

TEST_F(StagedRows, UpTo1MiBGoesWithTheTurn) {
  puts(7);
  start();
  const auto saves = store.saves.size();
  ASSERT_TRUE(act());
  EXPECT_THAT(rows_since(saves), ElementsAre(7));
}

TEST_F(StagedRows, Beyond1MiBWhatIsThereIsCommittedFirst) {
  puts(9);
  start();
  const auto saves = store.saves.size();
  ASSERT_TRUE(act());
  EXPECT_THAT(rows_since(saves), ElementsAre(8, 1));
}

TEST_F(StagedRows, WhileCommitsFail16MiBAreKeptAndNoMoreTaken) {
  puts(130);
  start();
  const auto saves = store.saves.size();
  store.save_failure = make_error("storage", "unavailable", std::nullopt, "no space");
  EXPECT_TRUE(is_error(act(), "storage.unavailable"));
  ASSERT_EQ(details.size(), 130u);
  EXPECT_EQ(details[6], "ok");
  EXPECT_EQ(details[127], "storage.unavailable no space");
  EXPECT_EQ(details[128], "storage.unavailable too many changes wait for the store");
  EXPECT_EQ(details[129], details[128]);

  store.save_failure.reset();
  world.advance(2s);
  EXPECT_THAT(rows_since(saves), ElementsAre(128));
}

}  // namespace
}  // namespace troupe
