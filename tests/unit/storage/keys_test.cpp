#include "engine/storage/keys.h"

#include <gtest/gtest.h>

#include "storage_world.h"

namespace troupe {
namespace {

Id id_of(std::uint8_t n) {
  std::array<std::uint8_t, Id::kSize> bytes{};
  bytes.fill(n);
  return Id(bytes);
}

bool contains(const keys::Range& range, const Bytes& key) { return range.begin <= key && key < range.end; }

TEST(Keys, TextPartsCannotRunIntoEachOther) {
  using namespace std::string_view_literals;
  EXPECT_NE(keys::key_index(id_of(1), "ab", "c"), keys::key_index(id_of(1), "a", "bc"));
  EXPECT_NE(keys::key_index(id_of(1), "a\0"sv, "b"), keys::key_index(id_of(1), "a", "\0b"sv));
  EXPECT_NE(keys::key_index(id_of(1), "a\0\0"sv, "b"), keys::key_index(id_of(1), "a", "\0\0b"sv));
  EXPECT_LT(keys::namespace_by_name("a"), keys::namespace_by_name("a\0"sv));
  EXPECT_LT(keys::namespace_by_name("a\0"sv), keys::namespace_by_name("a\1"sv));
  EXPECT_LT(keys::namespace_by_name("a"), keys::namespace_by_name("aa"));
}

TEST(Keys, AListRangeOfOneNameLeavesOutNamesThatBeginWithIt) {
  const auto range = keys::list_index_range(id_of(1), "chat", std::nullopt);
  EXPECT_TRUE(contains(range, keys::list_index(id_of(1), "chat", 5, id_of(9))));
  EXPECT_FALSE(contains(range, keys::list_index(id_of(1), "chatroom", 5, id_of(9))));
  EXPECT_FALSE(contains(range, keys::list_index(id_of(2), "chat", 5, id_of(9))));
}

TEST(Keys, ListsRunFromNewToOldAndStopStrictlyBeforeATime) {
  EXPECT_LT(keys::list_index(id_of(1), "a", 200, id_of(1)), keys::list_index(id_of(1), "a", 100, id_of(1)));
  const auto range = keys::list_index_range(id_of(1), "a", 100);
  EXPECT_FALSE(contains(range, keys::list_index(id_of(1), "a", 100, id_of(255))));
  EXPECT_TRUE(contains(range, keys::list_index(id_of(1), "a", 99, id_of(0))));
  const auto parsed = keys::parse_list_index(keys::list_index(id_of(1), "a", 1234, id_of(7)));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->ts, 1234);
  EXPECT_EQ(parsed->id, id_of(7));
}

TEST(Keys, AlarmsAreOrderedByTimeAlsoBeforeTheEpoch) {
  EXPECT_LT(keys::alarm_index(-5, id_of(1)), keys::alarm_index(0, id_of(1)));
  EXPECT_LT(keys::alarm_index(0, id_of(1)), keys::alarm_index(5, id_of(1)));
  EXPECT_TRUE(contains(keys::alarm_index_until(5), keys::alarm_index(5, id_of(255))));
  EXPECT_FALSE(contains(keys::alarm_index_until(5), keys::alarm_index(6, id_of(0))));
  EXPECT_TRUE(contains(keys::alarm_index_after(5), keys::alarm_index(6, id_of(0))));
  EXPECT_TRUE(contains(keys::alarm_index_until(INT64_MAX), keys::alarm_index(INT64_MAX, id_of(255))));
  const auto parsed = keys::parse_alarm_index(keys::alarm_index(-42, id_of(3)));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->ts, -42);
  EXPECT_EQ(parsed->id, id_of(3));
  EXPECT_FALSE(keys::parse_alarm_index(keys::actor_state(id_of(3))));
}

TEST(Keys, EverythingOfAnActorLiesInItsRangeAndNothingOfAnother) {
  const auto range = keys::actor_data(id_of(0xff));
  EXPECT_TRUE(contains(range, keys::actor_state(id_of(0xff))));
  EXPECT_TRUE(contains(range, keys::actor_pending_state(id_of(0xff))));
  EXPECT_TRUE(contains(range, keys::actor_connection(id_of(0xff), "conn")));
  EXPECT_TRUE(contains(range, keys::actor_kv(id_of(0xff), b("\xff\xff\xff"))));
  EXPECT_TRUE(contains(range, keys::actor_queue_message(id_of(0xff), UINT64_MAX)));
  EXPECT_TRUE(contains(range, keys::actor_queue_meta(id_of(0xff))));
  EXPECT_TRUE(contains(range, keys::actor_schedule(id_of(0xff), "\xff")));
  EXPECT_TRUE(contains(range, keys::actor_schedule_history(id_of(0xff), "job", UINT64_MAX)));
  EXPECT_TRUE(contains(range, keys::actor_run_wake(id_of(0xff))));
  EXPECT_FALSE(contains(range, keys::actor_state(id_of(0xfe))));
  EXPECT_FALSE(contains(range, keys::file_removal(id_of(0xff))));
}

TEST(Keys, QueueMessagesAreOrderedByTheirIdsAndApartFromTheRestOfTheQueue) {
  const auto queue = keys::actor_queue(id_of(1));
  EXPECT_LT(keys::actor_queue_message(id_of(1), 255), keys::actor_queue_message(id_of(1), 256));
  EXPECT_TRUE(contains(queue, keys::actor_queue_message(id_of(1), 0)));
  EXPECT_TRUE(contains(queue, keys::actor_queue_message(id_of(1), UINT64_MAX)));
  EXPECT_FALSE(contains(queue, keys::actor_queue_meta(id_of(1))));
  EXPECT_FALSE(contains(queue, keys::actor_queue_message(id_of(2), 1)));
  EXPECT_EQ(keys::parse_queue_message(keys::actor_queue_message(id_of(1), 77)), 77u);
  EXPECT_FALSE(keys::parse_queue_message(keys::actor_queue_meta(id_of(1))));
  EXPECT_FALSE(keys::parse_queue_message(keys::actor_kv(id_of(1), b("12345678"))));
}

TEST(Keys, TheHistoryOfAJobLeavesOutJobsThatBeginWithItsName) {
  const auto range = keys::actor_schedule_history(id_of(1), "job");
  EXPECT_TRUE(contains(range, keys::actor_schedule_history(id_of(1), "job", 3)));
  EXPECT_FALSE(contains(range, keys::actor_schedule_history(id_of(1), "jobs", 3)));
  EXPECT_TRUE(contains(keys::actor_schedule_history(id_of(1)), keys::actor_schedule_history(id_of(1), "jobs", 3)));
  EXPECT_EQ(keys::schedule_id_of(keys::actor_schedule(id_of(1), "s-1")), "s-1");
}

TEST(Keys, KvRowsKeepTheOrderOfTheirRawKeys) {
  const auto prefix = keys::actor_kv_prefix(id_of(1), b("\x04\xff\xff"));
  EXPECT_TRUE(contains(prefix, keys::actor_kv(id_of(1), b("\x04\xff\xff\xff"))));
  EXPECT_FALSE(contains(prefix, keys::actor_kv(id_of(1), b("\x05"))));
  const Bytes row = keys::actor_kv(id_of(1), b("\x04key"));
  EXPECT_EQ(to_string(keys::raw_kv_key_of(row)), "\x04key");
  EXPECT_EQ(keys::connection_id_of(keys::actor_connection(id_of(1), "c-1")), "c-1");
  EXPECT_EQ(keys::parse_file_removal(keys::file_removal(id_of(8))), id_of(8));
}

}  // namespace
}  // namespace troupe
