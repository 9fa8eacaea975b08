// The events of a stream of frames do not depend on how it is torn. Input: a byte that says how, then the stream.

#include "check.h"
#include "gateway/http/websocket_frames.h"

namespace {

using troupe::WebSocketReader;
using Kind = WebSocketReader::Kind;

constexpr std::size_t kMessageMax = 4096;

void append(std::string& log, const WebSocketReader::Event& event) {
  log += static_cast<char>(event.kind);
  log += event.message.binary ? 'b' : 't';
  log += troupe::as_text(event.message.data);
  log += std::to_string(event.close.code) + event.close.reason + "|";
}

std::string read_all(troupe::BytesView stream, std::size_t step) {
  WebSocketReader reader(kMessageMax);
  std::string log;
  troupe::Bytes pending;
  while (!stream.empty()) {
    const auto piece = stream.first(std::min(step, stream.size()));
    stream = stream.subspan(piece.size());
    pending.insert(pending.end(), piece.begin(), piece.end());
    troupe::BytesView view(pending);
    for (;;) {
      const auto event = reader.next(view);
      if (event.kind == Kind::need_more) break;
      FUZZ_CHECK(event.message.data.size() <= kMessageMax);
      append(log, event);
      if (event.kind == Kind::close || event.kind >= Kind::protocol_error) return log;
    }
    // Only a head may have to wait for its rest.
    FUZZ_CHECK(view.size() < 14);
    pending.assign(view.begin(), view.end());
  }
  return log;
}

}  // namespace

void fuzz(troupe::BytesView input) {
  if (input.empty()) return;
  const auto stream = input.subspan(1);
  FUZZ_CHECK(read_all(stream, 1 + input[0]) == read_all(stream, SIZE_MAX));
}
