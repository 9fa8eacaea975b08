#include "engine/storage/sqlite/sqlite_connection.h"
#include "sqlite_world.h"

namespace troupe {
namespace {

class SqliteDatabaseTest : public SqliteWorld {
 protected:
  SqliteDatabaseTest() : id_(awake()), db_(database(id_)) {}
  std::string failure(const std::string& sql, SqlParams params = {}) {
    const auto result = execute(*db_, sql, std::move(params));
    if (result) return "no failure";
    EXPECT_EQ(result.error().id(), "core.internal_error");
    return error_text(result.error());
  }
  std::string query(const std::string& sql, SqlParams params = {}) {
    return text(execute(*db_, sql, std::move(params)));
  }

  const ActorId id_;
  std::unique_ptr<Database> db_;
};

TEST_F(SqliteDatabaseTest, TheFileIsMadeByTheFirstStatement) {
  EXPECT_FALSE(std::filesystem::exists(world_.directory() / "sqlite"));
  EXPECT_EQ(query("SELECT 1"), "1 ");
  EXPECT_FALSE(file_of(id_).empty());
}

TEST_F(SqliteDatabaseTest, ValuesOfEveryKindAreExactBothWays) {
  SqlParams params;
  params.positional = {std::monostate(),
                       std::int64_t{INT64_MIN},
                       std::int64_t{INT64_MAX},
                       0.1,
                       std::string("nul\0in text", 11),
                       Bytes{0, 255, 0},
                       std::string(),
                       Bytes()};
  const auto result = execute(*db_, "SELECT ?,?,?,?,?,?,?,?", params);
  ASSERT_TRUE(result);
  ASSERT_EQ(result->rows.size(), 1u);
  EXPECT_EQ(result->rows[0], params.positional);
}

TEST_F(SqliteDatabaseTest, DuplicateColumnNamesStayInOrder) {
  const auto result = execute(*db_, "SELECT 1 AS a, 2 AS a, 3 AS b");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->columns, (std::vector<std::string>{"a", "a", "b"}));
  EXPECT_EQ(text(result), "1 2 3 ");
}

TEST_F(SqliteDatabaseTest, NamedParametersMatchAnyPrefix) {
  SqlParams params;
  params.named = {{"a", std::int64_t{1}}, {"@b", std::int64_t{2}}, {"c", std::int64_t{3}}};
  EXPECT_EQ(query("SELECT :a, @b, $c, :a", params), "1 2 3 1 ");
  EXPECT_EQ(failure("SELECT :a, :missing", params), "missing bind parameter: :missing");
}

TEST_F(SqliteDatabaseTest, MissingPositionalParametersAreNullAndSurplusOnesAreAnError) {
  SqlParams one;
  one.positional = {std::int64_t{1}};
  EXPECT_EQ(query("SELECT ?, ?", one), "1 NULL ");
  SqlParams two;
  two.positional = {std::int64_t{1}, std::int64_t{2}};
  EXPECT_EQ(failure("SELECT ?", two), "failed to bind sqlite parameter: column index out of range");
  // The cached statement has not kept anything.
  EXPECT_EQ(query("SELECT ?, ?"), "NULL NULL ");
}

TEST_F(SqliteDatabaseTest, ErrorsCarryTheChainOfWhatWasDone) {
  EXPECT_EQ(failure("SELEC 1"), "failed to prepare sqlite execute statement: near \"SELEC\": syntax error");
  ASSERT_TRUE(execute(*db_, "CREATE TABLE items (id INTEGER PRIMARY KEY)"));
  ASSERT_TRUE(execute(*db_, "INSERT INTO items VALUES (1)"));
  EXPECT_EQ(failure("INSERT INTO items VALUES (1)"),
            "failed to step sqlite execute statement: UNIQUE constraint failed: items.id");
  const auto bad = world_.run(db_->exec("SELECT 1; SELEC 2"));
  ASSERT_FALSE(bad);
  EXPECT_EQ(error_text(bad.error()), "failed to prepare sqlite exec statement: near \"SELEC\": syntax error");
}

TEST_F(SqliteDatabaseTest, ExecuteTakesOneStatementWithCommentsAndBlanksAroundIt) {
  EXPECT_EQ(query("-- before\nSELECT 1; -- after\n ; "), "1 ");
  EXPECT_EQ(query("  -- nothing"), "");
  EXPECT_EQ(failure("SELECT 1; SELECT 2"), "sqlite execute only supports a single statement");
}

TEST_F(SqliteDatabaseTest, ExecGivesTheRowsOfTheLastStatementThatHasColumns) {
  const auto rows = world_.run(db_->exec("CREATE TABLE t (x); SELECT 1 a; SELECT 2 b; INSERT INTO t VALUES (3)"));
  ASSERT_TRUE(rows);
  EXPECT_EQ(rows->columns, std::vector<std::string>{"b"});
  EXPECT_EQ(text(rows), "2 ");
}

TEST_F(SqliteDatabaseTest, ChangesAndRowIdsBelongToTheStatement) {
  ASSERT_TRUE(execute(*db_, "CREATE TABLE t (id INTEGER PRIMARY KEY, x)"));
  const auto inserted = execute(*db_, "INSERT INTO t (x) VALUES (1), (2), (3)");
  EXPECT_EQ(inserted->changes, 3);
  EXPECT_EQ(inserted->last_insert_rowid, 3);
  EXPECT_EQ(execute(*db_, "SELECT * FROM t")->changes, 0);
  EXPECT_EQ(execute(*db_, "UPDATE t SET x = 0 WHERE id > 1")->changes, 2);
  EXPECT_EQ(execute(*db_, "DELETE FROM t WHERE id = 99")->changes, 0);
}

TEST_F(SqliteDatabaseTest, ABatchIsAppliedWhollyOrNotAtAll) {
  ASSERT_TRUE(execute(*db_, "CREATE TABLE t (id INTEGER PRIMARY KEY)"));
  const std::vector<SqlStatement> bad = {{"INSERT INTO t VALUES (1)", {}}, {"INSERT INTO t VALUES (1)", {}}};
  EXPECT_FALSE(world_.run(db_->execute_batch(bad)));
  EXPECT_EQ(query("SELECT count(*) FROM t"), "0 ");
  const std::vector<SqlStatement> good = {{"INSERT INTO t VALUES (1)", {}}, {"SELECT id FROM t", {}}};
  const auto results = world_.run(db_->execute_batch(good));
  ASSERT_TRUE(results);
  EXPECT_EQ(results->size(), 2u);
  EXPECT_EQ(query("SELECT count(*) FROM t"), "1 ");
}

TEST_F(SqliteDatabaseTest, ABatchInsideAManualTransactionLeavesItOpen) {
  ASSERT_TRUE(execute(*db_, "CREATE TABLE t (id INTEGER PRIMARY KEY)"));
  ASSERT_TRUE(execute(*db_, "BEGIN"));
  ASSERT_TRUE(execute(*db_, "INSERT INTO t VALUES (7)"));
  const std::vector<SqlStatement> bad = {{"INSERT INTO t VALUES (1)", {}}, {"INSERT INTO t VALUES (1)", {}}};
  EXPECT_FALSE(world_.run(db_->execute_batch(bad)));
  ASSERT_TRUE(execute(*db_, "COMMIT"));
  EXPECT_EQ(query("SELECT id FROM t"), "7 ");
}

TEST_F(SqliteDatabaseTest, ForeignKeysAreCheckedAndTriggersRecurse) {
  EXPECT_EQ(query("PRAGMA foreign_keys"), "1 ");
  EXPECT_EQ(query("PRAGMA recursive_triggers"), "1 ");
  EXPECT_EQ(query("PRAGMA journal_mode"), "'wal' ");
  EXPECT_EQ(query("PRAGMA synchronous"), "2 ");
}

TEST_F(SqliteDatabaseTest, TheJournalModeStaysAndVacuumWorks) {
  ASSERT_TRUE(execute(*db_, "CREATE TABLE t (x)"));
  ASSERT_TRUE(execute(*db_, "PRAGMA journal_mode = DELETE"));
  ASSERT_TRUE(execute(*db_, "PRAGMA locking_mode = NORMAL"));
  EXPECT_EQ(query("PRAGMA journal_mode"), "'wal' ");
  EXPECT_EQ(query("PRAGMA journal_mode = WAL"), "'wal' ");
  EXPECT_EQ(query("PRAGMA locking_mode"), "'exclusive' ");
  ASSERT_TRUE(execute(*db_, "VACUUM"));
  EXPECT_EQ(query("PRAGMA integrity_check"), "'ok' ");
}

TEST_F(SqliteDatabaseTest, OtherFilesCannotBeAttached) {
  const std::string other = (world_.directory() / "other.sqlite").string();
  EXPECT_EQ(failure("ATTACH DATABASE '" + other + "' AS other"),
            "failed to prepare sqlite execute statement: not authorized");
  EXPECT_FALSE(execute(*db_, "VACUUM INTO '" + other + "'"));
  EXPECT_FALSE(std::filesystem::exists(other));
}

TEST_F(SqliteDatabaseTest, AResultThatIsTooLargeIsATypedErrorAndTheDatabaseGoesOn) {
  const auto result =
      execute(*db_, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT zeroblob(1000000) FROM n");
  ASSERT_EQ(code_of(result), "sqlite.result_too_large");
  EXPECT_EQ(result.error().metadata()->find("limit")->as_int(), std::int64_t{kSqlResultBytesMax});
  EXPECT_EQ(query("SELECT 1"), "1 ");
}

TEST_F(SqliteDatabaseTest, AFullDatabaseFailsTheStatementOnly) {
  ASSERT_TRUE(execute(*db_, "CREATE TABLE t (x)"));
  ASSERT_TRUE(execute(*db_, "PRAGMA max_page_count = 8"));
  EXPECT_EQ(failure("INSERT INTO t VALUES (zeroblob(100000))"),
            "failed to step sqlite execute statement: database or disk is full");
  EXPECT_EQ(query("SELECT count(*) FROM t"), "0 ");
  EXPECT_EQ(code_of(execute(*db_, "INSERT INTO t VALUES (1)")), "ok");
}

TEST_F(SqliteDatabaseTest, CachedStatementsFollowTheSchema) {
  ASSERT_TRUE(execute(*db_, "CREATE TABLE t (a)"));
  ASSERT_TRUE(execute(*db_, "INSERT INTO t VALUES (1)"));
  EXPECT_EQ(query("SELECT * FROM t"), "1 ");
  ASSERT_TRUE(execute(*db_, "ALTER TABLE t ADD COLUMN b DEFAULT 2"));
  const auto result = execute(*db_, "SELECT * FROM t");
  EXPECT_EQ(result->columns, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(text(result), "1 2 ");
}

TEST_F(SqliteDatabaseTest, MoreThan128WaitingCallsAreTurnedAwayAndLoseNothing) {
  ASSERT_TRUE(execute(*db_, "CREATE TABLE t (x)"));
  auto held = world_.run(db_->begin());
  ASSERT_TRUE(held);
  std::vector<Pending<Result<SqlResult>>> calls;
  for (int i = 0; i < 130; ++i) calls.push_back(world_.start(db_->execute("INSERT INTO t VALUES (1)")));
  EXPECT_EQ(code_of(world_.wait(calls[128])), "sqlite.transaction_queue_full");
  EXPECT_EQ(code_of(world_.wait(calls[129])), "sqlite.transaction_queue_full");
  ASSERT_TRUE(world_.run((*held)->commit()));
  for (int i = 0; i < 128; ++i) EXPECT_EQ(code_of(world_.wait(calls[static_cast<std::size_t>(i)])), "ok");
  EXPECT_EQ(query("SELECT count(*) FROM t"), "128 ");
}

}  // namespace
}  // namespace troupe
