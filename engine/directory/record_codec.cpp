#include "engine/directory/record_codec.h"

#include "engine/base/codec/bare.h"
#include "engine/base/errors.h"

namespace troupe {
namespace {

/// 1 lacks everything behind the failure.
constexpr std::uint8_t kActorVersion = 2;
constexpr std::uint8_t kNamespaceVersion = 1;
constexpr std::uint8_t kFailureKinds = static_cast<std::uint8_t>(ActorFailure::Kind::internal_error) + 1;

void write_text(BareWriter& out, std::string_view text) { out.data(as_bytes(text)); }
std::string read_text(BareReader& in) { return to_string(in.data()); }

void write_time(BareWriter& out, const std::optional<std::int64_t>& time) {
  out.boolean(time.has_value());
  if (time) out.i64(*time);
}

std::optional<std::int64_t> read_time(BareReader& in) {
  if (!in.boolean()) return std::nullopt;
  return in.i64();
}

void write_failure(BareWriter& out, const std::optional<ActorFailure>& failure) {
  out.boolean(failure.has_value());
  if (!failure) return;
  out.u8(static_cast<std::uint8_t>(failure->kind));
  write_text(out, failure->text);
}

std::optional<ActorFailure> read_failure(BareReader& in) {
  if (!in.boolean()) return std::nullopt;
  const std::uint8_t kind = in.u8();
  if (kind >= kFailureKinds) in.fail();
  ActorFailure failure{static_cast<ActorFailure::Kind>(kind), {}};
  failure.text = read_text(in);
  return failure;
}

void write_hosting(BareWriter& out, const std::optional<ActorHosting>& hosting) {
  out.boolean(hosting.has_value());
  if (!hosting) return;
  write_text(out, hosting->envoy_key);
  out.u8(static_cast<std::uint8_t>(hosting->phase));
  out.i64(hosting->since_ts);
  out.boolean(hosting->start_received);
}

std::optional<ActorHosting> read_hosting(BareReader& in) {
  if (!in.boolean()) return std::nullopt;
  ActorHosting hosting;
  hosting.envoy_key = read_text(in);
  const std::uint8_t phase = in.u8();
  hosting.phase = static_cast<ActorPhase>(phase);
  if (phase >= kActorPhases || !is_hosted(hosting.phase)) in.fail();
  hosting.since_ts = in.i64();
  hosting.start_received = in.boolean();
  return hosting;
}

Error corrupt(std::string_view what, const Id& id) {
  return make_error("storage", "corrupt", std::nullopt, std::string(what) + " " + id.text());
}

}  // namespace

Bytes encode_record(const ActorRecord& record) {
  Bytes bytes;
  bytes.reserve(128 + record.name.size() + (record.input ? record.input->size() : 0));
  BareWriter out(bytes);
  out.u8(kActorVersion);
  out.raw(record.namespace_id.bytes());
  write_text(out, record.name);
  out.boolean(record.key.has_value());
  if (record.key) write_text(out, *record.key);
  write_text(out, record.pool);
  out.boolean(record.input.has_value());
  if (record.input) out.data(*record.input);
  out.i64(record.create_ts);
  write_time(out, record.start_ts);
  write_time(out, record.sleep_ts);
  write_time(out, record.reschedule_ts);
  write_time(out, record.destroy_ts);
  write_time(out, record.alarm_ts);
  out.u32(record.generation);
  write_failure(out, record.failure);
  write_hosting(out, record.hosting);
  out.uint(record.retries);
  return bytes;
}

Result<ActorRecord> decode_record(const ActorId& id, BytesView bytes) {
  BareReader in(bytes);
  const std::uint8_t version = in.u8();
  if (version == 0 || version > kActorVersion) return corrupt("version of actor record", id);
  ActorRecord record;
  record.id = id;
  const BytesView ns = in.raw(Id::kSize);
  std::array<std::uint8_t, Id::kSize> raw{};
  std::copy(ns.begin(), ns.end(), raw.begin());
  record.namespace_id = NamespaceId(raw);
  record.name = read_text(in);
  if (in.boolean()) record.key = read_text(in);
  record.pool = read_text(in);
  if (in.boolean()) record.input = in.data();
  record.create_ts = in.i64();
  record.start_ts = read_time(in);
  record.sleep_ts = read_time(in);
  record.reschedule_ts = read_time(in);
  record.destroy_ts = read_time(in);
  record.alarm_ts = read_time(in);
  record.generation = in.u32();
  record.failure = read_failure(in);
  if (version > 1) {
    record.hosting = read_hosting(in);
    record.retries = static_cast<std::uint32_t>(in.uint());
  }
  if (!in.ok() || in.remaining() != 0) return corrupt("actor record", id);
  return record;
}

Bytes encode_namespace(const NamespaceRecord& record) {
  Bytes bytes;
  BareWriter out(bytes);
  out.u8(kNamespaceVersion);
  write_text(out, record.name);
  write_text(out, record.display_name);
  out.i64(record.create_ts);
  return bytes;
}

Result<NamespaceRecord> decode_namespace(const NamespaceId& id, BytesView bytes) {
  BareReader in(bytes);
  if (in.u8() != kNamespaceVersion) return corrupt("version of namespace record", id);
  NamespaceRecord record;
  record.id = id;
  record.name = read_text(in);
  record.display_name = read_text(in);
  record.create_ts = in.i64();
  if (!in.ok() || in.remaining() != 0) return corrupt("namespace record", id);
  return record;
}

}  // namespace troupe
