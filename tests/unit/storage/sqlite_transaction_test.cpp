#include <sys/resource.h>

#include <csignal>

#include "engine/storage/sqlite/sqlite_file.h"
#include "sqlite_world.h"

namespace troupe {
namespace {

/// Runs for ever, unless interrupted.
constexpr const char* kRunaway = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n";

class SqliteTransactionTest : public SqliteWorld {
 protected:
  SqliteTransactionTest() : id_(awake()), db_(database(id_)) { EXPECT_TRUE(execute(*db_, "CREATE TABLE t (x)")); }
  std::shared_ptr<SqlTransaction> begin(Millis timeout = std::chrono::seconds(60)) {
    return world_.run(db_->begin(timeout)).value();
  }
  std::string in(SqlTransaction& transaction, std::string sql) {
    return text(world_.run(transaction.execute(std::move(sql))));
  }
  std::string rows() { return text(execute(*db_, "SELECT x FROM t ORDER BY rowid")); }

  const ActorId id_;
  std::unique_ptr<Database> db_;
};

TEST_F(SqliteTransactionTest, CommitKeepsAndRollbackForgets) {
  auto first = begin();
  EXPECT_EQ(in(*first, "INSERT INTO t VALUES (1)"), "");
  EXPECT_TRUE(world_.run(first->commit()));
  auto second = begin();
  EXPECT_EQ(in(*second, "INSERT INTO t VALUES (2)"), "");
  EXPECT_TRUE(world_.run(second->rollback()));
  EXPECT_EQ(rows(), "1 ");
}

TEST_F(SqliteTransactionTest, EverythingElseWaitsInOrderUntilTheTransactionEnds) {
  auto transaction = begin();
  auto query = world_.start(db_->execute("SELECT count(*) FROM t"));
  auto next = world_.start(db_->begin());
  auto after = world_.start(db_->execute("INSERT INTO t VALUES (3)"));
  EXPECT_EQ(in(*transaction, "INSERT INTO t VALUES (1)"), "");
  EXPECT_FALSE(query.done());
  EXPECT_TRUE(world_.run(transaction->commit()));
  EXPECT_EQ(text(world_.wait(query)), "1 ");
  auto second = world_.wait(next).value();
  EXPECT_EQ(in(*second, "INSERT INTO t VALUES (2)"), "");
  EXPECT_FALSE(after.done());
  EXPECT_TRUE(world_.run(second->commit()));
  EXPECT_EQ(code_of(world_.wait(after)), "ok");
  EXPECT_EQ(rows(), "1 2 3 ");
}

TEST_F(SqliteTransactionTest, AFinishedHandleSaysHowItEnded) {
  auto committed = begin();
  EXPECT_TRUE(world_.run(committed->commit()));
  const auto late = world_.run(committed->execute("SELECT 1"));
  ASSERT_EQ(code_of(late), "sqlite.transaction_terminal");
  EXPECT_EQ(late.error().message(), "The transaction is already committed.");
  EXPECT_EQ(code_of(world_.run(committed->rollback())), "sqlite.transaction_terminal");
  auto rolled_back = begin();
  EXPECT_TRUE(world_.run(rolled_back->rollback()));
  EXPECT_EQ(world_.run(rolled_back->commit()).error().message(), "The transaction is already rolled back.");
}

TEST_F(SqliteTransactionTest, ExpiryRollsBackAndFailsWhatWaits) {
  auto transaction = begin(Millis(5'000));
  EXPECT_EQ(in(*transaction, "INSERT INTO t VALUES (1)"), "");
  auto parked = world_.start(db_->execute("INSERT INTO t VALUES (2)"));
  auto parked_begin = world_.start(db_->begin());
  world_.advance(Millis(4'999));
  EXPECT_FALSE(parked.done());
  world_.advance(Millis(1));
  const auto& failed = world_.wait(parked);
  ASSERT_EQ(code_of(failed), "sqlite.transaction_expired");
  EXPECT_EQ(failed.error().metadata()->find("timeout_ms")->as_int(), 5'000);
  EXPECT_EQ(code_of(world_.wait(parked_begin)), "sqlite.transaction_expired");
  EXPECT_EQ(code_of(world_.run(transaction->execute("SELECT 1"))), "sqlite.transaction_expired");
  EXPECT_EQ(rows(), "");
  EXPECT_EQ(code_of(world_.run(transaction->commit())), "sqlite.transaction_expired");
}

TEST_F(SqliteTransactionTest, AFinishedTransactionDoesNotExpire) {
  auto transaction = begin(Millis(5'000));
  EXPECT_TRUE(world_.run(transaction->commit()));
  world_.advance(Millis(6'000));
  EXPECT_EQ(code_of(world_.run(transaction->commit())), "sqlite.transaction_terminal");
  auto next = begin(Millis(5'000));
  EXPECT_TRUE(world_.run(next->commit()));
}

TEST_F(SqliteTransactionTest, DroppingTheHandleRollsBack) {
  auto transaction = begin();
  EXPECT_EQ(in(*transaction, "INSERT INTO t VALUES (1)"), "");
  auto parked = world_.start(db_->execute("SELECT count(*) FROM t"));
  transaction.reset();
  EXPECT_EQ(text(world_.wait(parked)), "0 ");
}

TEST_F(SqliteTransactionTest, ATimeoutMustBePositive) {
  EXPECT_EQ(code_of(world_.run(db_->begin(Millis(0)))), "sqlite.transaction_invalid_argument");
}

TEST_F(SqliteTransactionTest, ACommitThatFailsIsRolledBack) {
  ASSERT_TRUE(
      world_.run(db_->exec("CREATE TABLE p (id INTEGER PRIMARY KEY);"
                           "CREATE TABLE c (p REFERENCES p DEFERRABLE INITIALLY DEFERRED)")));
  auto transaction = begin();
  EXPECT_EQ(in(*transaction, "INSERT INTO c VALUES (99)"), "");
  const auto failed = world_.run(transaction->commit());
  ASSERT_EQ(code_of(failed), "core.internal_error");
  EXPECT_EQ(code_of(world_.run(transaction->commit())), "sqlite.transaction_terminal");
  EXPECT_EQ(text(execute(*db_, "SELECT count(*) FROM c")), "0 ");
}

/// While it lives no file of the process grows beyond this size.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(std::uintmax_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    // The write then fails instead.
    handler_ = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_{};
  void (*handler_)(int) = nullptr;
};

TEST_F(SqliteTransactionTest, ACommitThatFailsWhileItWritesSaysThatItsEndIsNotKnown) {
  auto transaction = begin();
  EXPECT_EQ(in(*transaction, "INSERT INTO t VALUES (1)"), "");
  {
    const FileSizeLimit limit(std::filesystem::file_size(file_of(id_).string() + "-wal"));
    const auto failed = world_.run(transaction->commit());
    ASSERT_EQ(code_of(failed), "sqlite.commit_undecided");
    EXPECT_NE(failed.error().detail(), "") << "what SQLite says";
    EXPECT_EQ(code_of(world_.run(transaction->commit())), "sqlite.transaction_terminal");
  }
  EXPECT_EQ(rows(), "") << "as long as the file stays open";
  ASSERT_TRUE(execute(*db_, "INSERT INTO t VALUES (2)"));
  EXPECT_EQ(rows(), "2 ");
}

TEST_F(SqliteTransactionTest, ATransactionThatSqliteEndedItselfRunsNothingMore) {
  ASSERT_TRUE(execute(*db_, "CREATE TABLE u (id INTEGER PRIMARY KEY)"));
  ASSERT_TRUE(execute(*db_, "INSERT INTO u VALUES (1)"));
  auto transaction = begin();
  EXPECT_EQ(in(*transaction, "INSERT INTO t VALUES (1)"), "");
  EXPECT_EQ(code_of(world_.run(transaction->execute("INSERT OR ROLLBACK INTO u VALUES (1)"))), "core.internal_error");
  EXPECT_EQ(code_of(world_.run(transaction->execute("INSERT INTO t VALUES (2)"))), "sqlite.transaction_terminal");
  EXPECT_EQ(rows(), "");
}

TEST_F(SqliteTransactionTest, ClosingRollsBackAndFailsEverythingElse) {
  auto transaction = begin();
  EXPECT_EQ(in(*transaction, "INSERT INTO t VALUES (1)"), "");
  auto parked = world_.start(db_->execute("INSERT INTO t VALUES (2)"));
  world_.run(actors_->close_database(id_, 1));
  EXPECT_EQ(code_of(world_.wait(parked)), "sqlite.transaction_closed");
  EXPECT_EQ(code_of(world_.run(transaction->execute("SELECT 1"))), "sqlite.transaction_closed");
  EXPECT_EQ(code_of(execute(*db_, "SELECT 1")), "sqlite.closed");
  EXPECT_EQ(code_of(world_.run(db_->begin())), "sqlite.closed");
  // The file is complete without its log.
  EXPECT_FALSE(std::filesystem::exists(file_of(id_).string() + "-wal"));
  actors_->set_generation(id_, 2);
  const auto again = database(id_, 2);
  EXPECT_EQ(text(execute(*again, "SELECT count(*) FROM t")), "0 ");
}

TEST_F(SqliteTransactionTest, ANewGenerationTakesTheFileOver) {
  auto transaction = begin();
  EXPECT_EQ(in(*transaction, "INSERT INTO t VALUES (1)"), "");
  actors_->set_generation(id_, 2);
  const auto newer = database(id_, 2);
  EXPECT_EQ(text(execute(*newer, "SELECT count(*) FROM t")), "0 ");
  EXPECT_EQ(code_of(execute(*db_, "SELECT 1")), "sqlite.closed");
  EXPECT_EQ(code_of(world_.run(transaction->commit())), "sqlite.transaction_closed");
  // The old generation's end does not close the new one's file.
  world_.run(actors_->close_database(id_, 1));
  db_.reset();
  EXPECT_EQ(text(execute(*newer, "SELECT 1")), "1 ");
}

TEST_F(SqliteTransactionTest, AFencedGenerationRunsNothing) {
  actors_->set_generation(id_, 2);
  EXPECT_EQ(code_of(execute(*db_, "INSERT INTO t VALUES (1)")), "actor.fenced");
}

TEST_F(SqliteTransactionTest, ARunawayStatementIsInterruptedSomeTimeAfterTheClose) {
  auto runaway = world_.start(db_->execute(kRunaway));
  auto closing = world_.start([](ActorStore* actors, ActorId id) -> Task<bool> {
    co_await actors->close_database(id, 1);
    co_return true;
  }(actors_.get(), id_));
  // The statement may begin at any time; once it runs, the grace ends it.
  while (!closing.done()) {
    world_.advance(kSqlRunawayGrace);
    boost::asio::post(world_.ports().io, [] {});
    bool ticked = false;
    boost::asio::post(world_.pool(), [&] { boost::asio::post(world_.ports().io, [&] { ticked = true; }); });
    world_.run_until([&] { return ticked; });
  }
  const auto& failed = world_.wait(runaway);
  ASSERT_FALSE(failed);
}

TEST_F(SqliteTransactionTest, ARunawayStatementCannotHoldAnExpiredTransaction) {
  auto transaction = begin(Millis(1'000));
  auto runaway = world_.start(transaction->execute(kRunaway));
  while (!runaway.done()) {
    world_.advance(kSqlRunawayGrace);
    bool ticked = false;
    boost::asio::post(world_.pool(), [&] { boost::asio::post(world_.ports().io, [&] { ticked = true; }); });
    world_.run_until([&] { return ticked; });
  }
  EXPECT_FALSE(world_.wait(runaway));
  EXPECT_EQ(rows(), "");
}

}  // namespace
}  // namespace troupe
