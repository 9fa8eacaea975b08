#include <cmath>
#include <future>

#include "envoystore_world.h"

namespace troupe {
namespace {

using namespace envoyproto;

class RemoteRequestsTest : public EnvoyStoreTest {
 protected:
  template <class Request>
  Request request_of(std::uint64_t generation = 1) {
    Request request;
    request.namespace_id = "default";
    request.actor_id = id_.text();
    request.generation = generation;
    return request;
  }
  SqliteExecResponse exec(std::string sql, std::uint64_t generation = 1) {
    auto request = request_of<SqliteExecRequest>(generation);
    request.sql = std::move(sql);
    return ask(std::move(request));
  }
  SqliteExecuteResponse execute(std::string sql, std::optional<std::vector<SqliteValue>> params = {}) {
    auto request = request_of<SqliteExecuteRequest>();
    request.sql = std::move(sql);
    request.params = std::move(params);
    return ask(std::move(request));
  }
  SqliteExecuteBatchResponse batch(std::vector<SqliteBatchStatement> statements) {
    auto request = request_of<SqliteExecuteBatchRequest>();
    request.statements = std::move(statements);
    return ask(std::move(request));
  }
  SqliteExecuteResult result(std::string sql, std::optional<std::vector<SqliteValue>> params = {}) {
    const auto response = execute(std::move(sql), std::move(params));
    EXPECT_EQ(outcome(response), "ok");
    const auto* ok = std::get_if<SqliteExecuteOk>(&response);
    return ok ? ok->result : SqliteExecuteResult();
  }
  std::int64_t number(std::string sql) { return std::get<std::int64_t>(result(std::move(sql)).rows.at(0).at(0)); }
  std::uint64_t txid() {
    SqliteGetPagesRequest read;
    read.actor_id = id_.text();
    read.expected_generation = 1;
    return *std::get<SqliteGetPagesOk>(ask(read)).head_txid;
  }
};

TEST_F(RemoteRequestsTest, ValuesComeBackByTheirStorageClass) {
  ASSERT_EQ(outcome(exec("CREATE TABLE t (a)")), "ok");
  const std::vector<SqliteValue> values{
      SqliteNull(),        std::int64_t{INT64_MIN}, std::int64_t{INT64_MAX}, 0.1,     -0.0,
      std::string("täxt"), std::string(),           Bytes{0, 1, 255},        Bytes(), std::string("a\0b", 3)};
  for (const SqliteValue& value : values) result("INSERT INTO t VALUES (?)", std::vector<SqliteValue>{value});
  const auto selected = result("SELECT a FROM t ORDER BY rowid");
  ASSERT_EQ(selected.rows.size(), values.size());
  for (std::size_t i = 0; i < values.size(); ++i) EXPECT_EQ(selected.rows[i][0], values[i]) << i;
  EXPECT_TRUE(std::signbit(std::get<double>(selected.rows[4][0])));
}

TEST_F(RemoteRequestsTest, ColumnsChangesAndRowIds) {
  auto made = result("CREATE TABLE t (id INTEGER PRIMARY KEY, a)");
  EXPECT_TRUE(made.columns.empty());
  EXPECT_EQ(made.changes, 0);
  EXPECT_FALSE(made.last_insert_row_id);
  auto inserted = result("INSERT INTO t (a) VALUES ('x'), ('y')");
  EXPECT_EQ(inserted.changes, 2);
  EXPECT_EQ(inserted.last_insert_row_id, 2);
  auto returned = result("INSERT INTO t (a) VALUES ('z') RETURNING id, upper(a)");
  EXPECT_EQ(returned.columns, (std::vector<std::string>{"id", "upper(a)"}));
  EXPECT_EQ(returned.rows, (std::vector<std::vector<SqliteValue>>{{std::int64_t{3}, std::string("Z")}}));
  EXPECT_EQ(returned.changes, 1);
  const auto nothing = result("SELECT * FROM t WHERE 0");
  EXPECT_EQ(nothing.columns, (std::vector<std::string>{"id", "a"}));
  EXPECT_TRUE(nothing.rows.empty());
  EXPECT_EQ(result(" -- nothing\n"), SqliteExecuteResult());
}

TEST_F(RemoteRequestsTest, ExecRunsAllStatementsAndAnswersTheLastRows) {
  const auto response =
      exec("CREATE TABLE t (a); INSERT INTO t VALUES (1), (2); SELECT a FROM t; DELETE FROM t; -- end");
  const auto& rows = std::get<SqliteExecOk>(response).result;
  EXPECT_EQ(rows.columns, (std::vector<std::string>{"a"}));
  EXPECT_EQ(rows.rows.size(), 2u);
  EXPECT_EQ(number("SELECT count(*) FROM t"), 0);
  EXPECT_EQ(outcome(exec("INSERT INTO t VALUES (1); nonsense; INSERT INTO t VALUES (2)")),
            "core.internal_error: failed to prepare sqlite exec statement: near \"nonsense\": syntax error");
  EXPECT_EQ(number("SELECT count(*) FROM t"), 1);
}

TEST_F(RemoteRequestsTest, ErrorsSayWhatSqliteSays) {
  EXPECT_EQ(outcome(execute("SELECT * FROM missing")),
            "core.internal_error: failed to prepare sqlite execute statement: no such table: missing");
  ASSERT_EQ(outcome(exec("CREATE TABLE t (a UNIQUE); INSERT INTO t VALUES (1)")), "ok");
  EXPECT_EQ(outcome(execute("INSERT INTO t VALUES (1)")),
            "core.internal_error: failed to step sqlite execute statement: UNIQUE constraint failed: t.a");
  EXPECT_EQ(outcome(execute("SELECT 1; SELECT 2")),
            "core.internal_error: sqlite execute only supports a single statement");
  EXPECT_EQ(outcome(execute("SELECT 1; nonsense")),
            "core.internal_error: sqlite execute only supports a single statement");
  EXPECT_EQ(outcome(execute("SELECT ?", std::vector<SqliteValue>{std::int64_t{1}, std::int64_t{2}})),
            "core.internal_error: failed to bind sqlite parameter: column index out of range");
  EXPECT_TRUE(std::holds_alternative<SqliteNull>(result("SELECT ?2", std::vector<SqliteValue>{}).rows[0][0]));
}

TEST_F(RemoteRequestsTest, ParametersAndAnswersAreBounded) {
  EXPECT_EQ(outcome(execute("SELECT length(?)", std::vector<SqliteValue>{Bytes(131'072)})), "ok");
  EXPECT_EQ(outcome(execute("SELECT length(?)", std::vector<SqliteValue>{Bytes(131'066), std::int64_t{1}})),
            "core.internal_error: remote sqlite bind params had 131074 bytes, exceeding limit 131072");
  EXPECT_EQ(outcome(execute("SELECT zeroblob(17000000)")).substr(0, 23), "sqlite.result_too_large");
  const SqliteBatchStatement half{"SELECT zeroblob(9000000)", {}};
  EXPECT_EQ(outcome(batch({half})), "ok");
  EXPECT_EQ(outcome(batch({half, half})).substr(0, 23), "sqlite.result_too_large");
}

TEST_F(RemoteRequestsTest, BatchesAreAllOrNothing) {
  ASSERT_EQ(outcome(exec("CREATE TABLE t (a UNIQUE)")), "ok");
  const std::uint64_t before = txid();
  auto response = batch({{"INSERT INTO t VALUES (?)", {{std::int64_t{1}}}}, {"SELECT a FROM t", {}}});
  ASSERT_EQ(outcome(response), "ok");
  const auto& results = std::get<SqliteExecuteBatchOk>(response).results;
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(results[0].changes, 1);
  EXPECT_EQ(results[1].rows.size(), 1u);
  EXPECT_EQ(txid(), before + 1);
  EXPECT_EQ(outcome(batch({{"INSERT INTO t VALUES (2)", {}}, {"INSERT INTO t VALUES (1)", {}}})),
            "core.internal_error: execute remote sqlite batch statement: failed to step sqlite execute statement: "
            "UNIQUE constraint failed: t.a");
  EXPECT_EQ(number("SELECT count(*) FROM t"), 1);
  EXPECT_EQ(txid(), before + 1);
  EXPECT_EQ(std::get<SqliteExecuteBatchOk>(batch({})).results.size(), 0u);
  ASSERT_EQ(outcome(exec("PRAGMA foreign_keys = ON; CREATE TABLE p (id INTEGER PRIMARY KEY);"
                         "CREATE TABLE c (p REFERENCES p DEFERRABLE INITIALLY DEFERRED)")),
            "ok");
  EXPECT_EQ(outcome(batch({{"INSERT INTO c VALUES (5)", {}}})),
            "core.internal_error: commit remote sqlite batch: failed to step sqlite execute statement: FOREIGN KEY "
            "constraint failed");
  EXPECT_EQ(number("SELECT count(*) FROM c"), 0);
}

TEST_F(RemoteRequestsTest, ATransactionMaySpanRequests) {
  ASSERT_EQ(outcome(exec("CREATE TABLE t (a)")), "ok");
  const std::uint64_t before = txid();
  ASSERT_EQ(outcome(exec("BEGIN")), "ok");
  ASSERT_EQ(outcome(execute("INSERT INTO t VALUES (1)")), "ok");
  EXPECT_EQ(txid(), before);
  EXPECT_EQ(number("SELECT count(*) FROM t"), 1);
  ASSERT_EQ(outcome(exec("ROLLBACK")), "ok");
  EXPECT_EQ(number("SELECT count(*) FROM t"), 0);
  ASSERT_EQ(outcome(exec("BEGIN; INSERT INTO t VALUES (2)")), "ok");
  ASSERT_EQ(outcome(exec("COMMIT")), "ok");
  EXPECT_EQ(txid(), before + 1);
}

TEST_F(RemoteRequestsTest, AnAnswerMeansStored) {
  ASSERT_EQ(outcome(exec("CREATE TABLE t (a); INSERT INTO t VALUES (7)")), "ok");
  close();
  open();
  peer_ = envoys_->connect(ns_.id, ns_.name);
  actors_->set_generation(id_, 1);
  EXPECT_EQ(number("SELECT a FROM t"), 7);
}

TEST_F(RemoteRequestsTest, AnotherGenerationStartsAfreshAndTheOldOneIsOver) {
  ASSERT_EQ(outcome(exec("CREATE TABLE t (a); BEGIN; INSERT INTO t VALUES (1)")), "ok");
  actors_->set_generation(id_, 2);
  EXPECT_EQ(outcome(exec("COMMIT", 1)), "core.internal_error: actor does not exist");
  EXPECT_EQ(outcome(exec("INSERT INTO t VALUES (2)", 2)), "ok");
  const auto rows = std::get<SqliteExecOk>(exec("SELECT a FROM t", 2)).result.rows;
  EXPECT_EQ(rows, (std::vector<std::vector<SqliteValue>>{{std::int64_t{2}}}));
}

TEST_F(RemoteRequestsTest, PagesThatTheEnvoyWritesItselfAreSeen) {
  ASSERT_EQ(outcome(exec("CREATE TABLE t (a); INSERT INTO t VALUES (1)")), "ok");
  SqliteGetPagesRequest read;
  read.actor_id = id_.text();
  read.expected_generation = 1;
  read.pgnos = {1, 2};
  const auto before = std::get<SqliteGetPagesOk>(ask(read));
  ASSERT_EQ(outcome(exec("UPDATE t SET a = 2")), "ok");
  SqliteCommitRequest restore;
  restore.actor_id = id_.text();
  restore.expected_generation = 1;
  restore.db_size_pages = 2;
  for (const auto& page : before.pages) restore.dirty_pages.push_back({page.pgno, *page.bytes});
  ASSERT_EQ(outcome(ask(restore)), "ok");
  EXPECT_EQ(number("SELECT a FROM t"), 1);
  ASSERT_EQ(outcome(exec("BEGIN; UPDATE t SET a = 3")), "ok");
  ASSERT_EQ(outcome(ask(restore)), "ok");
  EXPECT_EQ(outcome(exec("COMMIT")).substr(0, 25), "sqlite.transaction_closed");
  EXPECT_EQ(number("SELECT a FROM t"), 1);
}

TEST_F(RemoteRequestsTest, OnlyTheOwnNamespaceIsReached) {
  auto request = request_of<SqliteExecRequest>();
  request.sql = "SELECT 1";
  request.namespace_id = "other";
  EXPECT_EQ(outcome(ask(request)), "core.internal_error: actor does not exist");
  request.namespace_id = "default";
  request.generation = std::uint64_t{1} << 32 | 1;
  EXPECT_EQ(outcome(ask(request)), "core.internal_error: actor does not exist");
  request.generation = 1;
  request.actor_id = world_.make_id().text();
  EXPECT_EQ(outcome(ask(request)), "core.internal_error: actor does not exist");
}

TEST_F(RemoteRequestsTest, RequestsOfOneActorThatMeetRunInTurn) {
  ASSERT_EQ(outcome(exec("CREATE TABLE t (a)")), "ok");
  std::vector<Pending<SqliteExecuteResponse>> pending;
  for (int i = 0; i < 40; ++i) {
    auto request = request_of<SqliteExecuteRequest>();
    request.sql = "INSERT INTO t VALUES ((SELECT count(*) FROM t))";
    pending.push_back(world_.start(envoys_->handle(peer_, std::move(request))));
  }
  for (auto& one : pending) EXPECT_EQ(outcome(world_.wait(one)), "ok");
  EXPECT_EQ(number("SELECT count(DISTINCT a) FROM t"), 40);
  EXPECT_EQ(number("SELECT max(a) FROM t"), 39);
}

class FewConnectionsTest : public RemoteRequestsTest {
 protected:
  FewConnectionsTest() {
    close();
    settings_.databases.connections_max = 2;
    settings_.databases.waiting_max = 1;
    settings_.databases.request_timeout = Millis(0);
    open();
    peer_ = envoys_->connect(ns_.id, ns_.name);
    actors_->set_generation(id_, 1);
  }
};

TEST_F(FewConnectionsTest, IdleConnectionsMakeRoomAndOpenTransactionsStay) {
  std::vector<ActorId> ids{id_, create("a"), create("b"), create("c")};
  for (const ActorId& id : ids) {
    id_ = id;
    ASSERT_EQ(outcome(exec("CREATE TABLE t (a); BEGIN; INSERT INTO t VALUES (1)")), "ok");
  }
  for (const ActorId& id : ids) {
    id_ = id;
    ASSERT_EQ(outcome(exec("COMMIT")), "ok");
    EXPECT_EQ(number("SELECT count(*) FROM t"), 1);
  }
}

TEST_F(FewConnectionsTest, AStatementThatTakesTooLongIsInterrupted) {
  EXPECT_EQ(outcome(exec("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n")),
            "core.internal_error: failed to step sqlite exec statement: interrupted");
}

TEST_F(FewConnectionsTest, TooManyWaitingRequestsAreTurnedAway) {
  ASSERT_EQ(outcome(exec("SELECT 1")), "ok");
  // Nothing gets on before all have come.
  std::promise<void> all_are_there;
  const std::shared_future<void> gate = all_are_there.get_future().share();
  for (int thread = 0; thread < 2; ++thread) boost::asio::post(world_.pool(), [gate] { gate.wait(); });
  std::vector<Pending<SqliteExecuteResponse>> pending;
  for (int i = 0; i < 8; ++i) {
    auto request = request_of<SqliteExecuteRequest>();
    request.sql = "SELECT 1";
    pending.push_back(world_.start(envoys_->handle(peer_, std::move(request))));
  }
  all_are_there.set_value();
  int turned_away = 0;
  for (auto& one : pending) {
    if (outcome(world_.wait(one)).starts_with("sqlite.transaction_queue_full")) ++turned_away;
  }
  EXPECT_EQ(turned_away, 6);
}

}  // namespace
}  // namespace troupe
