// What databases take on disk.

#include "engine/storage/pages/sqlite/page_connection.h"
#include "engine/storage/run_on_pool.h"
#include "pages_world.h"

namespace troupe {
namespace {

class PageSpaceTest : public PagesTest {
 protected:
  /// The pages of a database as an actor has it after its first start: a dozen tables with an index, nearly empty.
  std::vector<Page> fresh_pages() {
    const ActorId id = awake();
    auto fill = [&] {
      auto connection = PageConnection::open(*store_, world_.ports().clock, id).value();
      std::string sql;
      for (int i = 0; i < 10; ++i) {
        const std::string name = "actor_table_" + std::to_string(i);
        sql +=
            "CREATE TABLE " + name + " (id INTEGER PRIMARY KEY, name TEXT NOT NULL, value BLOB, updated_at INTEGER);";
        if (i % 2 == 0) sql += "CREATE INDEX " + name + "_by_time ON " + name + " (updated_at);";
      }
      sql += "INSERT INTO actor_table_0 VALUES (1, 'state', randomblob(100), 1700000000000)";
      sqlite3_exec(connection->database(), sql.c_str(), nullptr, nullptr, nullptr);
      return connection->file().take_commit()->pages;
    };
    return world_.run(run_on_pool(world_.ports().storage, fill));
  }
  std::uintmax_t bytes_on_disk() {
    std::uintmax_t bytes = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(world_.directory() / "store" / "db")) {
      const std::string name = entry.path().filename().string();
      if (entry.is_regular_file() && name.ends_with(".sst")) bytes += entry.file_size();
    }
    return bytes;
  }
};

TEST_F(PageSpaceTest, AFreshDatabaseTakesLessThanEightKibibytes) {
  constexpr int kActors = 200;
  const std::vector<Page> pages_of_one = fresh_pages();
  ASSERT_GE(pages_of_one.size(), 16u);
  for (int actor = 0; actor < kActors; ++actor) {
    PageCommit commit;
    commit.pages = pages_of_one;
    commit.size_pages = static_cast<std::uint32_t>(pages_of_one.size());
    ASSERT_TRUE(world_.run(pages().commit(awake(), 1, std::move(commit))));
  }
  // An orderly end writes everything into tables.
  actors_.reset();
  store_.reset();
  const std::uintmax_t each = bytes_on_disk() / kActors;
  RecordProperty("bytes_each", std::to_string(each));
  EXPECT_LT(each, 8'192u);
  EXPECT_GT(each, 100u);
}

}  // namespace
}  // namespace troupe
