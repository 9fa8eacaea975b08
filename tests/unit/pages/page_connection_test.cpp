#include "engine/storage/pages/sqlite/page_connection.h"

#include <random>

#include "engine/storage/run_on_pool.h"
#include "pages_world.h"

namespace troupe {
namespace {

/// Rows as text, or SQLite's error code.
std::string run_sql(sqlite3* database, const std::string& sql) {
  std::string out;
  const auto append = [](void* to, int count, char** values, char**) {
    auto& text = *static_cast<std::string*>(to);
    for (int i = 0; i < count; ++i) text += std::string(values[i] ? values[i] : "NULL") + (i + 1 < count ? "," : ";");
    return 0;
  };
  const int code = sqlite3_exec(database, sql.c_str(), append, &out, nullptr);
  return code == SQLITE_OK ? out : "error " + std::to_string(code & 0xff);
}

class PageConnectionTest : public PagesTest {
 protected:
  /// SQL on the pool, and then the commit of what it changed.
  std::string sql(const std::string& text) {
    auto job = [this, text] {
      if (!connection_) {
        auto opened = PageConnection::open(*store_, world_.ports().clock, id_);
        if (!opened) return opened.error().id();
        connection_ = *std::move(opened);
      }
      return run_sql(connection_->database(), text);
    };
    std::string out = world_.run(run_on_pool(world_.ports().storage, job));
    commit_changes();
    return out;
  }
  void commit_changes() {
    if (!connection_) return;
    auto commit = connection_->file().take_commit();
    if (!commit) return;
    ++commits_;
    const auto txid = world_.run(pages().commit(id_, 1, *std::move(commit)));
    ASSERT_TRUE(txid) << txid.error().id();
    connection_->file().committed(*txid);
  }
  void close() { connection_.reset(); }

  const ActorId id_ = awake();
  std::unique_ptr<PageConnection> connection_;
  int commits_ = 0;
};

TEST_F(PageConnectionTest, RowsAreThereForTheNextConnection) {
  EXPECT_EQ(sql("CREATE TABLE t (a, b); INSERT INTO t VALUES (1, 'x'), (2, NULL)"), "");
  EXPECT_EQ(commits_, 1);
  EXPECT_EQ(sql("SELECT * FROM t ORDER BY a"), "1,x;2,NULL;");
  EXPECT_EQ(commits_, 1);
  close();
  EXPECT_EQ(sql("SELECT * FROM t ORDER BY a"), "1,x;2,NULL;");
  EXPECT_EQ(sql("PRAGMA integrity_check"), "ok;");
}

TEST_F(PageConnectionTest, OnlyEndedTransactionsAreCommitted) {
  sql("CREATE TABLE t (a)");
  EXPECT_EQ(commits_, 1);
  sql("BEGIN; INSERT INTO t VALUES (1)");
  sql("INSERT INTO t VALUES (2)");
  EXPECT_EQ(commits_, 1);
  close();
  EXPECT_EQ(sql("SELECT count(*) FROM t"), "0;");
  sql("BEGIN; INSERT INTO t VALUES (1)");
  sql("COMMIT; BEGIN; INSERT INTO t VALUES (2)");
  EXPECT_EQ(commits_, 2);
  close();
  EXPECT_EQ(sql("SELECT * FROM t"), "1;");
  sql("BEGIN; DELETE FROM t");
  sql("ROLLBACK");
  EXPECT_EQ(sql("SELECT * FROM t"), "1;");
}

TEST_F(PageConnectionTest, TransactionsLargerThanTheCacheOfSqliteAreAllOrNothing) {
  sql("CREATE TABLE t (id INTEGER PRIMARY KEY, a)");
  const std::string fill =
      "INSERT INTO t (a) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
      "WHERE i < 3000) SELECT randomblob(1000) FROM n";
  EXPECT_EQ(sql("BEGIN; " + fill + "; ROLLBACK; SELECT count(*) FROM t"), "0;");
  EXPECT_EQ(sql("BEGIN; " + fill), "");
  close();
  EXPECT_EQ(sql("SELECT count(*) FROM t"), "0;");
  EXPECT_EQ(sql(fill), "");
  close();
  EXPECT_EQ(sql("SELECT count(*), sum(length(a)) FROM t"), "3000,3000000;");
  EXPECT_EQ(sql("PRAGMA integrity_check"), "ok;");
  EXPECT_EQ(sql("DELETE FROM t; VACUUM"), "");
  close();
  EXPECT_EQ(sql("PRAGMA integrity_check"), "ok;");
  EXPECT_LT(rows(keys::pages_from(id_, 0)), 8u);
}

TEST_F(PageConnectionTest, AStatementThatChangesTooMuchFailsAndTheDatabaseGoesOn) {
  sql("CREATE TABLE t (a)");
  const std::string huge =
      "INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
      "WHERE i < 20000) SELECT zeroblob(4000) FROM n";
  EXPECT_EQ(sql(huge), "error " + std::to_string(SQLITE_FULL));
  EXPECT_EQ(sql("SELECT count(*) FROM t"), "0;");
  EXPECT_EQ(sql("INSERT INTO t VALUES (1)"), "");
  close();
  EXPECT_EQ(sql("SELECT * FROM t; PRAGMA integrity_check"), "1;ok;");
}

TEST_F(PageConnectionTest, AnotherWritersCommitMakesReadsFail) {
  sql("CREATE TABLE t (a); INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
      "WHERE i < 2000) SELECT randomblob(2000) FROM n");
  close();
  EXPECT_EQ(sql("SELECT 1"), "1;");
  ASSERT_EQ(commit(id_, {}, 0, head(id_).size_pages), "ok 2");
  EXPECT_EQ(sql("SELECT sum(length(a)) FROM t"), "error " + std::to_string(SQLITE_IOERR));
  EXPECT_TRUE(connection_->file().failure());
}

TEST_F(PageConnectionTest, TheFileSystemIsOutOfReach) {
  const std::string denied = "error " + std::to_string(SQLITE_AUTH);
  EXPECT_EQ(sql("ATTACH '/tmp/x.sqlite' AS x"), denied);
  EXPECT_EQ(sql("ATTACH 'file:/tmp/x.sqlite?vfs=unix' AS x"), denied);
  sql("CREATE TABLE t (a)");
  EXPECT_EQ(sql("VACUUM INTO '/tmp/x.sqlite'").substr(0, 5), "error");
  EXPECT_EQ(sql("SELECT load_extension('x')").substr(0, 5), "error");
  EXPECT_EQ(sql("ATTACH ':memory:' AS m; CREATE TABLE m.t (a); INSERT INTO m.t VALUES (5); SELECT * FROM m.t"), "5;");
}

TEST_F(PageConnectionTest, SettingsThatBelongToTheEngineStay) {
  EXPECT_EQ(sql("PRAGMA journal_mode"), "delete;");
  EXPECT_EQ(sql("PRAGMA journal_mode = WAL"), "delete;");
  EXPECT_EQ(sql("PRAGMA page_size = 512; CREATE TABLE t (a); PRAGMA page_size"), "4096;");
  EXPECT_EQ(sql("PRAGMA locking_mode = NORMAL; PRAGMA locking_mode"), "exclusive;");
  EXPECT_EQ(sql("PRAGMA foreign_keys"), "1;");
  EXPECT_EQ(sql("PRAGMA user_version = 7"), "");
  close();
  EXPECT_EQ(sql("PRAGMA user_version"), "7;");
}

TEST_F(PageConnectionTest, StatementsEndAtTheDeadline) {
  EXPECT_EQ(sql("SELECT 1"), "1;");
  connection_->set_deadline(world_.ports().clock.monotonic());
  EXPECT_EQ(sql("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"),
            "error " + std::to_string(SQLITE_INTERRUPT));
}

TEST_F(PageConnectionTest, ADatabaseFullOfNonsenseIsRefused) {
  ASSERT_EQ(commit(id_, {1, 2}, 3, 2), "ok 1");
  EXPECT_EQ(sql("SELECT 1"), "sqlite.unavailable");
}

/// Statements on two tables, some of which fail.
class Statements {
 public:
  explicit Statements(unsigned seed) : random_(seed) {}

  std::string next() {
    const std::string key = std::to_string(pick(200));
    switch (pick(14)) {
      case 0:
        return "BEGIN";
      case 1:
        return "COMMIT";
      case 2:
        return "ROLLBACK";
      case 3:
        return "DELETE FROM t WHERE id % 7 = " + std::to_string(pick(7));
      case 4:
        return "UPDATE t SET a = a || 'y' WHERE id < " + key;
      case 5:
        return "INSERT INTO u SELECT id, a FROM t";
      case 6:
        return "DELETE FROM u";
      case 7:
        return "SAVEPOINT s; INSERT OR REPLACE INTO t VALUES (" + key + ", 'sp'); ROLLBACK TO s; RELEASE s";
      case 8:
        return pick(4) == 0 ? "VACUUM" : "CREATE INDEX IF NOT EXISTS i ON t (a); DROP INDEX i";
      case 9:
        return "INSERT INTO t VALUES (" + key + ", 'clash'); INSERT INTO t VALUES (" + key + ", 'clash')";
      default:
        return "INSERT OR REPLACE INTO t VALUES (" + key + ", '" +
               std::string(static_cast<std::size_t>(pick(9'000)), static_cast<char>('a' + pick(26))) + "')";
    }
  }
  bool reopens() { return pick(20) == 0; }

 private:
  int pick(int below) { return static_cast<int>(random_() % static_cast<unsigned>(below)); }
  std::mt19937 random_;
};

class PageConnectionPropertyTest : public PageConnectionTest, public testing::WithParamInterface<unsigned> {};

TEST_P(PageConnectionPropertyTest, ItBehavesLikePlainSqlite) {
  sqlite3* plain = nullptr;
  ASSERT_EQ(sqlite3_open(":memory:", &plain), SQLITE_OK);
  run_sql(plain, "PRAGMA foreign_keys = ON; PRAGMA recursive_triggers = OFF");
  Statements statements(GetParam());
  const std::string schema = "CREATE TABLE t (id INTEGER PRIMARY KEY, a); CREATE TABLE u (id, a)";
  run_sql(plain, schema);
  sql(schema);
  const std::string all =
      "SELECT count(*), total(length(a)), total(id) FROM t; SELECT count(*), total(length(a)) FROM u";
  for (int i = 0; i < 150; ++i) {
    const std::string text = statements.next();
    ASSERT_EQ(sql(text), run_sql(plain, text)) << text;
    if (sqlite3_get_autocommit(plain) && statements.reopens()) close();
    ASSERT_EQ(sql(all), run_sql(plain, all)) << "after " << text;
  }
  run_sql(plain, "ROLLBACK");
  sql("ROLLBACK");
  close();
  EXPECT_EQ(sql("SELECT * FROM t ORDER BY id"), run_sql(plain, "SELECT * FROM t ORDER BY id"));
  EXPECT_EQ(sql("PRAGMA integrity_check"), "ok;");
  sqlite3_close(plain);
}

INSTANTIATE_TEST_SUITE_P(Seeds, PageConnectionPropertyTest, testing::Range(1u, 7u));

}  // namespace
}  // namespace troupe
