#include "engine/envoystore/kv/kv_limits.h"
#include "engine/storage/keys.h"
#include "envoystore_world.h"

namespace troupe {
namespace {

using namespace envoyproto;

class KvRequestsTest : public EnvoyStoreTest {
 protected:
  std::string put(std::vector<Bytes> keys, std::vector<Bytes> values) {
    KvPutRequest request;
    request.keys = std::move(keys);
    request.values = std::move(values);
    return message(ask_kv(std::move(request)));
  }
  void put(std::string_view key, std::string_view value) { ASSERT_EQ(put({b(key)}, {b(value)}), "ok"); }
  std::string get(std::vector<std::string> keys) {
    KvGetRequest request;
    for (const std::string& key : keys) request.keys.push_back(b(key));
    return text(ask_kv(std::move(request)));
  }
  std::string list(KvListQuery query, std::optional<bool> reverse = {}, std::optional<std::uint64_t> limit = {}) {
    KvListRequest request;
    request.query = std::move(query);
    request.reverse = reverse;
    request.limit = limit;
    return text(ask_kv(std::move(request)));
  }
  std::string range(std::string_view start, std::string_view end, bool exclusive) {
    KvListRangeQuery query;
    query.start = b(start);
    query.end = b(end);
    query.exclusive = exclusive;
    return list(query);
  }
  std::string prefix(Bytes key) {
    KvListPrefixQuery query;
    query.key = std::move(key);
    return list(query);
  }

  static std::string message(const KvResponseData& response) {
    const auto* error = std::get_if<KvErrorResponse>(&response);
    return error ? error->message : "ok";
  }
  /// "key=value …", or the message of the error.
  static std::string text(const KvResponseData& response) {
    if (const auto* got = std::get_if<KvGetResponse>(&response)) return entries(*got);
    if (const auto* listed = std::get_if<KvListResponse>(&response)) return entries(*listed);
    return message(response);
  }
  template <class Response>
  static std::string entries(const Response& response) {
    EXPECT_EQ(response.keys.size(), response.values.size());
    EXPECT_EQ(response.keys.size(), response.metadata.size());
    std::string out;
    for (std::size_t i = 0; i < response.keys.size(); ++i) {
      out += to_string(response.keys[i]) + "=" + to_string(response.values[i]) + " ";
    }
    return out;
  }
};

TEST_F(KvRequestsTest, GetsAnswerWhatExistsInTheOrderOfTheRequest) {
  put("a", "1");
  put("b", "2");
  put("", "empty");
  EXPECT_EQ(get({"b", "zz", "a", "a"}), "b=2 a=1 ");
  EXPECT_EQ(get({"a", "b", "a"}), "a=1 b=2 a=1 ");
  EXPECT_EQ(get({""}), "=empty ");
  EXPECT_EQ(get({}), "");
}

TEST_F(KvRequestsTest, ListsAreOrderedBytewiseAndBounded) {
  for (const char* key : {"b", "a", "ab", "abc", "c"}) put(key, "");
  EXPECT_EQ(list(KvListAllQuery()), "a= ab= abc= b= c= ");
  EXPECT_EQ(list(KvListAllQuery(), true), "c= b= abc= ab= a= ");
  EXPECT_EQ(list(KvListAllQuery(), false, 2), "a= ab= ");
  EXPECT_EQ(list(KvListAllQuery(), true, 2), "c= b= ");
  EXPECT_EQ(list(KvListAllQuery(), {}, 0), "");
  EXPECT_EQ(range("ab", "b", false), "ab= abc= b= ");
  EXPECT_EQ(range("ab", "b", true), "ab= abc= ");
  EXPECT_EQ(range("b", "a", false), "");
  EXPECT_EQ(range("a", "a", false), "a= ");
  EXPECT_EQ(range("a", "a", true), "");
  EXPECT_EQ(prefix(b("ab")), "ab= abc= ");
  EXPECT_EQ(prefix({}), "a= ab= abc= b= c= ");
}

TEST_F(KvRequestsTest, PrefixesOfHighBytesMissNothing) {
  ASSERT_EQ(put({Bytes{0xff}, Bytes{0xff, 0xff}, Bytes{0xff, 0x01}}, {b("1"), b("2"), b("3")}), "ok");
  KvListPrefixQuery query;
  query.key = {0xff};
  KvListRequest request;
  request.query = query;
  const auto listed = std::get<KvListResponse>(ask_kv(request));
  EXPECT_EQ(listed.keys, (std::vector<Bytes>{{0xff}, {0xff, 0x01}, {0xff, 0xff}}));
}

TEST_F(KvRequestsTest, EntriesCarryTheVersionAndTheTimeOfTheLastPut) {
  put("a", "1");
  world_.advance(Millis(50));
  put("b", "1");
  const std::int64_t first = world_.ports().clock.now_ms() - 50;
  KvGetRequest request;
  request.keys = {b("a"), b("b")};
  const auto got = std::get<KvGetResponse>(ask_kv(request));
  EXPECT_EQ(to_string(got.metadata[0].version), "2.3.19");
  EXPECT_EQ(got.metadata[0].update_ts, first);
  EXPECT_EQ(got.metadata[1].update_ts, first + 50);
  const auto entry = world_.run(envoys_->kv_entry(id_, b("b"))).value();
  EXPECT_EQ(to_string(entry->value), "1");
  EXPECT_EQ(entry->update_ts, first + 50);
  EXPECT_FALSE(world_.run(envoys_->kv_entry(id_, b("zz"))).value());
}

TEST_F(KvRequestsTest, EntriesOfActorsInThisProcessAreTheSameRows) {
  const auto kv = actors_->key_value(id_, 1);
  ASSERT_TRUE(world_.run(kv->put(b("k"), b("local"))));
  EXPECT_EQ(get({"\x04k"}), "\x04k=local ");
  const auto entry = world_.run(envoys_->kv_entry(id_, b("\x04k"))).value();
  EXPECT_EQ(to_string(entry->value), "local");
  EXPECT_FALSE(entry->update_ts);
}

TEST_F(KvRequestsTest, DeletesAndRangesAndDrop) {
  for (const char* key : {"a", "b", "c", "d", "e"}) put(key, "");
  KvDeleteRequest erase;
  erase.keys = {b("a"), b("zz")};
  EXPECT_TRUE(std::holds_alternative<KvDeleteResponse>(ask_kv(erase)));
  KvDeleteRangeRequest between;
  between.start = b("c");
  between.end = b("e");
  EXPECT_TRUE(std::holds_alternative<KvDeleteResponse>(ask_kv(between)));
  EXPECT_EQ(list(KvListAllQuery()), "b= e= ");
  between.start = b("x");
  between.end = b("a");
  EXPECT_TRUE(std::holds_alternative<KvDeleteResponse>(ask_kv(between)));
  EXPECT_EQ(list(KvListAllQuery()), "b= e= ");
  EXPECT_TRUE(std::holds_alternative<KvDropResponse>(ask_kv(KvDropRequest())));
  EXPECT_EQ(list(KvListAllQuery()), "");
  const keys::Range all = keys::actor_data(id_);
  EXPECT_TRUE(world_.run(store_->scan(all.begin, all.end)).value().empty());
}

TEST_F(KvRequestsTest, LimitsHoldAndOneBeyondIsRefusedWithItsText) {
  const std::vector<Bytes> keys(129, b("k"));
  const std::vector<Bytes> values(129, b("v"));
  EXPECT_EQ(put({keys.begin(), keys.begin() + 128}, {values.begin(), values.begin() + 128}), "ok");
  EXPECT_EQ(put(keys, values), "a maximum of 128 keys is allowed");
  EXPECT_EQ(put({b("k")}, {}), "Keys list length != values list length");
  EXPECT_EQ(put({Bytes(2'046, 'k')}, {b("v")}), "ok");
  EXPECT_EQ(put({Bytes(2'047, 'k')}, {b("v")}), "key is too long (max 2048 bytes)");
  EXPECT_EQ(put({Bytes(1'023, 0)}, {b("v")}), "ok");
  EXPECT_EQ(put({Bytes(1'024, 0)}, {b("v")}), "key is too long (max 2048 bytes)");
  EXPECT_EQ(put({b("k")}, {Bytes(131'072)}), "ok");
  EXPECT_EQ(put({b("k")}, {Bytes(131'073)}), "value is too large (max 128 KiB)");
  // Seven values and one that fills up what is left beside eight keys of three encoded bytes.
  std::vector<Bytes> full(7, Bytes(131'072));
  full.emplace_back(999'424 - 7 * 131'072 - 8 * 3);
  const std::vector<Bytes> eight{b("1"), b("2"), b("3"), b("4"), b("5"), b("6"), b("7"), b("8")};
  EXPECT_EQ(put(eight, full), "ok");
  full.back().push_back(0);
  EXPECT_EQ(put(eight, full), "total payload is too large (max 976 KiB)");

  KvGetRequest get_many;
  get_many.keys = keys;
  EXPECT_EQ(text(ask_kv(get_many)), "a maximum of 128 keys is allowed");
  KvDeleteRequest erase_many;
  erase_many.keys = keys;
  EXPECT_EQ(text(ask_kv(erase_many)), "a maximum of 128 keys is allowed");
  EXPECT_EQ(get({std::string(2'047, 'k')}), "key is too long (max 2048 bytes)");
  EXPECT_EQ(prefix(Bytes(2'047, 'k')), "prefix key is too long (max 2048 bytes)");
  EXPECT_EQ(range(std::string(2'047, 'k'), "", false), "start key is too long (max 2048 bytes)");
  EXPECT_EQ(range("", std::string(2'047, 'k'), false), "end key is too long (max 2048 bytes)");
}

TEST_F(KvRequestsTest, OnlyLiveActorsOfTheNamespaceAreReached) {
  EXPECT_EQ(text(ask_kv(KvGetRequest(), std::string(30, '-'))).substr(0, 7), "invalid");
  EXPECT_EQ(text(ask_kv(KvGetRequest(), world_.make_id().text())), "actor does not exist");
  const auto other = world_.run(directory_->create_namespace("other", "Other")).value();
  peer_ = envoys_->connect(other.id, other.name);
  EXPECT_EQ(get({"a"}), "actor does not exist");
  peer_ = envoys_->connect(ns_.id, ns_.name);
  put("a", "1");
  // Not fenced by generations.
  actors_->forget_generation(id_, 1);
  EXPECT_EQ(get({"a"}), "a=1 ");
  destroy(id_);
  EXPECT_EQ(get({"a"}), "actor does not exist");
}

TEST_F(KvRequestsTest, AnEnvoyThatIsGoneWritesNothing) {
  envoys_->disconnect(peer_);
  EXPECT_NE(put({b("a")}, {b("1")}), "ok");
  peer_ = envoys_->connect(ns_.id, ns_.name);
  EXPECT_EQ(get({"a"}), "");
}

}  // namespace
}  // namespace troupe
