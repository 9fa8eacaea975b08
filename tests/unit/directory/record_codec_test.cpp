#include "engine/directory/record_codec.h"

#include <gtest/gtest.h>

#include "engine/base/virtual_ports.h"

namespace troupe {
namespace {

ActorRecord full_record(Random& random) {
  ActorRecord record;
  record.id = Id::make(random, 1);
  record.namespace_id = Id::make(random, 1);
  record.name = "chat room \xff";
  record.key = std::string("a\0b/", 4);
  record.pool = "default";
  record.input = Bytes{0xf6};
  record.create_ts = 1'700'000'000'000;
  record.start_ts = 1'700'000'000'100;
  record.sleep_ts = 1'700'000'000'200;
  record.reschedule_ts = 1'700'000'000'300;
  record.destroy_ts = 1'700'000'000'400;
  record.alarm_ts = -5;
  record.generation = 4'000'000'000u;
  record.failure = ActorFailure{ActorFailure::Kind::crashed, "boom"};
  record.hosting = ActorHosting{"envoy-1", ActorPhase::going_away, 1'700'000'000'500, true};
  record.retries = 7;
  return record;
}

TEST(RecordCodec, ARecordComesBackAsItWas) {
  VirtualWorld world;
  const ActorRecord record = full_record(world.ports().random);
  EXPECT_EQ(decode_record(record.id, encode_record(record)).value(), record);
  ActorRecord bare;
  bare.id = record.id;
  EXPECT_EQ(decode_record(bare.id, encode_record(bare)).value(), bare);
}

TEST(RecordCodec, ARecordOfTheFirstVersionIsReadAndBelongsToNoEnvoy) {
  VirtualWorld world;
  ActorRecord record = full_record(world.ports().random);
  record.hosting.reset();
  record.retries = 0;
  Bytes bytes = encode_record(record);
  bytes[0] = 1;
  bytes.erase(bytes.end() - 2, bytes.end());
  EXPECT_EQ(decode_record(record.id, bytes).value(), record);
}

TEST(RecordCodec, AHostingInAPhaseWithoutAHostIsCorrupt) {
  VirtualWorld world;
  ActorRecord record = full_record(world.ports().random);
  record.hosting->phase = ActorPhase::sleeping;
  EXPECT_FALSE(decode_record(record.id, encode_record(record)));
}

TEST(RecordCodec, AConnectableTimeIsNotStored) {
  VirtualWorld world;
  ActorRecord record = full_record(world.ports().random);
  record.connectable_ts = 5;
  EXPECT_EQ(decode_record(record.id, encode_record(record)).value().connectable_ts, std::nullopt);
}

TEST(RecordCodec, EveryTruncationAndEveryExtensionIsCorrupt) {
  VirtualWorld world;
  const ActorRecord record = full_record(world.ports().random);
  Bytes bytes = encode_record(record);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto decoded = decode_record(record.id, BytesView(bytes).first(size));
    ASSERT_FALSE(decoded);
    EXPECT_TRUE(decoded.error().is("storage", "corrupt"));
  }
  bytes.push_back(0);
  EXPECT_FALSE(decode_record(record.id, bytes));
}

TEST(RecordCodec, AnUnknownVersionIsCorrupt) {
  VirtualWorld world;
  const ActorRecord record = full_record(world.ports().random);
  Bytes bytes = encode_record(record);
  bytes[0] = 99;
  EXPECT_FALSE(decode_record(record.id, bytes));
}

TEST(RecordCodec, ANamespaceComesBackAsItWas) {
  VirtualWorld world;
  const NamespaceRecord record{Id::make(world.ports().random, 1), "default", "Default", 42};
  const auto back = decode_namespace(record.id, encode_namespace(record)).value();
  EXPECT_EQ(back.id, record.id);
  EXPECT_EQ(back.name, "default");
  EXPECT_EQ(back.display_name, "Default");
  EXPECT_EQ(back.create_ts, 42);
  EXPECT_FALSE(decode_namespace(record.id, {}));
}

}  // namespace
}  // namespace troupe
