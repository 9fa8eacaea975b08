#include "engine/runtime/connections/connection_record.h"

#include <algorithm>

#include "engine/base/codec/bare.h"
#include "engine/base/errors.h"

namespace troupe {
namespace {

constexpr std::uint8_t kVersion = 1;

/// As data: header values need not be UTF-8.
void write_text(BareWriter& out, std::string_view text) { out.data(as_bytes(text)); }
std::string read_text(BareReader& in) { return to_string(in.data()); }

void read_id(BareReader& in, std::array<std::uint8_t, 4>& id) {
  const BytesView bytes = in.raw(id.size());
  std::copy(bytes.begin(), bytes.end(), id.begin());
}

}  // namespace

Bytes encode_connection(const ConnectionRecord& record) {
  Bytes bytes;
  BareWriter out(bytes);
  out.u8(kVersion);
  out.boolean(record.raw);
  out.raw(record.socket.gateway);
  out.raw(record.socket.request);
  out.data(record.params);
  out.data(record.state);
  out.uint(record.events.size());
  for (const std::string& event : record.events) write_text(out, event);
  out.u16(record.handled);
  out.u16(record.sent);
  write_text(out, record.method);
  write_text(out, record.target);
  out.uint(record.headers.size());
  for (const auto& [name, value] : record.headers) {
    write_text(out, name);
    write_text(out, value);
  }
  return bytes;
}

Result<ConnectionRecord> decode_connection(BytesView bytes) {
  BareReader in(bytes);
  ConnectionRecord record;
  if (in.u8() != kVersion) in.fail();
  record.raw = in.boolean();
  read_id(in, record.socket.gateway);
  read_id(in, record.socket.request);
  record.params = in.data();
  record.state = in.data();
  for (std::uint64_t left = in.uint(); left > 0 && in.ok(); --left) record.events.push_back(read_text(in));
  record.handled = in.u16();
  record.sent = in.u16();
  record.method = read_text(in);
  record.target = read_text(in);
  for (std::uint64_t left = in.uint(); left > 0 && in.ok(); --left) {
    std::string name = read_text(in);
    record.headers.set(name, read_text(in));
  }
  if (!in.ok() || in.remaining() > 0)
    return make_error("storage", "corrupt", std::nullopt, "the record of a connection");
  return record;
}

}  // namespace troupe
