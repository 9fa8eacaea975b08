#include "engine/storage/pages/sqlite/page_export.h"

#include <sys/wait.h>

#include <cstdio>
#include <fstream>

#include "engine/storage/pages/sqlite/page_connection.h"
#include "engine/storage/run_on_pool.h"
#include "pages_world.h"

namespace troupe {
namespace {

class PageExportTest : public PagesTest {
 protected:
  std::filesystem::path file() const { return world_.directory() / "export.sqlite"; }
  std::string export_to(ActorId id, std::filesystem::path path) {
    auto job = [this, id, path] {
      const auto exported = export_pages(*store_, id, path);
      return exported ? "ok " + std::to_string(exported->txid) : exported.error().id();
    };
    return world_.run(run_on_pool(world_.ports().storage, job));
  }
  /// What the sqlite3 program prints.
  std::string sqlite3_says(const std::string& sql) const {
    const std::string command = "sqlite3 " + file().string() + " \"" + sql + "\" 2>&1";
    FILE* pipe = ::popen(command.c_str(), "r");
    std::string out;
    char buffer[256];
    while (std::fgets(buffer, sizeof buffer, pipe)) out += buffer;
    EXPECT_EQ(::pclose(pipe), 0) << out;
    return out;
  }
};

TEST_F(PageExportTest, Sqlite3OpensWhatIsExported) {
  const ActorId id = awake();
  auto fill = [&] {
    auto connection = PageConnection::open(*store_, world_.ports().clock, id).value();
    sqlite3_exec(connection->database(),
                 "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT); CREATE INDEX i ON t (a);"
                 "INSERT INTO t (a) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) "
                 "SELECT 'row ' || i || hex(randomblob(300)) FROM n; DELETE FROM t WHERE id % 3 = 0",
                 nullptr, nullptr, nullptr);
    return *connection->file().take_commit();
  };
  PageCommit changes = world_.run(run_on_pool(world_.ports().storage, fill));
  ASSERT_GT(changes.pages.size(), 300u);
  ASSERT_TRUE(world_.run(pages().commit(id, 1, std::move(changes))));
  EXPECT_EQ(export_to(id, file()), "ok 1");
  EXPECT_EQ(sqlite3_says("PRAGMA integrity_check"), "ok\n");
  EXPECT_EQ(sqlite3_says("SELECT count(*), max(id) FROM t"), "2000|2999\n");
  EXPECT_EQ(sqlite3_says("INSERT INTO t VALUES (3, 'written'); SELECT a FROM t WHERE id = 3"), "written\n");
}

TEST_F(PageExportTest, AStagedCommitIsExportedBeforeItIsFoldedIn) {
  const ActorId id = awake();
  ASSERT_EQ(begin(id), "ok 1");
  ASSERT_EQ(segment(id, 1, 0, range_of(1, 320), 3), "ok");
  ASSERT_EQ(segment(id, 1, 320, range_of(320, 340), 3), "ok");
  ASSERT_EQ(finish(id, 1, 350, {0, 320}), "ok 1");
  ASSERT_EQ(export_to(id, file()), "ok 1");
  std::ifstream exported(file(), std::ios::binary);
  const std::string content{std::istreambuf_iterator<char>(exported), {}};
  ASSERT_EQ(content.size(), 350 * kPageBytes);
  for (std::uint32_t pgno = 1; pgno <= 350; ++pgno) {
    const Bytes page = pgno < 340 ? page_of(pgno, 3) : Bytes(kPageBytes);
    ASSERT_EQ(to_bytes(std::string_view(content).substr((pgno - 1) * kPageBytes, kPageBytes)), page) << pgno;
  }
}

TEST_F(PageExportTest, NothingIsReplacedAndNothingIsLeftBehind) {
  const ActorId id = awake();
  EXPECT_EQ(export_to(id, file()), "depot.database_not_found");
  EXPECT_FALSE(std::filesystem::exists(file()));
  EXPECT_FALSE(std::filesystem::exists(file().string() + ".partial"));
  ASSERT_EQ(commit(id, {1}, 1, 1), "ok 1");
  EXPECT_EQ(export_to(id, world_.directory() / "missing" / "x"), "storage.unavailable");
  std::ofstream(file()) << "mine";
  EXPECT_EQ(export_to(id, file()), "storage.unavailable");
  EXPECT_EQ(std::filesystem::file_size(file()), 4u);
}

}  // namespace
}  // namespace troupe
