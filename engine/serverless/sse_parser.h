#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "troupe/bytes.h"

namespace troupe {

/// An event of a `text/event-stream`.
struct SseEvent {
  /// "message" when the stream does not say.
  std::string name;
  std::string data;
  friend bool operator==(const SseEvent&, const SseEvent&) = default;
};

/// Cuts a `text/event-stream` into events, whatever pieces it comes in. Pure. Source: HTML, server-sent events.
class SseParser {
 public:
  /// Of one event: its lines together.
  static constexpr std::size_t kEventBytesMax = 64u << 10;

  /// The events that end in this piece. Nothing: an event is too large, and the stream is of no use any more.
  std::optional<std::vector<SseEvent>> feed(BytesView piece);

 private:
  void take_line(std::string_view line, std::vector<SseEvent>& out);

  std::string line_;
  std::string name_, data_;
  /// The line before ended with CR: a LF that follows belongs to it.
  bool after_cr_ = false;
  bool first_line_ = true;
};

}  // namespace troupe
