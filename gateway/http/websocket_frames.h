#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "troupe/bytes.h"
#include "troupe/http.h"

/// WebSocket framing of a server without extensions, RFC 6455 section 5. Pure: bytes in, events out. It is our own
/// because the close codes and reasons that clients rely on, the byte-exact bound of the outbound queue and the
/// merging of small frames into one write are out of reach behind a stream class.
namespace troupe {

enum class Opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

struct CloseFrame {
  /// 1005: the frame carried no code.
  std::uint16_t code = 1005;
  std::string reason;
};

/// Reads what a client sends. Fragments are joined. Threads: one at a time.
class WebSocketReader {
 public:
  enum class Kind { need_more, message, ping, pong, close, protocol_error, invalid_utf8, too_big };
  struct Event {
    Kind kind = Kind::need_more;
    /// Of `message`; of `ping` and `pong` the payload in `data`.
    WebSocketMessage message;
    /// Of `close`.
    CloseFrame close;
  };

  explicit WebSocketReader(std::size_t message_max) : message_max_(message_max) {}

  /// Takes a prefix off `in` and returns the next event. What is left of `in` after need_more must be the start of the
  /// next call. After an error nothing more may be read.
  Event next(BytesView& in);
  /// Payload of the current frame that has not come yet.
  std::uint64_t payload_left() const { return in_frame_ ? left_ : 0; }

 private:
  std::optional<Kind> begin_frame(BytesView& in);
  Event end_frame();
  Event end_close();

  std::size_t message_max_;
  WebSocketMessage message_;
  bool in_message_ = false;
  Bytes control_;
  /// The current frame.
  bool in_frame_ = false;
  bool fin_ = false;
  Opcode opcode_ = Opcode::continuation;
  std::uint64_t left_ = 0;
  std::uint32_t mask_ = 0;
};

void append_frame_head(Bytes& out, Opcode opcode, std::size_t payload_size);

/// A frame of a close. 1005 becomes a frame without a code, other codes that may not be sent become 1011; the reason
/// is cut.
void append_close_frame(Bytes& out, std::uint16_t code, std::string_view reason);

/// Whether a Close frame may carry this code.
bool is_sendable_close_code(std::uint16_t code);

/// At most 123 bytes, cut between characters.
std::string_view cut_close_reason(std::string_view reason);

}  // namespace troupe
