// Every storage request of a recorded session gets the answer that the reference gave.

#include <fstream>
#include <nlohmann/json.hpp>

#include "engine/envoyproto/decode.h"
#include "envoystore_world.h"

namespace troupe {
namespace {

using namespace envoyproto;

struct Exchange {
  ToRivet request;
  ToEnvoy answer;
};

Bytes from_hex(const std::string& hex) {
  Bytes bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<std::uint8_t>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

bool is_about_storage(const std::string& tag) {
  return tag.find("Sqlite") != std::string::npos || tag.find("Kv") != std::string::npos;
}

/// In the session each request is answered before the next is made.
std::vector<Exchange> recorded_exchanges() {
  const auto file = nlohmann::json::parse(std::ifstream(TROUPE_SOURCE_DIR "/tests/vectors/envoy-session-v8.json"));
  std::vector<Exchange> exchanges;
  std::optional<ToRivet> request;
  for (const auto& row : file.at("rows")) {
    if (!row.contains("tag") || !is_about_storage(row.at("tag"))) continue;
    const Bytes frame = from_hex(row.at("hex"));
    if (row.at("direction") == "ToRivet") {
      request = decode_to_rivet(8, frame).value();
    } else {
      exchanges.push_back({std::move(*request), decode_to_envoy(8, frame).value()});
      request.reset();
    }
  }
  return exchanges;
}

class RecordedSessionTest : public EnvoyStoreTest {
 protected:
  template <class Request>
  void set_generation(Numbered<Request>& request) {
    request.data.actor_id = id_.text();
    actors_->set_generation(id_, static_cast<std::uint32_t>(*request.data.expected_generation));
  }
  void check(Numbered<SqliteGetPagesRequest> request, const ToEnvoy& answer) {
    set_generation(request);
    const auto& expected = std::get<ToEnvoySqliteGetPagesResponse>(answer).data;
    const auto got = ask(request.data);
    ASSERT_EQ(outcome(got), outcome(expected));
    if (const auto* pages = std::get_if<SqliteGetPagesOk>(&expected)) {
      EXPECT_EQ(std::get<SqliteGetPagesOk>(got), *pages);
      ++page_answers_;
    }
  }
  void check(Numbered<SqliteCommitRequest> request, const ToEnvoy& answer) {
    set_generation(request);
    EXPECT_EQ(ask(request.data), std::get<ToEnvoySqliteCommitResponse>(answer).data);
    ++commits_;
  }
  void check(ToRivetKvRequest request, const ToEnvoy& answer) {
    EXPECT_EQ(ask_kv(request.data), std::get<ToEnvoyKvResponse>(answer).data);
    ++kv_requests_;
  }
  template <class Other>
  void check(const Other&, const ToEnvoy&) {
    FAIL() << "no such request was recorded";
  }

  int page_answers_ = 0, commits_ = 0, kv_requests_ = 0;
};

TEST_F(RecordedSessionTest, AnswersAreThoseOfTheReference) {
  for (const Exchange& exchange : recorded_exchanges()) {
    std::visit([&](const auto& request) { check(request, exchange.answer); }, exchange.request);
  }
  EXPECT_GE(page_answers_, 1);
  EXPECT_GE(commits_, 9);
  EXPECT_EQ(kv_requests_, 6);
}

}  // namespace
}  // namespace troupe
