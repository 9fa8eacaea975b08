#include "gateway/http/outbound_queue.h"

namespace troupe {
namespace {

/// Payloads from this size on are not copied.
constexpr std::size_t kMovedPayloadMin = 4 * 1024;
constexpr std::size_t kPieceMax = 16 * 1024;
constexpr std::size_t kHeadMax = 10;
/// Of one gathered write.
constexpr std::size_t kTakenPiecesMax = 32;
constexpr std::size_t kTakenBytesMax = 256 * 1024;

}  // namespace

Bytes& OutboundQueue::open_piece(std::size_t more) {
  if (pieces_.empty() || pieces_.back().payload || pieces_.back().bytes.size() + more > kPieceMax)
    pieces_.emplace_back();
  return pieces_.back().bytes;
}

void OutboundQueue::push_raw(std::string_view bytes) {
  Bytes& piece = open_piece(bytes.size());
  piece.insert(piece.end(), bytes.begin(), bytes.end());
  bytes_ += bytes.size();
}

void OutboundQueue::push_message(WebSocketMessage message) {
  const std::size_t size = message.data.size();
  const bool moved = size >= kMovedPayloadMin;
  Bytes& piece = open_piece(kHeadMax + (moved ? 0 : size));
  const std::size_t before = piece.size();
  append_frame_head(piece, message.binary ? Opcode::binary : Opcode::text, size);
  if (!moved) piece.insert(piece.end(), message.data.begin(), message.data.end());
  bytes_ += piece.size() - before;
  if (!moved) return;
  pieces_.push_back({std::move(message.data), true});
  bytes_ += size;
}

void OutboundQueue::push_pong(BytesView payload) {
  Bytes& piece = open_piece(kHeadMax + payload.size());
  const std::size_t before = piece.size();
  append_frame_head(piece, Opcode::pong, payload.size());
  piece.insert(piece.end(), payload.begin(), payload.end());
  bytes_ += piece.size() - before;
}

void OutboundQueue::push_close(std::uint16_t code, std::string_view reason) {
  Bytes& piece = open_piece(kHeadMax + reason.size());
  const std::size_t before = piece.size();
  append_close_frame(piece, code, reason);
  bytes_ += piece.size() - before;
}

std::vector<Bytes> OutboundQueue::take() {
  std::vector<Bytes> taken;
  std::size_t size = 0;
  while (!pieces_.empty() && taken.size() < kTakenPiecesMax &&
         (taken.empty() || size + pieces_.front().bytes.size() <= kTakenBytesMax)) {
    size += pieces_.front().bytes.size();
    taken.push_back(std::move(pieces_.front().bytes));
    pieces_.pop_front();
  }
  bytes_ -= size;
  return taken;
}

void OutboundQueue::clear() {
  const bool begun = !pieces_.empty() && pieces_.front().payload;
  pieces_.resize(begun ? 1 : 0);
  bytes_ = begun ? pieces_.front().bytes.size() : 0;
}

}  // namespace troupe
