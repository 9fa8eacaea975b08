#include "engine/storage/sqlite/sqlite_copy.h"

#include <fstream>

#include "engine/storage/sqlite/reserved_table.h"
#include "engine/storage/sqlite/sqlite_connection.h"
#include "storage_world.h"

namespace troupe {
namespace {

class SqliteCopyTest : public testing::Test {
 protected:
  std::filesystem::path from() const { return directory_.path() / "from.sqlite"; }
  std::filesystem::path to() const { return directory_.path() / "to.sqlite"; }
  SqlValue value_in(const std::filesystem::path& path) {
    const auto connection = SqliteConnection::open(path, DurabilityMode::os).value();
    return connection->exec("SELECT a FROM t").value().rows.at(0).at(0);
  }

  TemporaryDirectory directory_;
};

TEST_F(SqliteCopyTest, TheCopyHasWhatIsOnlyInTheLog) {
  {
    const auto writer = SqliteConnection::open(from(), DurabilityMode::os).value();
    ASSERT_TRUE(writer->exec("CREATE TABLE t (a); INSERT INTO t VALUES (42)"));
    // As a killed process leaves them.
    std::filesystem::copy_file(from(), directory_.path() / "killed.sqlite");
    std::filesystem::copy_file(from().string() + "-wal", directory_.path() / "killed.sqlite-wal");
  }
  ASSERT_TRUE(copy_sqlite_file(directory_.path() / "killed.sqlite", to()));
  EXPECT_FALSE(std::filesystem::exists(to().string() + "-wal"));
  EXPECT_FALSE(std::filesystem::exists(to().string() + ".partial"));
  EXPECT_EQ(value_in(to()), SqlValue(std::int64_t{42}));
}

TEST_F(SqliteCopyTest, TheTableOfTheRuntimeStaysBehind) {
  {
    const auto writer = SqliteConnection::open(from(), DurabilityMode::os).value();
    ASSERT_TRUE(writer->exec("CREATE TABLE t (a); INSERT INTO t VALUES (42)"));
    ASSERT_TRUE(writer->exec(std::string("CREATE TABLE ") + kReservedTable + " (id, token)"));
  }
  ASSERT_TRUE(copy_sqlite_file(from(), to()));
  EXPECT_EQ(value_in(to()), SqlValue(std::int64_t{42}));
  const auto copy = SqliteConnection::open(to(), DurabilityMode::os).value();
  const auto tables = copy->exec("SELECT name FROM sqlite_master").value().rows;
  ASSERT_EQ(tables.size(), 1u);
  EXPECT_EQ(tables[0][0], SqlValue(std::string("t")));
}

TEST_F(SqliteCopyTest, NothingIsReplacedAndNothingIsLeftBehind) {
  EXPECT_EQ(code_of(copy_sqlite_file(from(), to())), "sqlite.unavailable");
  EXPECT_FALSE(std::filesystem::exists(to()));
  EXPECT_FALSE(std::filesystem::exists(to().string() + ".partial"));
  std::ofstream(to()) << "mine";
  EXPECT_EQ(code_of(copy_sqlite_file(from(), to())), "storage.unavailable");
  EXPECT_EQ(std::filesystem::file_size(to()), 4u);
}

}  // namespace
}  // namespace troupe
