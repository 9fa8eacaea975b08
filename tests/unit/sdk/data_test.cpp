#include <gtest/gtest.h>

#include <stdexcept>

#include "tests/unit/sdk/fake_actor.h"

namespace troupe::test {
namespace {

using Ctx = Context<None>;

struct Row {
  std::int64_t id = 0;
  std::string name;
  std::optional<double> weight;
  bool active = true;
  TROUPE_FIELDS(id, name, weight, active)
};

SqlResult people() {
  SqlResult result;
  result.columns = {"name", "id", "weight", "extra"};
  result.rows = {{std::string("ada"), std::int64_t{1}, SqlValue(), std::int64_t{9}},
                 {std::string("grace"), std::int64_t{2}, 1.5, std::int64_t{9}}};
  return result;
}

// -- SQL --------------------------------------------------------------------------------------------------------------

TEST(Sql, ParametersAreBoundByPosition) {
  FakeActor actor(troupe::actor("data").action("f", [](Ctx& c) -> Task<Result<void>> {
    const std::optional<int> nothing;
    const Bytes blob{7};
    auto done = co_await c.db().execute("q", 1, 2.5, "text", std::string("s"), blob, true, nullptr, nothing);
    if (!done) co_return done.error();
    co_return Result<void>();
  }));
  ASSERT_TRUE(actor.call("f"));
  const std::vector<SqlValue> expected{std::int64_t{1}, 2.5,        std::string("text"), std::string("s"), Bytes{7},
                                       std::int64_t{1}, SqlValue(), SqlValue()};
  EXPECT_EQ(actor.context.database.statements.at(0).params.positional, expected);
}

TEST(Sql, NamedParametersAreGivenAsSuch) {
  FakeActor actor(troupe::actor("data").action("f", [](Ctx& c) -> Task<Result<void>> {
    SqlParams params;
    params.named.emplace_back("a", std::int64_t{1});
    auto done = co_await c.db().execute("q", params);
    if (!done) co_return done.error();
    co_return Result<void>();
  }));
  ASSERT_TRUE(actor.call("f"));
  EXPECT_EQ(actor.context.database.statements.at(0).params.named.at(0).first, "a");
}

TEST(Sql, RowsBecomeStructsByColumnName) {
  FakeActor actor(troupe::actor("data").action("f", [](Ctx& c) { return c.db().query<Row>("q"); }));
  actor.context.database.answer = people();
  const auto ada = Value::object({{"id", 1}, {"name", "ada"}, {"weight", nullptr}, {"active", true}});
  const auto grace = Value::object({{"id", 2}, {"name", "grace"}, {"weight", 1.5}, {"active", true}});
  EXPECT_EQ(actor.call("f").value(), Value::array({ada, grace}));
}

TEST(Sql, RowsBecomeTuplesByPositionAndSingleValues) {
  using Pair = std::tuple<std::string, std::int64_t>;
  FakeActor actor(troupe::actor("data")
                      .action("pairs", [](Ctx& c) { return c.db().query<Pair>("q"); })
                      .action("names", [](Ctx& c) { return c.db().query<std::string>("q"); })
                      .action("first", [](Ctx& c) { return c.db().first<std::string>("q"); })
                      .action("single", [](Ctx& c) { return c.db().single<Pair>("q"); })
                      .action("numbers", [](Ctx& c) { return c.db().query<std::int64_t>("q"); }));
  actor.context.database.answer = people();
  EXPECT_EQ(actor.call("pairs").value(), Value::array({Value::array({"ada", 1}), Value::array({"grace", 2})}));
  EXPECT_EQ(actor.call("names").value(), Value::array({"ada", "grace"}));
  EXPECT_EQ(actor.call("first").value(), Value("ada"));
  EXPECT_EQ(actor.call("single").value(), Value::array({"ada", 1}));
  const auto error = actor.call("numbers").error();
  EXPECT_EQ(error.id(), "core.internal_error");
  EXPECT_EQ(error.detail(), "the column is TEXT, not INTEGER");
  actor.context.database.answer = SqlResult();
  EXPECT_EQ(actor.call("first").value(), Value(nullptr));
  EXPECT_EQ(actor.call("single").error().id(), "rivetkit.internal_error");
}

TEST(Sql, AFailedStatementIsTheErrorOfTheQuery) {
  FakeActor actor(troupe::actor("data").action("f", [](Ctx& c) { return c.db().query<Row>("q"); }));
  actor.context.database.answer = make_error("core", "internal_error", std::nullopt, "syntax");
  EXPECT_EQ(actor.call("f").error().detail(), "syntax");
}

Actor<None> with_transaction() {
  return actor("data").action("f", [](Ctx& c, std::string end) -> Task<Result<int>> {
    auto body = [end](const SqlTransactionRunner& tx) -> Task<Result<int>> {
      auto done = co_await tx.execute("insert", 1);
      if (!done) co_return done.error();
      if (end == "error") co_return user_error("no", "No");
      if (end == "throw") throw UserError("thrown", "Thrown");
      co_return 7;
    };
    co_return co_await c.db().transaction(body);
  });
}

std::vector<std::string> statements_of(FakeActor& actor) {
  std::vector<std::string> all;
  for (const auto& statement : actor.context.database.statements) all.push_back(statement.sql);
  return all;
}

TEST(Sql, ATransactionCommitsWhenItsBodySucceeds) {
  FakeActor actor(with_transaction());
  EXPECT_EQ(actor.call("f", "well").value(), Value(7));
  EXPECT_EQ(statements_of(actor), (std::vector<std::string>{"tx insert", "commit"}));
}

TEST(Sql, ATransactionRollsBackOnErrorsAndExceptions) {
  FakeActor failing(with_transaction());
  EXPECT_EQ(failing.call("f", "error").error().id(), "user.no");
  EXPECT_EQ(statements_of(failing), (std::vector<std::string>{"tx insert", "rollback"}));
  FakeActor throwing(with_transaction());
  EXPECT_EQ(throwing.call("f", "throw").error().id(), "user.thrown");
  EXPECT_EQ(statements_of(throwing), (std::vector<std::string>{"tx insert", "rollback"}));
}

// -- key-value entries ------------------------------------------------------------------------------------------------

TEST(Kv, EntriesMayHaveAnyType) {
  FakeActor actor(troupe::actor("data")
                      .action("put", [](Ctx& c, std::string key, Row row) { return c.kv().put_as(key, row); })
                      .action("get", [](Ctx& c, std::string key) { return c.kv().get_as<Row>(key); })
                      .action("text", [](Ctx& c, std::string key) { return c.kv().put(key, "text"); }));
  ASSERT_TRUE(actor.call("put", "k", Row{1, "ada", {}, false}));
  EXPECT_EQ(*actor.call("get", "k").value().find("name"), Value("ada"));
  EXPECT_EQ(actor.call("get", "missing").value(), Value(nullptr));
  ASSERT_TRUE(actor.call("text", "k"));
  EXPECT_EQ(actor.call("get", "k").error().message(), "Invalid stored value");
}

// -- bodies -----------------------------------------------------------------------------------------------------------

/// Pieces from a list, then an error if there is one.
class ListBody final : public BodyStream {
 public:
  explicit ListBody(std::vector<std::string> pieces) : pieces_(std::move(pieces)) {}
  Task<Result<std::optional<Bytes>>> read() override {
    if (next_ == pieces_.size()) co_return std::optional<Bytes>();
    co_return std::optional<Bytes>(to_bytes(std::string_view(pieces_[next_++])));
  }
  void cancel() override { cancelled = true; }
  bool cancelled = false;

 private:
  std::vector<std::string> pieces_;
  std::size_t next_ = 0;
};

TEST(Body, AStreamedRequestIsReadWhole) {
  VirtualWorld world;
  HttpRequest request;
  request.stream = std::make_shared<ListBody>(std::vector<std::string>{"ab", "", "cd"});
  EXPECT_EQ(to_string(BytesView(world.run(read_body(request, 4)).value())), "abcd");
}

TEST(Body, ATooLargeRequestIsRefusedAndNotReadOn) {
  VirtualWorld world;
  HttpRequest request;
  auto list = std::make_shared<ListBody>(std::vector<std::string>{"ab", "cd", "ef"});
  request.stream = list;
  EXPECT_EQ(world.run(read_body(request, 3)).error().id(), "message.incoming_too_long");
  EXPECT_TRUE(list->cancelled);
  HttpRequest plain;
  plain.body = Bytes(4);
  EXPECT_EQ(world.run(read_body(plain, 3)).error().id(), "message.incoming_too_long");
}

TEST(Body, AFailingProducerAbortsTheStream) {
  VirtualWorld world;
  FakeContext context(world);
  auto produce = [](BodyWriter& out) -> Task<Result<void>> {
    auto written = co_await out.write("one");
    if (!written) co_return written.error();
    throw std::runtime_error("the source broke");
  };
  auto stream = make_body_stream(context, produce);
  EXPECT_EQ(to_string(BytesView(*world.run(stream->read()).value())), "one");
  const auto end = world.run(stream->read());
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().detail(), "the source broke");
}

TEST(Body, AProducerWaitsForItsReaderAndEndsWhenTheReaderGoes) {
  VirtualWorld world;
  FakeContext context(world);
  int written = 0;
  auto produce = [&written](BodyWriter& out) -> Task<Result<void>> {
    for (;;) {
      auto done = co_await out.write("piece");
      if (!done) co_return done.error();
      ++written;
    }
  };
  auto stream = make_body_stream(context, produce);
  world.settle();
  EXPECT_EQ(written, 0);
  (void)world.run(stream->read());
  world.settle();
  EXPECT_EQ(written, 1);
  stream.reset();
  world.settle();
  ASSERT_EQ(context.spawned.size(), 1u);
  EXPECT_EQ(context.spawned[0].error().id(), "actor.aborted");
}

TEST(Web, ResponsesCarryTheirType) {
  const auto json = json_response(201, Value::object({{"a", 1}, {"b", nullptr}}));
  EXPECT_EQ(json.status, 201);
  EXPECT_EQ(*json.headers.find("content-type"), "application/json");
  EXPECT_EQ(as_text(json.body), R"({"a":1,"b":null})");
  EXPECT_EQ(as_text(json_response(200, Row{1, "x", 2.5, true}).body),
            R"({"id":1,"name":"x","weight":2.5,"active":true})");
  EXPECT_EQ(*text_response(200, "x").headers.find("content-type"), "text/plain; charset=utf-8");
}

TEST(Web, ATargetIsPathAndQuery) {
  EXPECT_EQ(split_target("/a?x=1?y").path, "/a");
  EXPECT_EQ(split_target("/a?x=1?y").query, "?x=1?y");
  EXPECT_EQ(split_target("/a").query, "");
}

}  // namespace
}  // namespace troupe::test
