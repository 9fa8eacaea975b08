#pragma once

#include <deque>
#include <string_view>
#include <vector>

#include "gateway/http/websocket_frames.h"

namespace troupe {

/// Frames that wait to be written, as few contiguous pieces: small ones are copied together, large payloads are moved.
/// Not thread-safe.
class OutboundQueue {
 public:
  void push_raw(std::string_view bytes);
  void push_message(WebSocketMessage message);
  void push_pong(BytesView payload);
  void push_close(std::uint16_t code, std::string_view reason);

  bool empty() const { return pieces_.empty(); }
  /// Bytes that `take` has not handed out.
  std::size_t bytes() const { return bytes_; }
  /// Pieces of the front, for one gathered write; at least one when there is any.
  std::vector<Bytes> take();
  /// Drops what is not begun: a frame of which `take` has handed out the head keeps its payload.
  void clear();

 private:
  struct Piece {
    Bytes bytes;
    /// Belongs to the frame that the piece before it begins.
    bool payload = false;
  };

  /// The piece that small frames are added to.
  Bytes& open_piece(std::size_t more);

  std::deque<Piece> pieces_;
  std::size_t bytes_ = 0;
};

}  // namespace troupe
