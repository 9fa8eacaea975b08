#include "gateway/http/websocket_frames.h"

#include <bit>
#include <cstring>

#include "engine/base/codec/utf8.h"

namespace troupe {
namespace {

constexpr std::size_t kControlPayloadMax = 125;
constexpr std::size_t kCloseReasonMax = 123;
constexpr std::uint8_t kFin = 0x80, kReserved = 0x70, kMasked = 0x80;
constexpr std::uint8_t kLength16 = 126, kLength64 = 127;

bool is_control(Opcode opcode) { return (static_cast<std::uint8_t>(opcode) & 0x8) != 0; }

std::optional<Opcode> opcode_of(std::uint8_t bits) {
  switch (bits) {
    case 0:
    case 1:
    case 2:
    case 8:
    case 9:
    case 10:
      return static_cast<Opcode>(bits);
    default:
      return std::nullopt;
  }
}

// Appends `in` to `out` without its mask. `mask` holds the next mask byte in its lowest bits.
void append_unmasked(Bytes& out, BytesView in, std::uint32_t& mask) {
  const std::size_t begin = out.size();
  out.insert(out.end(), in.begin(), in.end());
  std::uint8_t* p = out.data() + begin;
  std::size_t left = in.size();
  static_assert(std::endian::native == std::endian::little);
  const std::uint64_t wide = static_cast<std::uint64_t>(mask) << 32 | mask;
  for (; left >= 8; p += 8, left -= 8) {
    std::uint64_t word;
    std::memcpy(&word, p, 8);
    word ^= wide;
    std::memcpy(p, &word, 8);
  }
  for (; left > 0; ++p, --left) {
    *p ^= static_cast<std::uint8_t>(mask);
    mask = std::rotr(mask, 8);
  }
}

}  // namespace

std::optional<WebSocketReader::Kind> WebSocketReader::begin_frame(BytesView& in) {
  if (in.size() < 2) return Kind::need_more;
  const auto opcode = opcode_of(in[0] & 0x0F);
  const std::uint8_t short_length = in[1] & 0x7F;
  if ((in[0] & kReserved) != 0 || !opcode || (in[1] & kMasked) == 0) return Kind::protocol_error;
  fin_ = (in[0] & kFin) != 0;
  opcode_ = *opcode;
  if (is_control(opcode_)) {
    if (!fin_ || short_length > kControlPayloadMax) return Kind::protocol_error;
  } else if ((opcode_ == Opcode::continuation) != in_message_) {
    return Kind::protocol_error;
  }

  const std::size_t length_size = short_length == kLength64 ? 8 : short_length == kLength16 ? 2 : 0;
  const std::size_t head_size = 2 + length_size + 4;
  if (in.size() < head_size) return Kind::need_more;
  left_ = length_size == 0 ? short_length : 0;
  for (std::size_t i = 0; i < length_size; ++i) left_ = left_ << 8 | in[2 + i];
  if ((left_ >> 63) != 0) return Kind::protocol_error;
  if (!is_control(opcode_) && left_ > message_max_ - message_.data.size()) return Kind::too_big;
  std::memcpy(&mask_, in.data() + 2 + length_size, 4);
  in = in.subspan(head_size);

  in_frame_ = true;
  if (!is_control(opcode_) && !in_message_) {
    in_message_ = true;
    message_.binary = opcode_ == Opcode::binary;
  }
  return std::nullopt;
}

WebSocketReader::Event WebSocketReader::next(BytesView& in) {
  for (;;) {
    if (!in_frame_) {
      if (const auto stop = begin_frame(in)) return {*stop, {}, {}};
    }
    const BytesView piece = in.first(static_cast<std::size_t>(std::min<std::uint64_t>(left_, in.size())));
    append_unmasked(is_control(opcode_) ? control_ : message_.data, piece, mask_);
    in = in.subspan(piece.size());
    left_ -= piece.size();
    if (left_ > 0) return {};
    in_frame_ = false;
    if (Event event = end_frame(); event.kind != Kind::need_more) return event;
  }
}

WebSocketReader::Event WebSocketReader::end_frame() {
  Event event;
  switch (opcode_) {
    case Opcode::close:
      return end_close();
    case Opcode::ping:
    case Opcode::pong:
      event.kind = opcode_ == Opcode::ping ? Kind::ping : Kind::pong;
      event.message.data = std::exchange(control_, {});
      return event;
    default:
      if (!fin_) return event;
      in_message_ = false;
      event.message = std::exchange(message_, {});
      event.kind = event.message.binary || is_utf8(event.message.data) ? Kind::message : Kind::invalid_utf8;
      return event;
  }
}

WebSocketReader::Event WebSocketReader::end_close() {
  Event event;
  event.kind = Kind::close;
  const Bytes payload = std::exchange(control_, {});
  if (payload.empty()) return event;
  if (payload.size() == 1) {
    event.kind = Kind::protocol_error;
    return event;
  }
  event.close.code = static_cast<std::uint16_t>(payload[0] << 8 | payload[1]);
  event.close.reason.assign(payload.begin() + 2, payload.end());
  if (!is_sendable_close_code(event.close.code)) event.kind = Kind::protocol_error;
  if (!is_utf8(event.close.reason)) event.kind = Kind::invalid_utf8;
  return event;
}

void append_frame_head(Bytes& out, Opcode opcode, std::size_t payload_size) {
  out.push_back(static_cast<std::uint8_t>(kFin | static_cast<std::uint8_t>(opcode)));
  int length_bytes = 0;
  if (payload_size < kLength16) {
    out.push_back(static_cast<std::uint8_t>(payload_size));
  } else if (payload_size <= 0xFFFF) {
    out.push_back(kLength16);
    length_bytes = 2;
  } else {
    out.push_back(kLength64);
    length_bytes = 8;
  }
  for (int i = length_bytes - 1; i >= 0; --i)
    out.push_back(static_cast<std::uint8_t>(static_cast<std::uint64_t>(payload_size) >> (8 * i)));
}

void append_close_frame(Bytes& out, std::uint16_t code, std::string_view reason) {
  constexpr std::uint16_t kNoCode = 1005, kInternalError = 1011;
  if (code == kNoCode) {
    append_frame_head(out, Opcode::close, 0);
    return;
  }
  if (!is_sendable_close_code(code)) code = kInternalError;
  const std::string text = is_utf8(reason) ? std::string(reason) : to_valid_utf8(reason);
  const std::string_view cut = cut_close_reason(text);
  append_frame_head(out, Opcode::close, 2 + cut.size());
  out.push_back(static_cast<std::uint8_t>(code >> 8));
  out.push_back(static_cast<std::uint8_t>(code));
  out.insert(out.end(), cut.begin(), cut.end());
}

bool is_sendable_close_code(std::uint16_t code) {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

std::string_view cut_close_reason(std::string_view reason) {
  if (reason.size() <= kCloseReasonMax) return reason;
  std::size_t size = kCloseReasonMax;
  while (size > 0 && (static_cast<unsigned char>(reason[size]) & 0xC0) == 0x80) --size;
  return reason.substr(0, size);
}

}  // namespace troupe
