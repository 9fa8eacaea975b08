#include "engine/storage/sqlite/sqlite_files.h"

#include <fstream>

#include "engine/storage/sqlite/sqlite_database.h"
#include "sqlite_world.h"

namespace troupe {
namespace {

class SqliteFilesTest : public testing::Test {
 protected:
  ~SqliteFilesTest() override {
    if (files_) files_->close();
  }
  void open(std::size_t handles_max) {
    StorageSettings settings = tiny_settings();
    settings.sqlite_handles_max = handles_max;
    files_ = SqliteFiles::make(world_.ports(), world_.directory(), settings, fences_);
  }
  std::unique_ptr<Database> database() {
    const ActorId id = world_.make_id();
    fences_->set(id, 1);
    return make_sqlite_database(files_->file(id), 1);
  }
  std::string run(Database& db, std::string sql) { return code_of(world_.run(db.execute(std::move(sql)))); }

  StorageWorld world_;
  std::shared_ptr<GenerationFences> fences_ = std::make_shared<GenerationFences>();
  std::shared_ptr<SqliteFiles> files_;
};

TEST_F(SqliteFilesTest, NoMoreFilesAreOpenThanTheBudgetAllows) {
  open(4);
  std::vector<std::unique_ptr<Database>> databases;
  for (int i = 0; i < 12; ++i) {
    databases.push_back(database());
    EXPECT_EQ(run(*databases.back(), "CREATE TABLE t (x)"), "ok");
    EXPECT_LE(files_->open_count(), 4u);
  }
  for (const auto& db : databases) EXPECT_EQ(run(*db, "INSERT INTO t VALUES (1)"), "ok");
  EXPECT_LE(files_->open_count(), 4u);
}

TEST_F(SqliteFilesTest, AFileWhoseClosingWouldLoseSomethingStaysOpen) {
  open(1);
  const auto in_transaction = database();
  auto transaction = world_.run(in_transaction->begin()).value();
  const auto with_temporary = database();
  EXPECT_EQ(run(*with_temporary, "CREATE TEMP TABLE t (x)"), "ok");
  const auto with_manual_begin = database();
  EXPECT_EQ(run(*with_manual_begin, "BEGIN"), "ok");
  const auto with_setting = database();
  EXPECT_EQ(run(*with_setting, "PRAGMA foreign_keys = OFF"), "ok");
  const auto other = database();
  EXPECT_EQ(run(*other, "SELECT 1"), "ok");
  EXPECT_EQ(run(*with_temporary, "SELECT * FROM t"), "ok");
  EXPECT_EQ(run(*with_manual_begin, "COMMIT"), "ok");
  EXPECT_EQ(world_.run(with_setting->execute("PRAGMA foreign_keys"))->rows[0][0], SqlValue(std::int64_t{0}));
  EXPECT_EQ(code_of(world_.run(transaction->commit())), "ok");
}

TEST_F(SqliteFilesTest, AnIdleFileIsClosedAndOpenedAgainWhenNeeded) {
  open(16);
  const auto db = database();
  EXPECT_EQ(run(*db, "CREATE TABLE t (x)"), "ok");
  EXPECT_EQ(files_->open_count(), 1u);
  const Millis idle = tiny_settings().sqlite_idle_close;
  world_.advance(idle * 2);
  world_.run_until([&] {
    world_.advance(idle / 2);
    return files_->open_count() == 0;
  });
  EXPECT_EQ(run(*db, "INSERT INTO t VALUES (1)"), "ok");
  EXPECT_EQ(files_->open_count(), 1u);
}

TEST_F(SqliteFilesTest, ADamagedFileFailsItsActorOnly) {
  open(16);
  const ActorId id = world_.make_id();
  fences_->set(id, 1);
  const auto file = files_->file(id);
  std::filesystem::create_directories(file->path().parent_path());
  std::ofstream(file->path()) << std::string(8192, 'x');
  const auto damaged = make_sqlite_database(file, 1);
  const auto failed = world_.run(damaged->execute("SELECT 1"));
  ASSERT_EQ(code_of(failed), "sqlite.unavailable");
  EXPECT_NE(failed.error().detail().find("file is not a database"), std::string::npos);
  const auto healthy = database();
  EXPECT_EQ(run(*healthy, "SELECT 1"), "ok");
  EXPECT_EQ(files_->open_count(), 1u);
}

TEST_F(SqliteFilesTest, AFileInTheWayOfADirectoryIsATypedError) {
  open(16);
  const ActorId id = world_.make_id();
  fences_->set(id, 1);
  const auto file = files_->file(id);
  std::ofstream(file->path().parent_path()) << "not a directory";
  const auto db = make_sqlite_database(file, 1);
  EXPECT_EQ(run(*db, "SELECT 1"), "sqlite.unavailable");
}

TEST_F(SqliteFilesTest, CallsThatWaitAtTheEndAreAnswered) {
  open(16);
  auto db = database();
  auto transaction = world_.run(db->begin()).value();
  auto parked = world_.start(db->execute("SELECT 1"));
  files_->close();
  EXPECT_EQ(code_of(world_.wait(parked)), "sqlite.closed");
  EXPECT_EQ(code_of(world_.run(transaction->commit())), "sqlite.transaction_closed");
  EXPECT_EQ(run(*db, "SELECT 1"), "sqlite.closed");
}

}  // namespace
}  // namespace troupe
