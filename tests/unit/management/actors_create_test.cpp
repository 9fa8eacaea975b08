#include "tests/unit/management/api_fixture.h"

namespace troupe::testing {
namespace {

class ActorsCreate : public ApiTest {
 protected:
  std::string shape(const std::string& body) {
    const std::string prefix = "Failed to deserialize the JSON body into the target type: ";
    const auto reason = send("POST", "/actors?namespace=default", body).reason();
    EXPECT_EQ(reason.substr(0, prefix.size()), prefix) << reason;
    return reason.substr(std::min(prefix.size(), reason.size()));
  }
  std::string syntax(const std::string& body) {
    const std::string prefix = "Failed to parse the request body as JSON: ";
    const auto reason = send("POST", "/actors?namespace=default", body).reason();
    EXPECT_EQ(reason.substr(0, prefix.size()), prefix) << reason;
    return reason.substr(std::min(prefix.size(), reason.size()));
  }
};

TEST_F(ActorsCreate, PutReturnsTheExistingActorOfAKey) {
  const auto first = create("PUT", {{"key", "k"}}).body();
  EXPECT_EQ(first.at("created"), true);
  EXPECT_TRUE(first.at("actor").at("start_ts").is_null());
  const auto second = create("PUT", {{"key", "k"}, {"input", "AQ=="}}).body();
  EXPECT_EQ(second.at("created"), false);
  EXPECT_EQ(second.at("actor").at("actor_id"), first.at("actor").at("actor_id"));
}

TEST_F(ActorsCreate, PostRefusesAKeyInUseAndNamesItsActor) {
  const auto id = create_id({{"key", "k1"}});
  const auto answer = create("POST", {{"key", "k1"}});
  EXPECT_EQ(answer.error(), "400 actor.duplicate_key");
  EXPECT_EQ(answer.body().at("metadata").at("existing_actor_id"), id);
  EXPECT_EQ(answer.body().at("metadata").at("key"), "k1");
  EXPECT_EQ(answer.body().at("message"), "Actor key 'k1' already in use for actor '" + id + "'");
}

TEST_F(ActorsCreate, ActorsWithoutAKeyAreNeverTheSame) {
  EXPECT_NE(create_id({}), create_id({{"key", nullptr}}));
  EXPECT_EQ(create("PUT", {}).error(), "400 api.bad_request");
}

TEST_F(ActorsCreate, InputIsDecodedWhenItIsPaddedBase64) {
  EXPECT_EQ(record(create_id({{"input", "gQE="}})).input, (Bytes{0x81, 0x01}));
  for (const auto* text : {"@@@", "gQE", ""})
    EXPECT_EQ(record(create_id({{"input", text}})).input, std::nullopt) << text;
  EXPECT_EQ(record(create_id({{"input", nullptr}})).input, std::nullopt);
}

TEST_F(ActorsCreate, TheSizeOfInputIsCountedFromItsText) {
  std::string largest(1'398'104, 'A');
  EXPECT_EQ(create("POST", {{"input", largest}}).error(), "400 actor.input_too_large");
  largest.replace(largest.size() - 2, 2, "==");
  EXPECT_EQ(create("POST", {{"input", largest}}).status, 200);
  EXPECT_EQ(create("POST", {{"input", std::string(1'398'108, '@')}}).body().at("metadata").at("max_size"), 1'048'576);
}

TEST_F(ActorsCreate, KeysAreBounded) {
  EXPECT_EQ(create("PUT", {{"key", ""}}).error(), "400 actor.empty_key");
  EXPECT_EQ(create("PUT", {{"key", std::string(1'024, 'k')}}).status, 200);
  const auto answer = create("PUT", {{"key", std::string(1'023, 'k') + "\u00fc"}});
  EXPECT_EQ(answer.error(), "400 actor.key_too_large");
  EXPECT_EQ(answer.body().at("metadata").at("max_size"), 1'024);
  EXPECT_EQ(answer.body().at("metadata").at("key_preview"), std::string(1'023, 'k'));
  EXPECT_EQ(create("PUT", {{"key", std::string("a\0b", 3)}}).status, 200);
}

TEST_F(ActorsCreate, ChecksAreMadeInOrder) {
  EXPECT_EQ(create("PUT", {{"key", ""}, {"datacenter", "mars"}}, "namespace=nowhere").error(),
            "400 namespace.not_found");
  EXPECT_EQ(
      create("PUT", {{"key", ""}, {"datacenter", "mars"}, {"name", "x"}, {"runner_name_selector", "nopool"}}).error(),
      "400 datacenter.not_found");
  const auto pool = create("PUT", {{"key", ""}, {"name", "x"}, {"runner_name_selector", "nopool"}});
  EXPECT_EQ(pool.error(), "400 actor.no_runner_config_configured");
  EXPECT_EQ(pool.body().at("metadata").at("pool_name"), "nopool");
  EXPECT_EQ(create("PUT", {{"key", "k"}, {"datacenter", "default"}}).status, 200);
}

TEST_F(ActorsCreate, TheContentTypeMustBeJson) {
  const std::string body = R"({"name":"x","runner_name_selector":"default","crash_policy":"sleep"})";
  const auto with = [&](std::string type) {
    return call("POST", "/actors?namespace=default", body, {{"content-type", std::move(type)}});
  };
  EXPECT_EQ(with("application/json; charset=utf-8").status, 200);
  EXPECT_EQ(with("application/vnd.x+json").status, 200);
  EXPECT_EQ(with("text/json").reason(), "Expected request with `Content-Type: application/json`");
  EXPECT_EQ(call("POST", "/actors?namespace=default", body).error(), "400 api.bad_request");
}

TEST_F(ActorsCreate, BodiesAreBounded) {
  EXPECT_EQ(create("POST", {{"name", std::string(2u << 20, 'n')}}).reason(),
            "Failed to buffer the request body: length limit exceeded");
  EXPECT_EQ(create("POST", {{"name", std::string(200'000, 'n')}}).status, 200);
}

TEST_F(ActorsCreate, BrokenJsonIsToldWhereItBreaks) {
  EXPECT_EQ(syntax(""), "EOF while parsing a value at line 1 column 0");
  EXPECT_EQ(syntax("{"), "EOF while parsing an object at line 1 column 1");
  EXPECT_EQ(syntax("{\n\"a\":}"), "expected value at line 2 column 5");
  EXPECT_EQ(syntax("{'a':1}"), "key must be a string at line 1 column 2");
  EXPECT_EQ(syntax(R"({"a":1,})"), "trailing comma at line 1 column 8");
  EXPECT_EQ(syntax(R"({"a":1} x)"), "trailing characters at line 1 column 9");
  EXPECT_EQ(syntax(R"({"a" 1})"), "expected `:` at line 1 column 6");
  EXPECT_EQ(syntax(R"({"a":[1 2]})"), "expected `,` or `]` at line 1 column 9");
  EXPECT_EQ(syntax(R"({"a":01})"), "invalid number at line 1 column 7");
  EXPECT_EQ(syntax(R"({"a":"\x"})"), "invalid escape at line 1 column 8");
  EXPECT_EQ(syntax(R"({"a":nul})"), "expected ident at line 1 column 9");
  EXPECT_EQ(syntax("{\"a\":\"\n\"}"),
            "control character (\\u0000-\\u001F) found while parsing a string at line 1 column 7");
  EXPECT_THAT(syntax(std::string(300, '[')), ::testing::StartsWith("recursion limit exceeded"));
  EXPECT_THAT(syntax("{\"a\":\"\xff\"}"), ::testing::StartsWith("invalid unicode code point"));
}

TEST_F(ActorsCreate, BodiesOfTheWrongShapeAreToldWhy) {
  EXPECT_EQ(shape(R"({"name":"x"})"), "missing field `runner_name_selector` at line 1 column 12");
  EXPECT_EQ(shape(R"({"bogus":1})"),
            "bogus: unknown field `bogus`, expected one of `datacenter`, `name`, `key`, `input`, "
            "`runner_name_selector`, `crash_policy` at line 1 column 8");
  EXPECT_EQ(shape(R"({"name":5})"), "name: invalid type: integer `5`, expected a string at line 1 column 9");
  EXPECT_EQ(shape(R"({"name":null})"), "name: invalid type: null, expected a string at line 1 column 12");
  EXPECT_EQ(shape(R"({"name":"a","name":"b"})"), "duplicate field `name` at line 1 column 18");
  EXPECT_EQ(shape(R"({"name":"x","runner_name_selector":"d","crash_policy":"never"})"),
            "crash_policy: unknown variant `never`, expected one of `restart`, `sleep`, `destroy` at line 1 column 61");
  EXPECT_THAT(shape("[]"), ::testing::StartsWith("invalid type: sequence, expected a map"));
}

class Pieces : public BodyStream {
 public:
  explicit Pieces(std::vector<std::string> pieces) : pieces_(std::move(pieces)) {}
  Task<Result<std::optional<Bytes>>> read() override {
    if (next_ == pieces_.size()) co_return std::optional<Bytes>();
    co_return std::optional(to_bytes(std::string_view(pieces_[next_++])));
  }
  void cancel() override { cancelled = true; }
  bool cancelled = false;

 private:
  std::vector<std::string> pieces_;
  std::size_t next_ = 0;
};

TEST_F(ActorsCreate, AStreamedBodyIsReadUpToTheBound) {
  const auto post = [&](std::shared_ptr<Pieces> stream) {
    HttpRequest request;
    request.method = "POST";
    request.target = "/namespaces";
    request.headers.set("content-type", "application/json");
    request.stream = std::move(stream);
    return world.run(api->handle(std::move(request), "ray"));
  };
  EXPECT_EQ(
      post(std::make_shared<Pieces>(std::vector<std::string>{R"({"name":"a",)", R"("display_name":"A"})"})).status,
      200);
  auto endless = std::make_shared<Pieces>(std::vector<std::string>(40, std::string(1 << 16, ' ')));
  EXPECT_EQ(post(endless).status, 400);
  EXPECT_TRUE(endless->cancelled);
}

}  // namespace
}  // namespace troupe::testing
